// @ts-check
/** What can be read but not answered: calculations, and questions that are read-only. */

import { displayText } from '../display.js';
import { html } from '../html.js';
import { language } from '../texts.js';

/**
 * @param {import('./control.js').Asked} asked
 * @returns {import('../types.js').Control}
 */
export function outputControl({ id, node }) {
  const element = html`<output id="${id}" tabindex="-1"></output>`;
  return {
    element,
    target: element,
    set() {},
    update(state) {
      const text = displayText(node, state, language());
      element.classList.toggle('blank', !text);
      element.classList.toggle('number', node.type === 'integer' || node.type === 'decimal');
      element.textContent = text || '—';
    },
  };
}
