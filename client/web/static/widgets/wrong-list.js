// @ts-check
/** How much is still wrong, and the list that leads to each place. */

import { html } from '../html.js';
import { t } from '../texts.js';

/** @typedef {ReturnType<typeof import('../states.js').listViolations>[number]} Wrong */

/**
 * @param {(path: string) => void} goTo
 */
export function wrongList(goTo) {
  const list = html`<ol class="wrong-list"></ol>`;
  const panel = html`<div class="wrong-panel" id="wrong-panel" hidden><h2 tabindex="-1">${t('wrong.title')}</h2>${list}</div>`;
  const count = html`<span aria-live="polite"></span>`;
  const button = html`<button type="button" class="wrong-button quiet" aria-expanded="false" aria-controls="wrong-panel">${count}</button>`;
  /** @type {Wrong[]} */
  let known = [];

  /** @param {boolean} isOpen */
  function show(isOpen) {
    panel.hidden = !isOpen;
    button.setAttribute('aria-expanded', String(isOpen));
    // Out of sight the list costs nothing: it is drawn for each answer otherwise.
    list.replaceChildren(...(isOpen ? known.map(item) : []));
  }
  button.addEventListener('click', () => show(panel.hidden));
  panel.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    show(false);
    button.focus();
  });
  list.addEventListener('click', (event) => {
    const link = /** @type {HTMLElement} */ (event.target).closest('button');
    if (!link) return;
    show(false);
    goTo(link.dataset.to ?? '');
  });

  /** @param {Wrong[]} wrongs */
  function draw(wrongs) {
    known = wrongs;
    const text = wrongs.length ? t('wrong.count', { count: wrongs.length }) : t('wrong.none');
    if (count.textContent !== text) count.textContent = text;
    button.classList.toggle('fine', !wrongs.length);
    /** @type {HTMLButtonElement} */ (button).disabled = !wrongs.length;
    if (!panel.hidden) show(wrongs.length > 0);
  }

  return {
    panel,
    button,
    draw,
    /** Make room: the list would cover what the person goes to. */
    close() { if (!panel.hidden) show(false); },
    /**
     * Show the list, with what only finalizing found.
     * @param {Wrong[]} wrongs
     * @param {import('../types.js').Violation[]} found
     */
    open(wrongs, found) {
      const seen = new Set(wrongs.map((each) => `${each.path} ${each.code}`));
      const more = found.filter((each) => !seen.has(`${each.path} ${each.code}`));
      draw([...wrongs, ...more.map((each) => ({ ...each, label: '', row: null }))]);
      show(true);
      /** @type {HTMLElement|null} */ (panel.querySelector('h2'))?.focus();
    },
  };
}

/** @param {Wrong} wrong */
function item(wrong) {
  const row = wrong.row ? `${t('row.title', { number: wrong.row })} · ` : '';
  return html`
    <li><button type="button" class="link" data-to="${wrong.path}">${row}${wrong.label}</button> <span>${wrong.message}</span></li>`;
}
