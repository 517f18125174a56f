// @ts-check
/** Says how far the draft is saved on this device. It speaks up for trouble only. */

import { find, html } from '../html.js';
import { language, t } from '../texts.js';
import { shortTime } from '../moments.js';

const PATIENCE = 700;
const TOO_LONG = 8000;

export function saveState() {
  const element = html`
    <span class="save-state" data-state="saved"><span class="dot" aria-hidden="true"></span><span class="words" role="status"></span></span>`;
  const words = find(element, '.words');
  /** @type {any} */
  let timer = null;
  let savedAt = 0;
  let isSaved = true;

  /**
   * @param {string} state
   * @param {string} text
   */
  function show(state, text) {
    element.dataset.state = state;
    if (words.textContent !== text) words.textContent = text;
  }

  return {
    element,
    /**
     * @param {import('../queue.js').Condition} condition
     * @param {{seen: number, saved: number, queue: {size: number}}} filling
     * @param {any} [error]
     */
    draw(condition, filling, error) {
      if (condition === 'broken') {
        clearTimeout(timer);
        timer = null;
        isSaved = false;
        const said = error?.status ? error.message : t('save.broken');
        show('broken', filling.queue.size ? `${said} ${t('save.waiting', { count: filling.queue.size })}` : said);
      } else if (condition === 'idle' && filling.saved >= filling.seen) {
        clearTimeout(timer);
        timer = null;
        if (!isSaved || !savedAt) savedAt = Date.now();
        isSaved = true;
        const time = shortTime(savedAt, language(), new Date());
        element.title = t('save.saved-at', { time });
        show('saved', t('save.saved'));
      } else {
        isSaved = false;
        // A save that takes a moment only is not worth a flicker.
        timer ??= setTimeout(() => {
          show('busy', t('save.busy'));
          timer = setTimeout(() => show('broken', t('save.stuck')), TOO_LONG);
        }, PATIENCE);
      }
    },
  };
}
