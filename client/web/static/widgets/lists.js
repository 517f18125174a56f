// @ts-check
/** The drafts and the entries on the first page. */

import { html } from '../html.js';
import { ago } from '../moments.js';
import { language, t } from '../texts.js';
import { marks, progress, since, stateMark } from './entry-words.js';

/** @typedef {import('../types.js').Home} Home */
/** @typedef {import('../types.js').Listed} Listed */

/**
 * @param {Listed[]} drafts
 * @param {(draft: Listed) => void} discard
 */
export function draftList(drafts, discard) {
  if (!drafts.length) return null;
  const items = drafts.map((draft) => {
    const button = html`
      <button type="button" class="quiet" data-key="discard-${draft.entry}" aria-label="${t('draft.discard')}: ${draft.name}">${t('draft.discard')}</button>`;
    button.addEventListener('click', () => discard(draft));
    return html`
      <li class="line">
        <a class="line-main" href="/fill/${draft.entry}" data-key="draft-${draft.entry}"><b>${draft.name}</b><span>${draft.name === draft.title ? '' : draft.title}</span></a>
        <span class="line-state">${stateMark(draft)}<small>${t('draft.saved', { ago: ago(draft.made_at, language(), new Date()) })}</small></span>
        ${button}
      </li>`;
  });
  return html`
    <section class="part" aria-labelledby="drafts-title"><h2 id="drafts-title">${t('drafts.title')}</h2><ul class="lines">${items}</ul></section>`;
}

/**
 * The entries that fit, with how many there are, and the button for more of them.
 * @param {Home} home
 * @param {() => void} more
 */
export function entryList(home, more) {
  const entries = home.entries.filter((each) => each.state !== 'draft');
  if (!home.counts.all) return html`<p class="none">${t('entries.none')}</p>`;
  if (!entries.length) return html`<p class="none" role="status">${t('filter.none')}</p>`;
  const button = html`<button type="button" data-key="more">${t('filter.more')}</button>`;
  button.addEventListener('click', more);
  const left = entries.length < home.total && html`
    <p class="lines-more"><span>${t('filter.shown', { shown: entries.length, total: home.total })}</span>${button}</p>`;
  return html`<div><ul class="lines">${entries.map((entry) => line(entry, home.status))}</ul>${left}</div>`;
}

/**
 * @param {Listed} entry
 * @param {import('../types.js').Status} status
 */
const line = (entry, status) => html`
  <li class="line" data-operation="${entry.operation}">
    <a class="line-main" href="/entries/${entry.entry}" data-key="entry-${entry.entry}"><b>${entry.name}</b><span>${entry.name === entry.title ? '' : entry.title}</span></a>
    <div class="line-state">
      <p class="badges">${stateMark(entry)}${marks(entry, status)}</p>
      ${progress(entry)}
      <small>${since(entry, status)}</small>
    </div>
  </li>`;
