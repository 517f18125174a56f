// @ts-check
/** Text, one line or several. What an input method is still composing is not sent. */

import { html } from '../html.js';
import { textValue } from '../typed.js';
import { grow } from './grow.js';

export const QUIET = 180;

/**
 * Listen to what a person types, once each character is whole.
 * @param {HTMLInputElement|HTMLTextAreaElement} input
 * @param {() => void} typed
 */
export function onTyped(input, typed) {
  input.addEventListener('input', (event) => {
    if (!(/** @type {InputEvent} */ (event).isComposing)) typed();
  });
  input.addEventListener('compositionend', typed);
}

/**
 * @param {import('./control.js').Asked} asked
 * @returns {import('../types.js').Control}
 */
export function textControl({ id, node, answer, isCell }) {
  const isLong = isCell || node.appearance.includes('multiline');
  const input = /** @type {HTMLInputElement|HTMLTextAreaElement} */ (isLong
    ? html`<textarea id="${id}" rows="${isCell ? 1 : 3}" autocomplete="off"></textarea>`
    : html`<input id="${id}" type="text" autocomplete="off">`);
  onTyped(input, () => answer(textValue(input.value), QUIET));
  if (isLong) grow(/** @type {HTMLTextAreaElement} */ (input));
  return {
    element: input,
    target: input,
    set(value) {
      input.value = value ?? '';
      if (isLong) grow.now(/** @type {HTMLTextAreaElement} */ (input));
    },
  };
}
