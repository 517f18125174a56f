// @ts-check
/** Any two versions of an entry beside one another. */

import { find, html } from '../html.js';
import { t } from '../texts.js';
import { changeList } from './changes.js';

/**
 * @param {{digest: string, text: string}[]} versions the newest first
 * @param {(from: string, to: string) => Promise<import('../types.js').Difference[]>} compare
 */
export function comparison(versions, compare) {
  if (versions.length < 2) return null;
  const options = () => versions.map((each) => html`<option value="${each.digest}">${each.text}</option>`);
  const element = html`
    <form class="comparison" aria-labelledby="comparison-title">
      <h3 id="comparison-title">${t('history.compare')}</h3>
      <div class="comparison-row">
        <label>${t('history.from')}<select name="from">${options()}</select></label>
        <label>${t('history.to')}<select name="to">${options()}</select></label>
        <button>${t('history.go')}</button>
      </div>
      <div class="comparison-said" role="status"></div>
    </form>`;
  const from = /** @type {HTMLSelectElement} */ (find(element, '[name="from"]'));
  const to = /** @type {HTMLSelectElement} */ (find(element, '[name="to"]'));
  const said = find(element, '.comparison-said');
  from.selectedIndex = versions.length - 1;
  element.addEventListener('submit', async (event) => {
    event.preventDefault();
    try {
      said.replaceChildren(changeList(await compare(from.value, to.value)));
    } catch (error) {
      said.textContent = /** @type {any} */ (error).status ? /** @type {Error} */ (error).message : t('problem.unreachable');
    }
  });
  return element;
}
