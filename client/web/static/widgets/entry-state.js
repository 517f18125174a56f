// @ts-check
/** What became of an entry: its state, why it waits, how far its files are, what is wrong with it. */

import { find, html } from '../html.js';
import { t } from '../texts.js';
import { marks, since, stateMark } from './entry-words.js';

/** @typedef {import('../types.js').EntryView} EntryView */

/**
 * @param {HTMLElement} place
 * @param {EntryView} entry
 */
export function drawState(place, entry) {
  const isHalf = entry.text_delivered && entry.state === 'saved' && entry.files_waiting > 0;
  place.dataset.state = entry.state;
  place.replaceChildren(html`
    <div class="entry-said">
      <p class="badges">${stateMark(entry)}${marks(entry)}</p>
      ${entry.operation === 'void' && html`<p class="entry-void"><b>${t('entry.was-void', { reason: entry.reason ?? '—' })}</b> ${t('state.void.more')}</p>`}
      <p>${t(isHalf ? 'state.text_delivered.more' : `state.${entry.state}.more`)}</p>
      ${entry.draft && html`<p>${t('entry.draft-open')} <a href="/fill/${entry.entry}">${t('entry.edit-on')}</a></p>`}
      <small>${since(entry)}</small>
    </div>`);
  const said = find(place, '.entry-said');
  if (entry.state === 'saved' && entry.files.length) said.append(html`<ul class="entry-files">${entry.files.map(fileToGo)}</ul>`);
  if (!['quarantined', 'set_aside'].includes(entry.state)) return;
  const labels = new Map(entry.states.map((state) => [state.path, state.label]));
  const items = entry.violations.map((each) => html`<li><b>${labels.get(each.path) ?? each.path}</b> ${each.message}</li>`);
  if (entry.message) said.append(html`<p>${entry.message}</p>`);
  if (items.length) said.append(html`<ul class="entry-wrong">${items}</ul>`);
}

/** @param {EntryView['files'][number]} file */
function fileToGo(file) {
  const percent = file.size ? Math.floor((100 * file.offset) / file.size) : 0;
  return html`
    <li><span class="file-name">${file.name}</span> <progress max="${file.size}" value="${file.offset}" aria-label="${file.name}"></progress>
    <small>${t('entry.file', { percent, size: (file.size / 1e6).toFixed(1) })}</small></li>`;
}
