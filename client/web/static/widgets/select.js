// @ts-check
/** One of many choices, by the browser's own list. */

import { html } from '../html.js';
import { t } from '../texts.js';

/**
 * @param {import('./control.js').Asked} asked
 * @returns {import('../types.js').Control}
 */
export function selectControl({ id, answer }) {
  const select = /** @type {HTMLSelectElement} */ (html`<select id="${id}"></select>`);
  /** @type {import('../types.js').Choice[]|undefined} */
  let drawn;
  let value = '';
  const draw = () => {
    const names = new Set(drawn?.map((choice) => choice.name));
    const stray = value && !names.has(value) ? [html`<option value="${value}">${t('choice.stray', { name: value })}</option>`] : [];
    const blank = html`<option value="">${t(drawn?.length ? 'choice.none' : 'choice.empty')}</option>`;
    select.replaceChildren(blank, ...stray, ...(drawn ?? []).map((choice) =>
      html`<option value="${choice.name}">${choice.label}</option>`));
    select.value = value;
  };
  select.addEventListener('change', () => {
    value = select.value;
    answer(value || null);
  });
  return {
    element: select,
    target: select,
    set(given) {
      const isStray = given && !drawn?.some((choice) => choice.name === given);
      value = given ?? '';
      if (isStray) draw();
      select.value = value;
    },
    update(state) {
      if (drawn && drawn === state.choices) return;
      drawn = state.choices ?? [];
      draw();
    },
  };
}
