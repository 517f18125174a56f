// @ts-check
/** The page of one entry: what became of it, and what it says, to be read. */

import * as api from './api.js';
import { find, html } from './html.js';
import { shortTime } from './moments.js';
import { language, t } from './texts.js';
import { stateMark } from './widgets/entry-words.js';
import { reading } from './widgets/reading.js';

/** @typedef {import('./types.js').EntryView} EntryView */

const PAUSE = 2000;

/**
 * @param {import('./widgets/frame.js').Frame} frame
 * @param {string} id
 */
export async function entryPage(frame, id) {
  let entry = await api.entry(id);
  if (entry.state === 'draft') {
    location.replace(`/fill/${id}`);
    return () => {};
  }
  const state = html`<div class="entry-state" role="status"></div>`;
  frame.title(entry.title);
  frame.main.replaceChildren(html`
    <article class="entry">
      ${state}
      <h1 class="form-title">${entry.title}</h1>
      <p class="entry-name">${entry.name === entry.title ? '' : entry.name}</p>
      ${reading(entry, api.blob)}
      <p class="entry-digest"><span>${t('entry.digest')}</span> <code>${entry.revision}</code></p>
    </article>`);
  frame.foot.replaceChildren(html`<div class="foot-row"><a class="button" href="/">${t('home.back')}</a></div>`);
  drawState(state, entry);
  const timer = setInterval(async () => {
    const newer = document.hidden ? entry : await api.entry(id).catch(() => entry);
    if (JSON.stringify(said(newer)) === JSON.stringify(said(entry))) return;
    entry = newer;
    drawState(state, entry);
  }, PAUSE);
  return () => clearInterval(timer);
}

/** @param {EntryView} entry */
const said = (entry) => [entry.state, entry.text_delivered, entry.files_waiting, entry.files.map((file) => file.offset)];

/**
 * @param {HTMLElement} place
 * @param {EntryView} entry
 */
function drawState(place, entry) {
  const time = shortTime(entry.made_at, language(), new Date());
  const more = entry.text_delivered && entry.state === 'saved' ? t('why.files', { count: entry.files_waiting }) : t(`state.${entry.state}.more`);
  place.dataset.state = entry.state;
  place.replaceChildren(html`
    <div class="entry-said">${stateMark(entry.state)}<p>${more}</p><small>${t('entry.made', { time })}</small></div>`);
  if (entry.state === 'saved' && entry.files.length) find(place, '.entry-said').append(html`<ul class="entry-files">${entry.files.map(fileToGo)}</ul>`);
  const told = entry.violations.length || entry.message;
  if (!told || !['quarantined', 'set_aside'].includes(entry.state)) return;
  const labels = new Map(entry.states.map((state) => [state.path, state.label]));
  const items = entry.violations.map((each) => html`<li><b>${labels.get(each.path) ?? each.path}</b> ${each.message}</li>`);
  find(place, '.entry-said').append(entry.message ? html`<p>${entry.message}</p>` : '', html`<ul class="entry-wrong">${items}</ul>`);
}

/** @param {EntryView['files'][number]} file */
function fileToGo(file) {
  return html`<li>${file.name} <progress max="${file.size}" value="${file.offset}"></progress> ${t('entry.file', { percent: Math.floor((100 * file.offset) / file.size), size: (file.size / 1e6).toFixed(1) })}</li>`;
}
