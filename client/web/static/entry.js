// @ts-check
/** The page of one entry: what became of it, what is to be decided, what it says, and its history. */

import * as api from './api.js';
import { find, html } from './html.js';
import { t } from './texts.js';
import { askReason } from './widgets/ask-reason.js';
import { conflictPart, conflictsAndDraft } from './widgets/conflicts.js';
import { drawState } from './widgets/entry-state.js';
import { historyPart } from './widgets/history.js';
import { notice } from './widgets/notice.js';
import { reading } from './widgets/reading.js';

/** @typedef {import('./types.js').EntryView} EntryView */

const PAUSE = 2000;
const ARRIVALS = new Set(['new', 'unchanged']);

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
  const told = notice();
  const said = html`<p class="told" role="status" hidden></p>`;
  const state = html`<div class="entry-state" role="status"></div>`;
  const conflicts = html`<div></div>`;
  const answers = html`<div></div>`;
  const history = html`<div class="history-place" id="history"></div>`;
  const buttons = html`<div class="entry-acts"></div>`;
  let isHistoryOpen = false;

  /** @param {string} words */
  function say(words) {
    said.textContent = words;
    said.hidden = false;
  }

  /**
   * Do what a person asked for; trouble is told, and stays until it is read.
   * @param {() => Promise<void>} act
   */
  const attempt = (act) => act().catch((error) => told.say(error.status ? error.message : t('problem.unreachable')));

  /** Draw all of it anew. @param {EntryView} newer */
  async function draw(newer) {
    entry = newer;
    frame.title(entry.title);
    drawState(state, entry);
    answers.replaceChildren(reading(entry, api.blob));
    find(frame.main, '.entry-name').textContent = entry.name === entry.title ? '' : entry.name;
    find(frame.main, 'code').textContent = entry.revision ?? '';
    buttons.replaceChildren(...acts());
    await Promise.all([drawConflicts(), isHistoryOpen && drawHistory()]);
  }

  async function drawConflicts() {
    if (!entry.contested.length) conflicts.replaceChildren();
    else if (entry.draft) conflicts.replaceChildren(conflictsAndDraft(entry));
    else conflicts.replaceChildren(conflictPart(entry, await api.conflicts(id), decide));
  }

  /** @param {Record<string, import('./types.js').Taken>} take */
  async function decide(take) {
    /** @type {import('./types.js').Named[]|null} */
    let wrong = null;
    await attempt(async () => {
      const outcome = await api.merge(id, take);
      wrong = outcome.violations ?? null;
      if (wrong) return;
      say(t('conflict.saved'));
      await draw(await api.entry(id));
      find(frame.main, 'h1').focus();
    });
    return wrong;
  }

  async function drawHistory() {
    const { revisions } = await api.history(id);
    history.replaceChildren(historyPart(revisions, async (from, to) => (await api.differences(id, from, to)).changes));
  }

  async function toggleHistory() {
    isHistoryOpen = !isHistoryOpen;
    if (isHistoryOpen) await drawHistory();
    else history.replaceChildren();
    buttons.replaceChildren(...acts());
    const place = isHistoryOpen ? find(history, 'h2') : find(buttons, '[aria-controls]');
    place.scrollIntoView({ block: isHistoryOpen ? 'start' : 'nearest' });
    place.focus({ preventScroll: true });
  }

  async function takeBack() {
    const reason = await askReason();
    if (reason === null) return;
    await api.takeBack(id, reason);
    await draw(await api.entry(id));
    find(frame.main, 'h1').focus();
  }

  /** The buttons that this entry has now. */
  function acts() {
    const canChange = entry.operation !== 'void' && entry.definition;
    return [
      button(t('entry.history'), 'quiet', toggleHistory, { 'aria-expanded': String(isHistoryOpen), 'aria-controls': 'history' }),
      canChange && !entry.draft && button(t('entry.void'), 'quiet', takeBack),
      canChange && button(t(entry.draft ? 'entry.edit-on' : 'entry.edit'), 'primary', async () => {
        const { draft } = await api.edit(id);
        location.assign(`/fill/${draft}`);
      }),
    ].filter((each) => each instanceof HTMLElement);
  }

  /**
   * @param {string} words
   * @param {string} look
   * @param {() => Promise<void>} act
   * @param {Record<string, string>} [more]
   */
  function button(words, look, act, more = {}) {
    const made = html`<button type="button" class="${look}">${words}</button>`;
    for (const [name, value] of Object.entries(more)) made.setAttribute(name, value);
    made.addEventListener('click', () => { void attempt(act); });
    return made;
  }

  frame.main.replaceChildren(html`
    <article class="entry">
      ${said}${told.element}${state}
      <h1 class="form-title" tabindex="-1">${entry.title}</h1>
      <p class="entry-name"></p>
      ${conflicts}${answers}
      <p class="entry-digest"><span>${t('entry.digest')}</span> <code></code></p>
      ${history}
    </article>`);
  frame.foot.replaceChildren(html`<div class="foot-row"><a class="button quiet" href="/">${t('home.back')}</a>${buttons}</div>`);
  await draw(entry);
  const arrival = location.search.slice(1);
  if (ARRIVALS.has(arrival)) say(t(`entry.${arrival}`));

  const timer = setInterval(async () => {
    if (document.hidden) return;
    const newer = await api.entry(id).catch(() => entry);
    if (mark(newer) !== mark(entry)) {
      const isDirty = conflicts.querySelector('[data-dirty]');
      await draw(newer).catch(() => {});
      if (isDirty) say(t('entry.changed-elsewhere'));
    } else if (JSON.stringify(progressOf(newer)) !== JSON.stringify(progressOf(entry))) {
      entry = newer;
      drawState(state, entry);
    }
  }, PAUSE);
  return () => clearInterval(timer);
}

/** What the whole page hangs on. @param {EntryView} entry */
const mark = (entry) => JSON.stringify([entry.revision, entry.heads, entry.contested, entry.operation, entry.draft]);

/** @param {EntryView} entry */
const progressOf = (entry) => [entry.state, entry.text_delivered, entry.files_waiting, entry.exported_at, entry.message,
  entry.files.map((file) => file.offset)];
