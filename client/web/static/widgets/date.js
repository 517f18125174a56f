// @ts-check
/** Dates and times, by the browser's own fields: they know the keyboard and the phone. */

import { html } from '../html.js';
import { datetimeTyped, datetimeValue, timeValue } from '../moments.js';

const QUIET = 350;

/** @type {Record<string, {type: string, max: string, read: (typed: string) => any, show: (value: any) => string}>} */
const KINDS = {
  date: { type: 'date', max: '9999-12-31', read: (typed) => typed || null, show: (value) => value ?? '' },
  time: { type: 'time', max: '', read: timeValue, show: (value) => (value ?? '').slice(0, 8) },
  datetime: { type: 'datetime-local', max: '9999-12-31T23:59', read: datetimeValue, show: datetimeTyped },
};

/**
 * @param {import('./control.js').Asked} asked
 * @returns {import('../types.js').Control}
 */
export function dateControl({ id, node, answer }) {
  const kind = KINDS[node.type ?? 'date'];
  const input = /** @type {HTMLInputElement} */ (html`<input id="${id}" class="date" type="${kind.type}">`);
  if (kind.max) input.max = kind.max;
  input.addEventListener('input', () => answer(kind.read(input.value), QUIET));
  return {
    element: input,
    target: input,
    set(value) {
      const shown = kind.show(value);
      if (input.value !== shown) input.value = shown;
    },
  };
}
