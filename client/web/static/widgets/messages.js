// @ts-check
/** What is wrong with a node, said at the node; and the reason that lets a soft constraint pass. */

import { find, html } from '../html.js';
import { t } from '../texts.js';
import { QUIET, onTyped } from './text.js';

/** @typedef {import('../types.js').NodeState} NodeState */

const QUIET_CODES = new Set(['required', 'min_rows']);
const SOFT_CODES = new Set(['soft_constraint', 'reason']);

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

/**
 * The box for the reason; shown while a soft constraint is broken.
 * @param {string} path
 * @param {string} id
 * @param {import('../types.js').Drawing} drawing
 */
export function reasonBox(path, id, drawing) {
  const element = html`
    <div class="reason" hidden>
      <label for="${id}">${t('reason.label')}</label>
      <textarea id="${id}" class="grows" rows="1" autocomplete="off" placeholder="${t('reason.example')}"></textarea>
      <p class="reason-state" role="status"></p>
    </div>`;
  const area = /** @type {HTMLTextAreaElement} */ (find(element, 'textarea'));
  const said = find(element, '.reason-state');
  onTyped(area, () => drawing.emit({ kind: 'reason', path, reason: area.value }, QUIET));
  return {
    element,
    /** @param {NodeState} state */
    draw(state) {
      element.hidden = !state.relevant || state.reason === undefined;
      if (element.hidden) return;
      if (!drawing.isHeld(path)) area.value = state.reason ?? '';
      const isGiven = !state.violations.some((each) => SOFT_CODES.has(each.code));
      element.classList.toggle('given', isGiven);
      said.textContent = isGiven ? t('reason.given') : '';
    },
  };
}
