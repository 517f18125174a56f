// @ts-check
/** The first page: forms to fill, drafts, own entries; it follows what happens by itself. */

import * as api from './api.js';
import { find, html } from './html.js';
import { t } from './texts.js';
import { redraw } from './redraw.js';
import { contact, warnings } from './widgets/contact.js';
import { STEP, entryPart } from './widgets/entry-part.js';
import { formList } from './widgets/form-cards.js';
import { draftList } from './widgets/lists.js';
import { notice } from './widgets/notice.js';
import { offline } from './widgets/offline.js';
import { confirm } from './widgets/row-dialog.js';
import { troubles } from './widgets/troubles.js';

/** @typedef {import('./types.js').Home} Home */

const PAUSE = 2000;
const HIDDEN_PAUSE = 15_000;

/** @param {import('./widgets/frame.js').Frame} frame */
export async function homePage(frame) {
  const wish = { show: 'all', find: '', limit: STEP, seen: '' };
  const told = notice();
  const places = { troubles: html`<div aria-live="polite"></div>`, warnings: place(), forms: place(), drafts: place() };
  const entries = entryPart(wish, look);
  const heading = html`<h1 class="sr" tabindex="-1">${t('home')}</h1>`;
  /** @type {Home} */
  let known;
  /** @type {any} */
  let timer = null;
  let isGone = false;
  let asked = 0;

  /** @param {Home} home */
  function draw(home) {
    known = { ...known, ...home };
    wish.seen = home.seen;
    const { status } = known;
    redraw(frame.beside, status, () => contact(status, false, sync));
    redraw(places.troubles, status.troubles, (list) => troubles(list, entryOf, (trouble) => { void dismiss(trouble); }), 0);
    redraw(places.warnings, [status.warnings, status.age_alarm], () => warnings(status));
    redraw(places.forms, [known.forms, known.filled, status.server], () => formList(known, (form) => { void open(form); }));
    redraw(places.drafts, known.entries.filter((each) => each.state === 'draft'), (drafts) => draftList(drafts, (draft) => { void discard(draft); }));
    entries.draw(known);
  }

  /** @param {import('./types.js').Trouble} trouble */
  const entryOf = (trouble) => known.entries.find((each) => each.revision && each.revision === trouble.subject)?.entry ?? null;

  async function look() {
    clearTimeout(timer);
    asked += 1;
    const mine = asked;
    try {
      const home = await api.home(wish);
      if (mine === asked) draw(home); // an answer to an older wish draws nothing
    } catch (error) {
      if (!(error instanceof api.Unreachable)) throw error;
      redraw(frame.beside, 'lost', () => contact(null, true, sync));
    }
    again();
  }

  function again() {
    clearTimeout(timer);
    if (isGone) return;
    timer = setTimeout(() => { void look().catch(again); }, document.hidden ? HIDDEN_PAUSE : PAUSE);
  }

  async function sync() {
    await api.syncNow().catch(() => {});
    await look();
  }

  /** @param {any} error */
  const tell = (error) => told.say(error.status ? error.message : t('problem.unreachable'));

  /** @param {string} form */
  async function open(form) {
    try {
      const { draft } = await api.openBlank(form);
      location.assign(`/fill/${draft}`);
    } catch (error) {
      tell(error);
    }
  }

  /** @param {import('./types.js').Listed} draft */
  async function discard(draft) {
    if (!(await confirm(t('draft.discard-sure', { name: draft.name }), t('draft.discard')))) return;
    await api.discard(draft.entry).catch(() => {});
    await look();
  }

  /** @param {import('./types.js').Trouble} trouble */
  async function dismiss(trouble) {
    await api.dismiss(trouble.id).catch((error) => { if (error.status !== 404) tell(error); });
    await look();
    (/** @type {HTMLElement|null} */ (places.troubles.querySelector('button')) ?? heading).focus();
  }

  const away = offline({
    exported: api.exported,
    imported: async (file) => { const counts = await api.importAnswer(file); await look(); return counts; },
  });
  const onVisible = () => { if (!document.hidden) void look().catch(again); };
  draw(await api.home(wish));
  frame.title('', [known.status.unit, known.status.member].filter(Boolean).join(' · '));
  frame.main.replaceChildren(html`
    <div class="home">${heading}${told.element}${Object.values(places)}${entries.element}${away}</div>`);
  frame.foot.replaceChildren();
  frame.main.addEventListener('click', toOffline);
  document.addEventListener('visibilitychange', onVisible);
  again();
  return () => {
    isGone = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', onVisible);
  };
}

const place = () => html`<div></div>`;

/**
 * The address is left as it is: it may carry a token no more than an anchor.
 * @param {Event} event
 */
function toOffline(event) {
  if (!(/** @type {HTMLElement} */ (event.target).closest('a[href="#offline-title"]'))) return;
  event.preventDefault();
  const title = find(document.body, '#offline-title');
  title.scrollIntoView({ block: 'center' });
  title.focus({ preventScroll: true });
}
