// @ts-check
/** Any number of choices; the value keeps the order of the choices. */

import { html } from '../html.js';

/**
 * @param {import('./control.js').Asked} asked
 * @returns {import('../types.js').Control}
 */
export function checksControl({ id, answer }) {
  const element = html`<div id="${id}" class="choices choice-box" tabindex="-1"></div>`;
  /** @type {import('../types.js').Choice[]|undefined} */
  let drawn;
  const boxes = () => [.../** @type {NodeListOf<HTMLInputElement>} */ (element.querySelectorAll('input'))];
  element.addEventListener('change', () => {
    const chosen = boxes().filter((box) => box.checked).map((box) => box.value);
    answer(chosen.length ? chosen : null);
  });
  return {
    element,
    target: element,
    isGroup: true,
    set(value) {
      const chosen = new Set(Array.isArray(value) ? value : []);
      for (const box of boxes()) box.checked = chosen.has(box.value);
    },
    update(state) {
      if (drawn === state.choices) return;
      drawn = state.choices ?? [];
      element.replaceChildren(...drawn.map((choice) => html`
        <label class="choice"><input type="checkbox" value="${choice.name}"><span>${choice.label}</span></label>`));
    },
  };
}

/**
 * @param {import('./control.js').Asked} asked
 * @param {string} words
 * @returns {import('../types.js').Control}
 */
export function acknowledgeControl({ id, answer }, words) {
  const box = /** @type {HTMLInputElement} */ (html`<input id="${id}" type="checkbox">`);
  box.addEventListener('change', () => answer(box.checked ? 'OK' : null));
  return {
    element: html`<label class="choice">${box}<span>${words}</span></label>`,
    target: box,
    set(value) { box.checked = value === 'OK'; },
  };
}
