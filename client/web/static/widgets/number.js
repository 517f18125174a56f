// @ts-check
/** Whole and decimal numbers, typed as text so that nothing typed is ever lost. */

import { html } from '../html.js';
import { decimalValue, integerValue } from '../typed.js';
import { QUIET, onTyped } from './text.js';

/**
 * @param {import('./control.js').Asked} asked
 * @returns {import('../types.js').Control}
 */
export function numberControl({ id, node, answer }) {
  const isWhole = node.type === 'integer';
  const input = /** @type {HTMLInputElement} */ (html`
    <input id="${id}" class="number" type="text" inputmode="${isWhole ? 'numeric' : 'decimal'}" autocomplete="off">`);
  const read = isWhole ? integerValue : decimalValue;
  onTyped(input, () => answer(read(input.value), QUIET));
  return {
    element: input,
    target: input,
    set(value) { input.value = value === null || value === undefined ? '' : String(value); },
  };
}
