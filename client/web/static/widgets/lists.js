// @ts-check
/** The drafts and the entries on the first page. */

import { html } from '../html.js';
import { ago } from '../moments.js';
import { language, t } from '../texts.js';
import { since, stateMark } from './entry-words.js';

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
        <span class="line-state"><span class="state" data-state="draft">${t('state.draft')}</span><small>${t('draft.saved', { ago: ago(draft.made_at, language(), new Date()) })}</small></span>
        ${button}
      </li>`;
  });
  return html`
    <section class="part" aria-labelledby="drafts-title"><h2 id="drafts-title">${t('drafts.title')}</h2><ul class="lines">${items}</ul></section>`;
}

/** @param {Home} home */
export function entryList(home) {
  const entries = home.entries.filter((each) => each.state !== 'draft');
  const items = entries.map((entry) => html`
    <li class="line">
      <a class="line-main" href="/entries/${entry.entry}" data-key="entry-${entry.entry}"><b>${entry.name}</b><span>${entry.name === entry.title ? '' : entry.title}</span></a>
      <span class="line-state">${stateMark(entry.state)}<small>${since(entry, home.status.problem)}</small></span>
    </li>`);
  return html`
    <section class="part" aria-labelledby="entries-title">
      <h2 id="entries-title">${t('entries.title')} <span class="count">${entries.length || ''}</span></h2>
      ${items.length ? html`<ul class="lines">${items}</ul>` : html`<p class="none">${t('entries.none')}</p>`}
    </section>`;
}
