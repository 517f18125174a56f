// @ts-check
/** What a key press in a cell means, read off the page. */

/**
 * @param {KeyboardEvent} event
 * @param {boolean} isEditing the arrows are for the text
 * @returns {import('../grid-moves.js').Press}
 */
export function pressOf(event, isEditing) {
  const target = /** @type {HTMLInputElement} */ (event.target);
  const { from, to, length } = caret(target);
  return {
    key: event.altKey ? '' : event.key,
    shift: event.shiftKey,
    strong: event.ctrlKey || event.metaKey,
    cell: cellOf(target),
    atStart: !isEditing || (from === 0 && to === 0),
    atEnd: !isEditing || (from === length && to === length),
  };
}

/** @param {HTMLElement} target */
function cellOf(target) {
  if (target instanceof HTMLSelectElement || target instanceof HTMLButtonElement) return 'select';
  return isText(target) ? 'text' : 'other';
}

/** @param {HTMLElement} target */
const isText = (target) =>
  target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type === 'text');

/** @param {HTMLInputElement} target */
function caret(target) {
  if (!isText(target)) return { from: 0, to: 0, length: 0 };
  return { from: target.selectionStart ?? 0, to: target.selectionEnd ?? 0, length: target.value.length };
}

/** Select what the cell holds, so that typing replaces it and the arrows lead on. */
export function selectAll() {
  const target = /** @type {HTMLInputElement} */ (document.activeElement);
  if (isText(target)) target.select();
}

/** Put the caret at the end of what the cell holds. */
export function caretToEnd() {
  const target = /** @type {HTMLInputElement} */ (document.activeElement);
  if (isText(target)) target.setSelectionRange(target.value.length, target.value.length);
}
