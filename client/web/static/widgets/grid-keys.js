// @ts-check
/** Going about a grid with the keys; and where the focus goes when rows come, go or move. */

import { placeAfter, stepOf } from '../grid-moves.js';
import { caretToEnd, pressOf, selectAll } from './grid-press.js';
import { doRowAct } from './repeat-frame.js';

/** @typedef {import('../grid-moves.js').Place} Place */

const ROW_KEYS = /** @type {Record<string, string>} */ ({
  'ctrl+Delete': 'remove', 'alt+ArrowUp': 'up', 'alt+ArrowDown': 'down', 'alt+Enter': 'line',
});

/** A new line within the cell; Enter itself leads to the next row. */
function breakLine() {
  const area = document.activeElement;
  if (!(area instanceof HTMLTextAreaElement)) return;
  area.setRangeText('\n', area.selectionStart, area.selectionEnd, 'end');
  area.dispatchEvent(new InputEvent('input', { bubbles: true }));
}

/**
 * @param {object} grid
 * @param {HTMLElement} grid.table
 * @param {string} grid.path
 * @param {import('../types.js').Drawing} grid.drawing
 * @param {() => string[]} grid.ids
 * @param {(id: string) => ReturnType<typeof import('./grid-row.js').gridRow>|undefined} grid.rowOf
 * @param {number} grid.columns
 */
export function gridKeys({ table, path, drawing, ids, rowOf, columns }) {
  let wantsNewRow = false;
  /** @type {{row: string, column: number}|null} */
  let wanted = null;

  // As in a sheet: after a click or F2 the arrows move in the text, else from cell to cell.
  let isEditing = false;
  let isPointed = false;

  const canGrow = () => Boolean(drawing.state(path)?.can_add_row);

  function addRow() {
    if (!canGrow()) return;
    wantsNewRow = true;
    drawing.emit({ kind: 'add-row', path, after: null });
  }

  /** @param {Place} place */
  function focusAt({ row, column }) {
    const line = rowOf(ids()[row]);
    if (column === 0) line?.more.focus();
    else line?.cells[column - 1].focus();
  }

  /** @param {Place} place */
  const canEnter = ({ row, column }) =>
    column === 0 || Boolean(rowOf(ids()[row])?.cells[column - 1].isEditable());

  /**
   * The next place that can be entered in this direction.
   * @param {Place} from
   * @param {Place} step
   * @param {boolean} isEnter
   */
  function seek(from, step, isEnter) {
    const size = { rows: ids().length, columns: columns + 1, canGrow: canGrow(), isEnter };
    let to = placeAfter(from, step, size);
    while (to && to !== 'grow' && !canEnter(to)) to = placeAfter(to, step, size);
    return to;
  }

  /**
   * @param {EventTarget|null} target
   * @returns {Place|null}
   */
  function placeOf(target) {
    const element = /** @type {HTMLElement} */ (target);
    const cell = /** @type {HTMLTableCellElement|null} */ (element.closest('td, th'));
    const row = ids().findIndex((id) => rowOf(id)?.element === element.closest('tbody'));
    return row < 0 || !cell || cell.closest('.row-notes') ? null : { row, column: cell.cellIndex };
  }

  /**
   * @param {KeyboardEvent} event
   * @param {Place} at
   */
  function move(event, at) {
    const step = stepOf(pressOf(event, isEditing));
    const isButton = event.target instanceof HTMLButtonElement && event.key === 'Enter';
    const to = step && !isButton ? seek(at, step, event.key === 'Enter') : null;
    if (!to) return;
    event.preventDefault();
    if (to === 'grow') addRow();
    else focusAt(to);
  }

  function edit() {
    isEditing = !isEditing;
    if (isEditing) caretToEnd();
    else selectAll();
  }

  table.addEventListener('pointerdown', (event) => {
    isPointed = true;
    if (event.target === document.activeElement) isEditing = true;
  });
  table.addEventListener('focusin', () => {
    isEditing = isPointed;
    isPointed = false;
    if (!isEditing) selectAll();
  });
  table.addEventListener('keydown', (event) => {
    if (event.key === 'F2') edit();
    // 229: the key belongs to an input method that is composing
    const at = event.isComposing || event.keyCode === 229 ? null : placeOf(event.target);
    if (!at) return;
    const act = ROW_KEYS[`${event.ctrlKey ? 'ctrl+' : ''}${event.altKey ? 'alt+' : ''}${event.key}`];
    if (!act) {
      move(event, at);
      return;
    }
    event.preventDefault();
    if (act === 'line') {
      breakLine();
      return;
    }
    const rows = ids();
    const kept = act === 'remove' ? rows[at.row + 1] ?? rows[at.row - 1] : rows[at.row];
    void doRowAct(act, path, rows[at.row], drawing, () => { wanted = { row: kept, column: at.column }; });
  });

  return {
    addRow,
    followNewRow() { wantsNewRow = true; },
    /**
     * Put the focus where it belongs after the rows were drawn.
     * @param {string|undefined} fresh a row that has just come
     */
    settle(fresh) {
      if (wanted) {
        focusAt({ row: ids().indexOf(wanted.row), column: wanted.column });
        wanted = null;
      }
      if (!wantsNewRow || !fresh) return;
      wantsNewRow = false;
      // The cells of a new row are drawn after the repeat itself.
      requestAnimationFrame(() => rowOf(fresh)?.cells.find((cell) => cell.isEditable())?.focus());
    },
  };
}
