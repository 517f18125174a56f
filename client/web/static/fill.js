// @ts-check
/** The page of one draft: its form, how far it is saved, what is wrong, and the button that closes it. */

import * as api from './api.js';
import { optionsOf } from './contests.js';
import { Filling } from './filling.js';
import { html } from './html.js';
import { labelOf, t } from './texts.js';
import { editBanner } from './widgets/edit-banner.js';
import { madeAt, madeBy } from './widgets/history.js';
import { notice } from './widgets/notice.js';
import { confirm } from './widgets/row-dialog.js';
import { saveState } from './widgets/save-state.js';
import { upgradeBanner } from './widgets/upgrade-banner.js';
import { wrongList } from './widgets/wrong-list.js';

/** @typedef {import('./types.js').Conflicts} Conflicts */

/**
 * @param {import('./widgets/frame.js').Frame} frame
 * @param {string} draft
 */
export async function fillPage(frame, draft) {
  const view = await api.view(draft);
  const conflicts = view.is_edit ? await api.conflicts(draft).catch(() => null) : null;
  const said = saidElsewhere(conflicts);
  const title = labelOf(view.title);
  const saved = saveState();
  const told = notice();
  const banners = html`<div class="banners"></div>`;
  const filling = new Filling(draft, view, {
    onDrawn: () => refresh(),
    onCondition: (condition, error) => saved.draw(condition, filling, error),
    onRefused: (error) => told.say(error.message || t('problem.internal')),
    onGone: () => gone(),
    onOtherForm: () => location.reload(),
    contested: (path) => said.get(path) ?? '',
  });
  const wrong = wrongList((path) => { filling.showAll(); filling.form.focus(path); });
  const button = /** @type {HTMLButtonElement} */ (html`<button type="button" class="primary">${t(view.is_edit ? 'edit.finalize' : 'fill.finalize')}</button>`);
  const away = html`<button type="button" class="quiet">${t('edit.discard')}</button>`;
  away.hidden = !view.is_edit;

  function refresh() {
    saved.draw(filling.queue.size ? 'busy' : 'idle', filling);
    wrong.draw(filling.violations());
  }

  function gone() {
    filling.stop();
    frame.main.replaceChildren(html`
      <div class="empty"><h1>${t('fill.gone')}</h1>
      <p><a class="button" href="/entries/${draft}">${t('fill.gone-entry')}</a> <a class="button" href="/">${t('home')}</a></p></div>`);
    frame.foot.replaceChildren();
  }

  /** @param {any} error */
  const tell = (error) => told.say(error.status ? error.message : t('problem.unreachable'));

  /** Close it; what is contested and was not answered here, the person is asked about, once all else is right. */
  async function close() {
    const outcome = await api.finalize(draft, false);
    const broken = outcome.violations?.filter((/** @type {import('./types.js').Violation} */ each) => each.code !== 'contested');
    if (!outcome.violations) return outcome;
    if (broken.length) return { violations: broken };
    const count = outcome.violations.length;
    const isMeant = await confirm(t('edit.decide-sure', { count }), t('edit.decide'));
    return isMeant ? api.finalize(draft, true) : null;
  }

  async function finalize() {
    button.disabled = true;
    try {
      await filling.queue.drained();
      const outcome = await close();
      if (!outcome) return;
      if (!outcome.violations) {
        filling.stop();
        location.replace(`/entries/${outcome.entry}?${outcome.unchanged ? 'unchanged' : 'new'}`);
        return;
      }
      filling.showAll();
      wrong.open(filling.violations(), outcome.violations);
    } catch (error) {
      tell(error);
    } finally {
      button.disabled = false;
    }
  }

  async function discard() {
    if (!(await confirm(t('edit.discard-sure', { name: view.name || title }), t('edit.discard')))) return;
    await filling.queue.drained();
    filling.stop();
    await api.discard(draft).then(() => location.replace(`/entries/${draft}`), tell);
  }

  /** Tell of a newer version of the form; nothing waits for this, and it is asked again another time. */
  async function lookForNewer() {
    const upgrade = await api.upgradePreview(draft).catch(() => null);
    const isTold = banners.querySelector('[data-upgrade]');
    if (!upgrade || upgrade.is_newest || isTold) return;
    const banner = upgradeBanner(upgrade, () => filling.queue.drained().then(() => api.upgradePreview(draft)), async () => {
      await filling.queue.drained();
      await api.upgrade(draft).then(() => location.reload(), tell);
    });
    banner.dataset.upgrade = '';
    banners.append(banner);
  }

  button.addEventListener('click', () => { void finalize(); });
  away.addEventListener('click', () => { void discard(); });
  filling.form.element.addEventListener('focusin', () => wrong.close());
  if (view.is_edit) banners.append(editBanner(draft, conflicts, view.parents, (path) => filling.form.focus(path)));
  frame.title(title);
  frame.beside.replaceChildren(saved.element);
  frame.main.replaceChildren(html`
    <div class="form">
      <h1 class="form-title">${title}</h1>
      ${told.element}${banners}
      ${filling.form.element}
    </div>`);
  frame.foot.replaceChildren(wrong.panel, html`<div class="foot-row">${wrong.button}<span class="foot-acts">${away}${button}</span></div>`);
  refresh();
  void lookForNewer();

  const leave = (/** @type {BeforeUnloadEvent} */ event) => { if (filling.queue.size) event.preventDefault(); };
  const seen = () => {
    if (document.hidden) filling.queue.flush();
    else void lookForNewer();
  };
  window.addEventListener('beforeunload', leave);
  document.addEventListener('visibilitychange', seen);
  return () => {
    filling.stop();
    window.removeEventListener('beforeunload', leave);
    document.removeEventListener('visibilitychange', seen);
  };
}

/**
 * What the sides say at each contested place, with who and when.
 * @param {Conflicts|null} conflicts
 * @returns {Map<string, string>}
 */
function saidElsewhere(conflicts) {
  if (!conflicts) return new Map();
  const heads = new Map(conflicts.heads.map((head) => [head.digest, head]));
  return new Map(conflicts.contested.map((each) => [each.path, optionsOf(each.contenders).map((option) => {
    const head = heads.get(option.head);
    const who = head ? `（${madeBy(head)} · ${madeAt(head)}）` : '';
    const text = each.path.endsWith('#order') ? t('path.order') : option.contender.text || t('conflict.blank');
    return `${text}${who}`;
  }).join('；')]));
}
