// @ts-check
/** One row of a grid: a heading cell, a cell a question, and a line for reasons under it. */

import { find, html } from '../html.js';
import { childPath, rowPath } from '../paths.js';
import { t } from '../texts.js';
import { gridCell } from './grid-cell.js';

/**
 * @param {import('../types.js').FormNode[]} columns
 * @param {string} path of the repeat
 * @param {string} row
 * @param {import('../types.js').Drawing} drawing
 * @param {() => void} onMore
 */
export function gridRow(columns, path, row, drawing, onMore) {
  const own = rowPath(path, row);
  const table = html`
    <table><tbody data-path="${own}">
      <tr><th scope="row"><button type="button" class="row-number"></button></th></tr>
      <tr class="row-notes" hidden><th></th><td class="row-reasons" colspan="${columns.length}"></td></tr>
    </tbody></table>`;
  const element = find(table, 'tbody');
  const notes = find(element, '.row-notes');
  const more = find(element, 'button');
  const cells = columns.map((node) => gridCell(node, childPath(own, node.name), drawing, () => {
    notes.hidden = cells.every((cell) => cell.reason.hidden);
  }));
  find(element, 'tr').append(...cells.map((cell) => cell.element));
  cells.forEach((cell, index) => drawing.register(childPath(own, columns[index].name), cell));
  more.addEventListener('click', onMore);
  return {
    element,
    cells,
    more,
    /**
     * Reasons stand under the row, or in a narrow card right at their question.
     * @param {boolean} isNarrow
     */
    placeReasons(isNarrow) {
      for (const cell of cells) (isNarrow ? cell.element : find(element, '.row-reasons')).append(cell.reason);
      notes.classList.toggle('unused', isNarrow);
    },
    /** @param {number} number */
    number(number) {
      more.replaceChildren(html`<span class="wide">${number}</span>`, html`<span class="narrow">${t('row.title', { number })}</span>`);
      more.setAttribute('aria-label', t('row.acts', { number }));
      more.title = t('row.acts', { number });
    },
  };
}
