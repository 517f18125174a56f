// @ts-check
/** Asks why an entry is taken back; without a reason it is not. */

import { find, html } from '../html.js';
import { t } from '../texts.js';

const LONGEST = 2000;

/** @returns {Promise<string|null>} the reason, or null if the person thought better of it */
export function askReason() {
  const dialog = /** @type {HTMLDialogElement} */ (html`
    <dialog class="acts" aria-labelledby="void-title" aria-describedby="void-how">
      <form method="dialog" novalidate>
        <h2 class="acts-title" id="void-title">${t('void.title')}</h2>
        <p id="void-how">${t('void.how')}</p>
        <label for="void-reason">${t('void.reason')}<span class="required"><span aria-hidden="true">＊</span><span class="sr">${t('required')}</span></span></label>
        <textarea id="void-reason" rows="3" maxlength="${LONGEST}" autocomplete="off" aria-required="true" aria-describedby="void-said"></textarea>
        <p class="message hard" id="void-said" role="alert" hidden></p>
        <button value="void" class="danger">${t('void.go')}</button>
        <button type="button" class="quiet">${t('cancel')}</button>
      </form>
    </dialog>`);
  const area = /** @type {HTMLTextAreaElement} */ (find(dialog, 'textarea'));
  const said = find(dialog, '.message');
  const before = /** @type {HTMLElement|null} */ (document.activeElement);
  document.body.append(dialog);
  find(dialog, 'form').addEventListener('submit', (event) => {
    if (area.value.trim()) return;
    event.preventDefault();
    area.setAttribute('aria-invalid', 'true');
    said.textContent = t('void.missing');
    said.hidden = false;
    area.focus();
  });
  find(dialog, '.quiet').addEventListener('click', () => dialog.close(''));
  return new Promise((resolve) => {
    dialog.addEventListener('close', () => {
      dialog.remove();
      before?.focus();
      resolve(dialog.returnValue === 'void' ? area.value.trim() : null);
    });
    dialog.showModal();
    area.focus();
  });
}
