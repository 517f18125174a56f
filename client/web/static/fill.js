// @ts-check
/** The page of one draft: its form, how far it is saved, what is wrong, and the button that closes it. */

import * as api from './api.js';
import { Filling } from './filling.js';
import { html } from './html.js';
import { labelOf, t } from './texts.js';
import { notice } from './widgets/notice.js';
import { saveState } from './widgets/save-state.js';
import { wrongList } from './widgets/wrong-list.js';

/**
 * @param {import('./widgets/frame.js').Frame} frame
 * @param {string} draft
 */
export async function fillPage(frame, draft) {
  const view = await api.view(draft);
  const title = labelOf(view.title);
  const saved = saveState();
  const told = notice();
  const filling = new Filling(draft, view, {
    onDrawn: () => refresh(),
    onCondition: (condition, error) => saved.draw(condition, filling, error),
    onRefused: (error) => told.say(error.message || t('problem.internal')),
    onGone: () => gone(),
  });
  const wrong = wrongList((path) => { filling.showAll(); filling.form.focus(path); });
  const button = /** @type {HTMLButtonElement} */ (html`<button type="button" class="primary">${t('fill.finalize')}</button>`);

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

  async function finalize() {
    button.disabled = true;
    try {
      await filling.queue.drained();
      const outcome = await api.finalize(draft);
      if (!outcome.violations) {
        filling.stop();
        location.replace(`/entries/${outcome.entry}?new`);
        return;
      }
      filling.showAll();
      wrong.open(filling.violations(), outcome.violations);
    } catch (error) {
      told.say(/** @type {Error} */ (error).message || t('problem.unreachable'));
    } finally {
      button.disabled = false;
    }
  }

  button.addEventListener('click', () => { void finalize(); });
  filling.form.element.addEventListener('focusin', () => wrong.close());
  frame.title(title);
  frame.beside.replaceChildren(saved.element);
  frame.main.replaceChildren(html`
    <div class="form">
      <h1 class="form-title">${title}</h1>
      ${told.element}
      ${filling.form.element}
    </div>`);
  frame.foot.replaceChildren(wrong.panel, html`<div class="foot-row">${wrong.button}${button}</div>`);
  refresh();

  const leave = (/** @type {BeforeUnloadEvent} */ event) => { if (filling.queue.size) event.preventDefault(); };
  const flush = () => { if (document.hidden) filling.queue.flush(); };
  window.addEventListener('beforeunload', leave);
  document.addEventListener('visibilitychange', flush);
  return () => {
    filling.stop();
    window.removeEventListener('beforeunload', leave);
    document.removeEventListener('visibilitychange', flush);
  };
}
