// @ts-check
/** Says that a draft changes a finished entry, and what is contested of it. */

import { html } from '../html.js';
import { placeName } from '../places.js';
import { t } from '../texts.js';

/**
 * @param {string} entry
 * @param {import('../types.js').Conflicts|null} conflicts
 * @param {string[]} parents what the edit follows
 * @param {(path: string) => void} goTo
 */
export function editBanner(entry, conflicts, parents, goTo) {
  return html`
    <aside class="banner" aria-labelledby="edit-title">
      <h2 id="edit-title">${t('edit.title')}</h2>
      <p>${t('edit.how')} <a href="/entries/${entry}">${t('edit.see')}</a></p>
      ${conflicts?.contested.length ? contestedList(conflicts, parents, goTo) : null}
    </aside>`;
}

/**
 * Tell whether finishing an edit decides what is contested: it does if it follows all heads.
 * @param {import('../types.js').Conflicts} conflicts
 * @param {string[]} parents
 */
export const decidesAll = (conflicts, parents) => conflicts.heads.every((head) => parents.includes(head.digest));

/**
 * @param {import('../types.js').Conflicts} conflicts
 * @param {string[]} parents
 * @param {(path: string) => void} goTo
 */
function contestedList(conflicts, parents, goTo) {
  const count = conflicts.contested.length;
  const items = conflicts.contested.map((each) => {
    if (!each.path) return html`<li>${placeName(each)}</li>`;
    const link = html`<button type="button" class="link">${placeName(each)}</button>`;
    link.addEventListener('click', () => goTo(each.path.split('#')[0]));
    return html`<li>${link}</li>`;
  });
  return html`
    <div class="banner-contested"><p>${t(decidesAll(conflicts, parents) ? 'edit.contested' : 'edit.contested-later', { count })}</p><ul>${items}</ul></div>`;
}
