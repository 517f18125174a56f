// @ts-check
/** Questions that stand together under a heading. */

import { find, html } from '../html.js';
import { write } from '../markdown.js';
import { childPath, elementId } from '../paths.js';

/**
 * @param {import('../types.js').FormNode} node
 * @param {string} path
 * @param {import('../types.js').Drawing} drawing
 * @returns {import('../types.js').NodeView}
 */
export function group(node, path, drawing) {
  const id = elementId(path);
  const children = (node.children ?? []).map((child) => drawing.draw(child, childPath(path, child.name)).element);
  const element = html`
    <section class="group" data-path="${path}" aria-labelledby="${id}-label" hidden>
      <h2 class="group-label" id="${id}-label"></h2>
      <p class="hint" hidden></p>
      <div class="fields">${children}</div>
    </section>`;
  const heading = find(element, '.group-label');
  const hint = find(element, '.hint');
  return {
    element,
    update(state) {
      element.hidden = !state.relevant;
      heading.hidden = !state.label;
      write(heading, state.label ?? '');
      hint.hidden = !state.hint;
      write(hint, state.hint ?? '');
    },
  };
}
