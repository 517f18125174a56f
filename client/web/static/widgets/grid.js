// @ts-check
/** A repeat as a table, like the sheet people know; on a narrow screen the style sheet makes cards of it. */

import { find, html } from '../html.js';
import { write } from '../markdown.js';
import { childPath, elementId, rowPath } from '../paths.js';
import { labelOf, t } from '../texts.js';
import { isSeen } from './control.js';
import { gridKeys } from './grid-keys.js';
import { gridRow } from './grid-row.js';
import { actOnRow, repeatFrame } from './repeat-frame.js';
import { placeRows } from './rows.js';

/** @typedef {import('../types.js').FormNode} FormNode */
/** @typedef {import('../types.js').Drawing} Drawing */

/**
 * Tell whether a question only numbers the rows; the heading cell does that already.
 * @param {FormNode} node
 * @param {number} index
 */
const isRowNumber = (node, index) => index === 0 && node.type === 'integer' && Boolean(node.is_calculated);

/**
 * @param {FormNode} node
 * @param {string} path
 * @param {Drawing} drawing
 * @returns {import('../types.js').NodeView}
 */
export function grid(node, path, drawing) {
  const all = node.children ?? [];
  const numbering = all.find(isRowNumber);
  const columns = all.filter((child) => child !== numbering && isSeen(child));
  const heads = columns.map(columnHead);
  const { table, box } = sheet(path, numbering ? labelOf(numbering.label) : t('row.number'), heads);
  const frame = repeatFrame(path, box, drawing);
  find(frame.element, '.repeat-foot').append(html`<p class="grid-help">${t('grid.help')}</p>`);
  /** @type {Map<string, ReturnType<typeof gridRow>>} */
  const drawn = new Map();
  const narrow = matchMedia('(max-width: 40rem)');
  const ids = () => drawing.state(path)?.rows ?? [];
  const keys = gridKeys({ table, path, drawing, ids, rowOf: (id) => drawn.get(id), columns: columns.length });
  const makeRow = (/** @type {string} */ id) => {
    const row = gridRow(columns, path, id, drawing, () =>
      actOnRow(path, id, drawing, (act) => { if (act === 'below') keys.followNewRow(); }));
    row.placeReasons(narrow.matches);
    return row;
  };
  narrow.addEventListener('change', () => drawn.forEach((row) => row.placeReasons(narrow.matches)));
  frame.button.addEventListener('click', () => keys.addRow());

  return {
    element: frame.element,
    update(state) {
      const known = new Set(drawn.keys());
      const rows = state.rows ?? [];
      placeRows(table, null, rows, drawn, makeRow);
      rows.forEach((id, index) => drawn.get(id)?.number(index + 1));
      table.hidden = !rows.length;
      frame.update(state);
      drawHeads(columns, heads, rows[0] && rowPath(path, rows[0]), drawing);
      keys.settle(rows.find((id) => !known.has(id)));
    },
    focus: () => frame.button.focus(),
  };
}

/**
 * @param {string} path
 * @param {string} corner
 * @param {HTMLElement[]} heads
 */
function sheet(path, corner, heads) {
  const table = html`
    <table class="grid" aria-labelledby="${elementId(path)}-label">
      <thead><tr><th scope="col" class="corner">${corner}</th></tr></thead>
    </table>`;
  find(table, 'tr').append(...heads);
  return { table, box: html`<div class="grid-box">${table}</div>` };
}

/** @param {FormNode} column */
function columnHead(column) {
  const head = document.createElement('th');
  head.scope = 'col';
  head.dataset.type = column.type;
  head.classList.toggle('long', column.appearance.includes('multiline'));
  write(head, labelOf(column.label));
  return head;
}

/**
 * Say in the heads what the first row says: which answers are required may depend on others.
 * @param {FormNode[]} columns
 * @param {HTMLElement[]} heads
 * @param {string} row
 * @param {Drawing} drawing
 */
function drawHeads(columns, heads, row, drawing) {
  columns.forEach((column, index) => {
    const state = row && drawing.state(childPath(row, column.name));
    if (!state) return;
    write(heads[index], state.label ?? labelOf(column.label));
    heads[index].classList.toggle('needed', state.required && !state.read_only);
  });
}
