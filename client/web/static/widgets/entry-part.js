// @ts-check
/** The part of the first page with the entries: how many wait and why, which are shown, the list. */

import { find, html } from '../html.js';
import { shortTime } from '../moments.js';
import { redraw } from '../redraw.js';
import { language, t } from '../texts.js';
import { problemText } from './contact.js';
import { entryList } from './lists.js';

/** @typedef {import('../types.js').Home} Home */
/** @typedef {import('../types.js').Status} Status */

export const STEP = 100;
const SHOWS = ['all', 'waiting', 'attention', 'conflict', 'draft'];
const FEW = 12;
const MOST = 5000; // the client tells no more at once; who looks for one of more entries finds it by name
const QUIET = 250;

/**
 * @param {import('../types.js').Wish} wish is changed here
 * @param {() => Promise<void>} look
 */
export function entryPart(wish, look) {
  const chips = SHOWS.map((show) => chip(show, () => ask({ show, limit: STEP })));
  const search = /** @type {HTMLInputElement} */ (html`
    <input type="search" class="find" autocomplete="off" aria-label="${t('filter.find')}" placeholder="${t('filter.find')}">`);
  const filter = html`<div class="filter" role="group" aria-label="${t('filter.title')}">${chips.map((each) => each.element)}${search}</div>`;
  const waiting = html`<p class="waiting" role="status"></p>`;
  const list = html`<div></div>`;
  const count = html`<span class="count"></span>`;
  /** @type {any} */
  let timer = null;

  /** @param {Partial<import('../types.js').Wish>} change */
  function ask(change) {
    Object.assign(wish, change, { seen: '' });
    return look();
  }
  search.addEventListener('input', () => {
    clearTimeout(timer);
    timer = setTimeout(() => { void ask({ find: search.value, limit: STEP }); }, QUIET);
  });

  /** Draw more, and go on where the list ended. @param {number} shown */
  async function more(shown) {
    await ask({ limit: Math.min(wish.limit + STEP, MOST) });
    /** @type {HTMLElement|null} */ (list.querySelectorAll('.line-main')[shown])?.focus();
  }

  return {
    element: html`
      <section class="part" aria-labelledby="entries-title">
        <h2 id="entries-title">${t('entries.title')} ${count}</h2>${waiting}${filter}${list}
      </section>`,
    /** @param {Home} home */
    draw(home) {
      const { counts, status } = home;
      count.textContent = String(counts.all || '');
      const words = waitingWords(status);
      if (waiting.textContent !== words) waiting.textContent = words;
      waiting.hidden = !words;
      for (const each of chips) each.draw(counts, wish.show);
      search.hidden = counts.all <= FEW && !wish.find;
      filter.hidden = search.hidden && chips.filter((each) => !each.element.hidden).length < 2;
      const shown = home.entries.filter((each) => each.state !== 'draft');
      redraw(list, [shown, home.total, counts.all, status.problem, status.why, status.age_alarm], () => entryList(home, () => { void more(shown.length); }));
    },
  };
}

/**
 * @param {string} show
 * @param {() => void} choose
 */
function chip(show, choose) {
  const element = html`<button type="button" class="chip" aria-pressed="false"><span>${t(`filter.${show}`)}</span> <span class="chip-count"></span></button>`;
  element.addEventListener('click', choose);
  return {
    element,
    /**
     * @param {Record<string, number>} counts
     * @param {string} shown
     */
    draw(counts, shown) {
      element.hidden = !counts[show] && shown !== show;
      element.setAttribute('aria-pressed', String(shown === show));
      find(element, '.chip-count').textContent = String(counts[show] ?? 0);
    },
  };
}

/** @param {Status} status */
function waitingWords(status) {
  if (!status.saved) return '';
  const oldest = status.oldest_undelivered && t('waiting.since', { time: shortTime(status.oldest_undelivered, language(), new Date()) });
  const files = status.attachments_to_go > 0 && t('waiting.files', { count: status.attachments_to_go });
  const exported = status.exported > 0 && t('waiting.exported', { count: status.exported });
  const why = status.why && t('waiting.why', { problem: problemText(status.why) });
  return [t('waiting.entries', { count: status.saved }), files, oldest, why, exported].filter(Boolean).join(' · ');
}
