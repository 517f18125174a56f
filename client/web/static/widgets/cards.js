// @ts-check
/** A repeat whose rows are cards, one below the other. */

import { find, html } from '../html.js';
import { childPath, rowPath } from '../paths.js';
import { t } from '../texts.js';
import { actOnRow, repeatFrame } from './repeat-frame.js';
import { placeRows } from './rows.js';

/**
 * @param {import('../types.js').FormNode} node
 * @param {string} path
 * @param {import('../types.js').Drawing} drawing
 * @returns {import('../types.js').NodeView}
 */
export function cards(node, path, drawing) {
  const list = html`<div class="cards"></div>`;
  const frame = repeatFrame(path, list, drawing);
  /** @type {Map<string, ReturnType<typeof card>>} */
  const drawn = new Map();
  let wantsFocus = false;
  frame.button.addEventListener('click', () => {
    wantsFocus = true;
    drawing.emit({ kind: 'add-row', path, after: null });
  });
  return {
    element: frame.element,
    update(state) {
      const known = new Set(drawn.keys());
      placeRows(list, null, state.rows ?? [], drawn, (row) => card(node, path, row, drawing, () => { wantsFocus = true; }));
      (state.rows ?? []).forEach((row, index) => drawn.get(row)?.number(index + 1));
      frame.update(state);
      const fresh = (state.rows ?? []).find((row) => !known.has(row));
      if (wantsFocus && fresh) {
        wantsFocus = false;
        requestAnimationFrame(() => drawn.get(fresh)?.focus());
      }
    },
    focus: () => frame.button.focus(),
  };
}

/**
 * @param {import('../types.js').FormNode} node
 * @param {string} path
 * @param {string} row
 * @param {import('../types.js').Drawing} drawing
 * @param {() => void} onAdd
 */
function card(node, path, row, drawing, onAdd) {
  const own = rowPath(path, row);
  const views = (node.children ?? []).map((child) => drawing.draw(child, childPath(own, child.name)));
  const more = html`<button type="button" class="quiet row-more">${t('row.more')}</button>`;
  const element = html`
    <section class="card" data-path="${own}">
      <header class="card-head"><h3 class="card-number"></h3>${more}</header>
      <div class="fields">${views.map((view) => view.element)}</div>
    </section>`;
  more.addEventListener('click', () => actOnRow(path, row, drawing, (act) => { if (act === 'below') onAdd(); }));
  return {
    element,
    /** @param {number} number */
    number(number) {
      const words = t('row.title', { number });
      find(element, '.card-number').textContent = words;
      element.setAttribute('aria-label', words);
      more.setAttribute('aria-label', `${words}: ${t('row.more')}`);
    },
    focus: () => views.find((view) => view.focus && !view.element.hidden)?.focus?.(),
  };
}
