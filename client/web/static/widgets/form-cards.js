// @ts-check
/** The forms to fill, each with what is asked and until when. */

import { html } from '../html.js';
import { longDate } from '../moments.js';
import { labelOf, language, t } from '../texts.js';

/** @typedef {import('../types.js').Home} Home */
/** @typedef {import('../types.js').FormToFill} FormToFill */

/**
 * @param {Home} home
 * @param {(form: string) => void} open
 */
export function formList(home, open) {
  const items = home.forms.map((form) => formCard(form, home.filled[form.form_id] ?? 0, open));
  const none = html`<p class="none">${t(home.status.server ? 'forms.none' : 'forms.not-enrolled')}</p>`;
  return html`
    <section class="part" aria-labelledby="forms-title">
      <h2 id="forms-title">${t('forms.title')}</h2>
      ${items.length ? html`<ul class="form-cards">${items}</ul>` : none}
    </section>`;
}

/**
 * @param {FormToFill} form
 * @param {number} filled
 * @param {(form: string) => void} open
 */
function formCard(form, filled, open) {
  const title = labelOf(form.title);
  const hint = labelOf(form.hint);
  const button = /** @type {HTMLButtonElement} */ (html`
    <button type="button" class="primary" data-key="form-${form.form_id}" aria-label="${t('forms.fill')}: ${title}">${t('forms.fill')}</button>`);
  button.disabled = Boolean(form.problem);
  button.addEventListener('click', () => {
    button.disabled = true;
    open(form.form_id);
    setTimeout(() => { button.disabled = false; }, 1500);
  });
  return html`
    <li class="form-card">
      <h3>${title}</h3>
      ${hint && html`<p class="hint">${hint}</p>`}
      ${form.problem && html`<p class="message hard">${t('forms.problem')}</p>`}
      <div class="form-card-foot">
        <p class="facts">${form.due && due(form.due)}${filled > 0 && html`<span class="fact">${t('forms.filled', { count: filled })}</span>`}</p>
        ${button}
      </div>
    </li>`;
}

/** @param {string} moment */
function due(moment) {
  const isOver = new Date(moment) < new Date();
  const date = longDate(moment, language());
  return html`<span class="fact ${isOver ? 'late' : ''}">${t(isOver ? 'forms.due-over' : 'forms.due', { date })}</span>`;
}
