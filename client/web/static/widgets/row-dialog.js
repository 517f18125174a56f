// @ts-check
/** What can be done with a row, asked in a small dialog; and a question with yes and no. */

import { html } from '../html.js';
import { t } from '../texts.js';

/**
 * @param {string} title
 * @param {{name: string, text: string, isOff?: boolean, isDanger?: boolean}[]} acts
 * @returns {Promise<string|null>} the name of what was chosen
 */
export function choose(title, acts) {
  const buttons = acts.map((act) => html`
    <button type="button" value="${act.name}" class="${act.isDanger ? 'danger' : ''}">${act.text}</button>`);
  acts.forEach((act, index) => { /** @type {HTMLButtonElement} */ (buttons[index]).disabled = Boolean(act.isOff); });
  const close = html`<button type="button" value="" class="quiet">${t('cancel')}</button>`;
  const dialog = /** @type {HTMLDialogElement} */ (html`
    <dialog class="acts" aria-label="${title}"><p class="acts-title">${title}</p>${buttons}${close}</dialog>`);
  document.body.append(dialog);
  const before = /** @type {HTMLElement|null} */ (document.activeElement);
  return new Promise((resolve) => {
    dialog.addEventListener('click', (event) => {
      const button = /** @type {HTMLElement} */ (event.target).closest('button');
      if (button) dialog.close(button.value);
      else if (event.target === dialog) dialog.close('');
    });
    dialog.addEventListener('close', () => {
      dialog.remove();
      before?.focus();
      resolve(dialog.returnValue || null);
    });
    dialog.showModal();
  });
}

/**
 * @param {string} question
 * @param {string} yes
 */
export const confirm = async (question, yes) =>
  (await choose(question, [{ name: 'yes', text: yes, isDanger: true }])) === 'yes';

/**
 * @param {string} title
 * @param {{isFirst: boolean, isLast: boolean, canAdd: boolean, canRemove: boolean}} row
 */
export const chooseRowAct = (title, row) => choose(title, [
  { name: 'up', text: t('row.up'), isOff: row.isFirst },
  { name: 'down', text: t('row.down'), isOff: row.isLast },
  { name: 'below', text: t('row.below'), isOff: !row.canAdd },
  { name: 'remove', text: t('row.remove'), isOff: !row.canRemove, isDanger: true },
]);
