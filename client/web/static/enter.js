// @ts-check
/** What a person sees who has no session: how to come in. */

import * as api from './api.js';
import { find, html } from './html.js';
import { t } from './texts.js';

/**
 * The token in what was pasted: the whole address, or the token alone.
 * @param {string} pasted
 */
export const tokenIn = (pasted) => (pasted.split('token=').pop() ?? '').trim();

/**
 * @param {() => void} entered
 */
export function enterPage(entered) {
  const form = html`
    <form class="enter">
      <h1>${t('enter.title')}</h1>
      <p>${t('enter.how')}</p>
      <label for="token">${t('enter.paste')}</label>
      <div class="enter-row"><input id="token" type="text" autocomplete="off" spellcheck="false" aria-describedby="enter-said"><button class="primary">${t('enter.go')}</button></div>
      <p id="enter-said" class="message hard" role="alert"></p>
    </form>`;
  form.addEventListener('submit', async (event) => {
    event.preventDefault();
    const token = tokenIn(/** @type {HTMLInputElement} */ (find(form, 'input')).value);
    try {
      await api.begin(token);
      entered();
    } catch (error) {
      find(form, '#enter-said').textContent = /** @type {any} */ (error).status ? t('enter.wrong') : t('problem.unreachable');
    }
  });
  return form;
}
