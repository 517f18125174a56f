// @ts-check
/** What is wrong with a node, said at the node. */

import { html } from '../html.js';

/** @typedef {import('../types.js').NodeState} NodeState */

const QUIET_CODES = new Set(['required', 'min_rows']);
export const SOFT_CODES = new Set(['soft_constraint', 'reason']);

/**
 * What is to be said now: that something is missing only once the person has been there.
 * @param {NodeState} state
 * @param {boolean} isTouched
 */
export const spoken = (state, isTouched) =>
  (state.relevant ? state.violations : []).filter((each) => isTouched || !QUIET_CODES.has(each.code));

/**
 * Tell whether all that is wrong can be passed with a reason.
 * @param {import('../types.js').Violation[]} violations
 */
export const isSoft = (violations) => violations.every((each) => SOFT_CODES.has(each.code));

/**
 * @param {string} id
 */
export function messageList(id) {
  const element = html`<div class="messages" id="${id}"></div>`;
  let drawn = '';
  return {
    element,
    /** @param {import('../types.js').Violation[]} violations */
    draw(violations) {
      const wanted = JSON.stringify(violations);
      if (wanted === drawn) return;
      drawn = wanted;
      element.replaceChildren(...violations.map((each) => html`
        <p class="message ${SOFT_CODES.has(each.code) ? 'soft' : 'hard'}">${each.message}</p>`));
    },
  };
}
