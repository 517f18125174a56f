// @ts-check
/** Where the keys lead in a grid, as in the sheets that people know. */

/**
 * @typedef {object} Place
 * @property {number} row
 * @property {number} column
 *
 * @typedef {object} Press
 * @property {string} key
 * @property {boolean} shift
 * @property {boolean} strong Ctrl or Command
 * @property {'text'|'select'|'other'} cell
 * @property {boolean} atStart the caret is at the start, or nobody edits
 * @property {boolean} atEnd the caret is at the end, or nobody edits
 */

const STEPS = /** @type {Record<string, Place>} */ ({
  ArrowUp: { row: -1, column: 0 },
  ArrowDown: { row: 1, column: 0 },
  ArrowLeft: { row: 0, column: -1 },
  ArrowRight: { row: 0, column: 1 },
});

/**
 * Which way a key press leads; null leaves it to the cell.
 * @param {Press} press
 * @returns {Place|null}
 */
export function stepOf(press) {
  if (press.key === 'Enter') return press.strong ? null : { row: press.shift ? -1 : 1, column: 0 };
  const step = STEPS[press.key];
  if (!step || press.shift) return null;
  if (press.strong) return step;
  if (press.cell === 'text') return (step.row + step.column < 0 ? press.atStart : press.atEnd) ? step : null;
  // A select changes its value with the vertical arrows, a date moves within itself.
  return press.cell === 'select' && step.column ? step : null;
}

/**
 * The place a step leads to; `grow` asks for a new row; null is out of the grid.
 * @param {Place} from
 * @param {Place} step
 * @param {{rows: number, columns: number, canGrow: boolean, isEnter: boolean}} grid
 * @returns {Place|'grow'|null}
 */
export function placeAfter(from, step, grid) {
  const row = from.row + step.row;
  const column = from.column + step.column;
  if (row === grid.rows && grid.isEnter && grid.canGrow) return 'grow';
  const isInside = row >= 0 && row < grid.rows && column >= 0 && column < grid.columns;
  return isInside ? { row, column } : null;
}

const CELL_TYPES = new Set([
  'text', 'barcode', 'integer', 'decimal', 'date', 'time', 'datetime', 'select_one', 'calculate',
  'hidden', 'acknowledge', 'start', 'end', 'today', 'deviceid', 'username',
]);

/**
 * Tell whether the rows of a repeat can be drawn as lines of a table.
 * @param {import('./types.js').FormNode} repeat
 */
export const fitsGrid = (repeat) =>
  repeat.appearance.includes('grid') &&
  (repeat.children ?? []).every((node) => node.kind === 'question' && CELL_TYPES.has(node.type ?? ''));
