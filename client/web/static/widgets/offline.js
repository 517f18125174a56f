// @ts-check
/** The way out where there is no network: a bundle to be carried, and the answer to it. */

import { find, html } from '../html.js';
import { language, t } from '../texts.js';
import { fileSize } from '../typed.js';

/** @typedef {{name: string, content: Blob, leftOut: number}} Exported */

/**
 * @param {object} ways
 * @param {() => Promise<Exported>} ways.exported
 * @param {(file: File) => Promise<import('../types.js').Imported>} ways.imported
 */
export function offline({ exported, imported }) {
  const element = html`
    <section class="part offline" aria-labelledby="offline-title">
      <h2 id="offline-title" tabindex="-1">${t('offline.title')}</h2>
      <p>${t('offline.how')}</p>
      <p class="hint">${t('offline.safe')}</p>
      <div class="offline-row">
        <button type="button">${t('offline.export')}</button>
        <span class="choose"><input id="answer-file" class="attach-input" type="file"><label class="button" for="answer-file">${t('offline.import')}</label></span>
      </div>
      <p class="offline-said" role="status"></p>
    </section>`;
  const button = /** @type {HTMLButtonElement} */ (find(element, 'button'));
  const input = /** @type {HTMLInputElement} */ (find(element, 'input'));
  const said = find(element, '.offline-said');

  /**
   * @param {string} busy
   * @param {() => Promise<string>} act
   */
  async function tell(busy, act) {
    said.textContent = busy;
    said.classList.remove('failed');
    button.disabled = input.disabled = true;
    try {
      said.textContent = await act();
    } catch (error) {
      said.classList.add('failed');
      said.textContent = /** @type {any} */ (error).status ? /** @type {Error} */ (error).message : t('problem.unreachable');
    } finally {
      button.disabled = input.disabled = false;
    }
  }
  button.addEventListener('click', () => { void tell(t('offline.exporting'), async () => handOver(await exported())).then(() => button.focus()); });
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    if (!file) return;
    void tell(t('offline.importing', { name: file.name }), async () => importedWords(await imported(file)));
    input.value = '';
  });
  return element;
}

/** @param {Exported} bundle */
function handOver({ name, content, leftOut }) {
  const link = /** @type {HTMLAnchorElement} */ (html`<a download="${name}" hidden></a>`);
  link.href = URL.createObjectURL(content);
  document.body.append(link); // one that stands nowhere brings no download
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
  const more = leftOut ? t('offline.left-out', { count: leftOut }) : '';
  return t('offline.exported', { name, size: fileSize(content.size, language()) }) + more;
}

/** @param {import('../types.js').Imported} counts */
function importedWords(counts) {
  const told = /** @type {const} */ (['quarantined', 'refused', 'files', 'damaged', 'missing']);
  const more = told.filter((each) => counts[each] > 0).map((each) => t(`offline.imported-${each}`, { count: counts[each] }));
  return [t('offline.imported', { revisions: counts.revisions, delivered: counts.delivered }), ...more].join('');
}
