// @ts-check
/** The lists of the first page: forms to fill, drafts, and entries with what became of them. */

import { html } from '../html.js';
import { ago, longDate, shortTime } from '../moments.js';
import { labelOf, language, t } from '../texts.js';
import { problemText } from './contact.js';

/** @typedef {import('../types.js').Home} Home */
/** @typedef {import('../types.js').Listed} Listed */
/** @typedef {import('../types.js').FormToFill} FormToFill */

/**
 * @param {Home} home
 * @param {(form: string) => void} open
 */
export function formList(home, open) {
  const items = home.forms.map((form) => formCard(form, home.entries.filter((each) => each.form === form.form_id), open));
  const none = html`<p class="none">${t(home.status.server ? 'forms.none' : 'forms.not-enrolled')}</p>`;
  return html`
    <section class="part" aria-labelledby="forms-title">
      <h2 id="forms-title">${t('forms.title')}</h2>
      ${items.length ? html`<ul class="form-cards">${items}</ul>` : none}
    </section>`;
}

/**
 * @param {FormToFill} form
 * @param {Listed[]} entries
 * @param {(form: string) => void} open
 */
function formCard(form, entries, open) {
  const title = labelOf(form.title);
  const hint = labelOf(form.hint);
  const filled = entries.filter((each) => each.state !== 'draft').length;
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

/** @param {Listed['state']} state */
export const stateMark = (state) => html`<span class="state" data-state="${state}">${t(`state.${state}`)}</span>`;

/**
 * Since when an entry is what it is, and why it waits.
 * @param {Listed} entry
 * @param {import('../types.js').Status['problem']} [problem]
 */
export function since(entry, problem) {
  const time = shortTime(entry.made_at, language(), new Date());
  const made = t('entry.made', { time });
  return [made, why(entry, problem)].filter(Boolean).join(' · ');
}

/**
 * @param {Listed} entry
 * @param {import('../types.js').Status['problem']} problem
 */
function why(entry, problem) {
  if (entry.state === 'quarantined') return t('why.quarantined');
  if (entry.state === 'set_aside') return entry.message ?? t('why.set_aside');
  if (entry.state !== 'saved') return '';
  if (entry.text_delivered) return t('why.files', { count: entry.files_waiting });
  return problem ? t('why.problem', { problem: problemText(problem) }) : t('why.waiting');
}
