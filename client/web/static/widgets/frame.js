// @ts-check
/** What stands around every page: the name, what stands beside it, the language, and a foot. */

import { find, html } from '../html.js';
import { LANGUAGES, language, nameOf, t } from '../texts.js';

/** @typedef {ReturnType<typeof makeFrame>} Frame */

/**
 * @param {(language: string) => void} onLanguage
 */
export function makeFrame(onLanguage) {
  const main = html`<main id="main" tabindex="-1"></main>`;
  const foot = html`<footer class="foot"></footer>`;
  const beside = html`<div class="beside"></div>`;
  const name = html`<span class="page-name"></span>`;
  const options = LANGUAGES.map((each) => html`<option value="${each}" lang="${each}">${nameOf(each)}</option>`);
  const select = /** @type {HTMLSelectElement} */ (html`
    <select class="language" aria-label="${t('language')}">${options}</select>`);
  select.value = language();
  select.addEventListener('change', () => onLanguage(select.value));
  const head = html`
    <header class="head">
      <a class="skip" href="#main">${t('skip')}</a>
      <a class="mark" href="/" aria-label="${t('home')}"><span class="seal" aria-hidden="true">报</span><span class="mark-name">${t('name')}</span></a>
      ${name}
      ${beside}
      ${select}
    </header>`;
  find(head, '.skip').addEventListener('click', (event) => { event.preventDefault(); main.focus(); });
  document.body.replaceChildren(head, main, foot);
  return {
    main,
    foot,
    beside,
    /**
     * @param {string} text
     * @param {string} [beside] what the head says instead
     */
    title(text, beside = text) {
      name.textContent = beside;
      document.title = text ? `${text} · ${t('name')}` : t('name');
    },
  };
}
