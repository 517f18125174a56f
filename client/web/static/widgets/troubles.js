// @ts-check
/** What a person has to know of this device until they say that they have seen it. */

import { html } from '../html.js';
import { shortTime } from '../moments.js';
import { hasText, language, t } from '../texts.js';

/** @typedef {import('../types.js').Trouble} Trouble */

/**
 * @param {Trouble[]} list
 * @param {(trouble: Trouble) => string|null} entryOf the entry that a trouble is about, if it is known
 * @param {(trouble: Trouble) => void} dismiss
 */
export function troubles(list, entryOf, dismiss) {
  if (!list.length) return null;
  return html`
    <section class="troubles" aria-labelledby="troubles-title">
      <h2 id="troubles-title">${t('troubles.title')}</h2>
      <ul>${list.map((each) => item(each, entryOf(each), dismiss))}</ul>
    </section>`;
}

/**
 * @param {Trouble} trouble
 * @param {string|null} entry
 * @param {(trouble: Trouble) => void} dismiss
 */
function item(trouble, entry, dismiss) {
  const known = hasText(`trouble.${trouble.code}`);
  const what = known ? t(`trouble.${trouble.code}`) : trouble.message;
  const todo = known ? t(`trouble.${trouble.code}.do`) : trouble.hint;
  const button = html`
    <button type="button" data-key="trouble-${trouble.id}" aria-describedby="trouble-${trouble.id}">${t('troubles.dismiss')}</button>`;
  button.addEventListener('click', () => dismiss(trouble));
  return html`
    <li class="trouble">
      <div id="trouble-${trouble.id}"><p class="trouble-what"><span aria-hidden="true">⚠</span> ${what}</p><p>${todo}</p></div>
      ${known && html`<details><summary>${t('troubles.raw')}</summary><p lang="en">${trouble.message}</p></details>`}
      <p class="trouble-foot"><small>${t('troubles.since', { time: shortTime(trouble.since, language(), new Date()) })}</small>
      ${entry && html`<a href="/entries/${entry}">${t('troubles.entry')}</a>`}${button}</p>
    </li>`;
}
