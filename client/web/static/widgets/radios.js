// @ts-check
/** One of few choices, all of them in sight. */

import { html } from '../html.js';
import { t } from '../texts.js';

/**
 * @param {import('./control.js').Asked} asked
 * @returns {import('../types.js').Control}
 */
export function radiosControl({ id, answer }) {
  const list = html`<div class="choices"></div>`;
  const clear = html`<button type="button" class="quiet clear" hidden>${t('choice.clear')}</button>`;
  const element = html`<div id="${id}" class="choice-box" tabindex="-1">${list}${clear}</div>`;
  /** @type {import('../types.js').Choice[]|undefined} */
  let drawn;
  let value = '';
  let isRequired = false;
  const mark = () => {
    for (const radio of /** @type {NodeListOf<HTMLInputElement>} */ (list.querySelectorAll('input'))) {
      radio.checked = radio.value === value;
    }
    clear.hidden = !value || isRequired;
  };
  list.addEventListener('change', (event) => {
    value = /** @type {HTMLInputElement} */ (event.target).value;
    mark();
    answer(value);
  });
  clear.addEventListener('click', () => {
    value = '';
    mark();
    answer(null);
    list.querySelector('input')?.focus();
  });
  return {
    element,
    target: element,
    isGroup: true,
    set(given) { value = given ?? ''; mark(); },
    update(state) {
      isRequired = state.required;
      if (drawn !== state.choices) {
        drawn = state.choices ?? [];
        list.replaceChildren(...drawn.map((choice) => html`
          <label class="choice"><input type="radio" name="${id}" value="${choice.name}"><span>${choice.label}</span></label>`));
      }
      mark();
    },
  };
}
