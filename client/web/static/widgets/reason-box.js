// @ts-check
/** The reason that lets a soft constraint pass. */

import { find, html } from '../html.js';
import { t } from '../texts.js';
import { SOFT_CODES } from './messages.js';
import { QUIET, onTyped } from './text.js';

/**
 * The box for the reason; made when a soft constraint is first broken, shown while it is.
 * @param {string} path
 * @param {string} id
 * @param {import('../types.js').Drawing} drawing
 */
export function reasonBox(path, id, drawing) {
  const element = html`<div class="reason" hidden></div>`;
  /** @type {ReturnType<typeof fillBox>|null} */
  let box = null;
  return {
    element,
    /**
     * @param {import('../types.js').NodeState} state
     * @param {string} name
     */
    draw(state, name) {
      element.hidden = !state.relevant || state.reason === undefined;
      if (element.hidden) return;
      box ??= fillBox(element, id, (reason) => drawing.emit({ kind: 'reason', path, reason }, QUIET));
      if (!drawing.isHeld(path)) box.area.value = state.reason ?? '';
      const isGiven = !state.violations.some((each) => SOFT_CODES.has(each.code));
      element.classList.toggle('given', isGiven);
      box.name.textContent = name;
      box.said.textContent = isGiven ? t('reason.given') : '';
    },
  };
}

/**
 * @param {HTMLElement} element
 * @param {string} id
 * @param {(reason: string) => void} give
 */
function fillBox(element, id, give) {
  element.append(
    html`<label for="${id}"><span class="reason-for"></span> <span>${t('reason.label')}</span></label>`,
    html`<textarea id="${id}" class="grows" rows="1" autocomplete="off" placeholder="${t('reason.example')}"></textarea>`,
    html`<p class="reason-state" role="status"></p>`,
  );
  const area = /** @type {HTMLTextAreaElement} */ (find(element, 'textarea'));
  onTyped(area, () => give(area.value));
  return { area, name: find(element, '.reason-for'), said: find(element, '.reason-state') };
}
