// @ts-check
/** The first page: forms to fill, drafts, own entries; it follows what happens by itself. */

import * as api from './api.js';
import { html } from './html.js';
import { t } from './texts.js';
import { redraw } from './redraw.js';
import { notice } from './widgets/notice.js';
import { confirm } from './widgets/row-dialog.js';
import { contact, warnings } from './widgets/contact.js';
import { formList } from './widgets/form-cards.js';
import { draftList, entryList } from './widgets/lists.js';

/** @typedef {import('./types.js').Home} Home */

const PAUSE = 2000;
const HIDDEN_PAUSE = 15_000;

/** @param {import('./widgets/frame.js').Frame} frame */
export async function homePage(frame) {
  const told = notice();
  const places = { warnings: place(), forms: place(), drafts: place(), entries: place() };
  /** @type {any} */
  let timer = null;
  let isGone = false;

  /** @param {Home} home */
  function draw(home) {
    redraw(frame.beside, home.status, () => contact(home.status, false, sync));
    redraw(places.warnings, home.status.warnings, () => warnings(home.status));
    redraw(places.forms, [home.forms, counts(home)], () => formList(home, (form) => { void open(form); }));
    redraw(places.drafts, home.entries.filter(isDraft), (drafts) => draftList(drafts, (draft) => { void discard(draft); }));
    redraw(places.entries, [home.entries.filter((each) => !isDraft(each)), home.status.problem, home.status.unit], () => entryList(home));
  }

  async function look() {
    clearTimeout(timer);
    try {
      draw(await api.home());
    } catch (error) {
      if (!(error instanceof api.Unreachable)) throw error;
      redraw(frame.beside, 'lost', () => contact(null, true, sync));
    }
  }

  const again = () => {
    clearTimeout(timer);
    if (isGone) return;
    timer = setTimeout(() => { void look().catch(() => {}).then(again); }, document.hidden ? HIDDEN_PAUSE : PAUSE);
  };

  async function sync() {
    await api.syncNow().catch(() => {});
    await look();
  }

  /** @param {string} form */
  async function open(form) {
    try {
      const { draft } = await api.openBlank(form);
      location.assign(`/fill/${draft}`);
    } catch (error) {
      told.say(/** @type {any} */ (error).status ? /** @type {Error} */ (error).message : t('problem.unreachable'));
    }
  }

  /** @param {import('./types.js').Listed} draft */
  async function discard(draft) {
    if (!(await confirm(t('draft.discard-sure', { name: draft.name }), t('draft.discard')))) return;
    await api.discard(draft.entry).catch(() => {});
    await look();
  }

  const onVisible = () => { if (!document.hidden) void look().catch(() => {}).then(again); };
  const first = await api.home();
  draw(first);
  frame.title('', [first.status.unit, first.status.member].filter(Boolean).join(' · '));
  frame.main.replaceChildren(html`
    <div class="home"><h1 class="sr">${t('home')}</h1>${told.element}${Object.values(places)}</div>`);
  frame.foot.replaceChildren();
  document.addEventListener('visibilitychange', onVisible);
  again();
  return () => {
    isGone = true;
    clearTimeout(timer);
    document.removeEventListener('visibilitychange', onVisible);
  };
}

const place = () => html`<div></div>`;

/** @param {{state: string}} listed */
const isDraft = (listed) => listed.state === 'draft';

/** @param {Home} home */
const counts = (home) => home.entries.map((each) => `${each.form} ${each.state}`);
