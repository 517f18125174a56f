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
 * The box for the reason; made when a soft constraint is first broken, shown while it is.
 * @param {string} path
 * @param {string} id
 * @param {import('../types.js').Drawing} drawing
 */
export function reasonBox(path, id, drawing) {
  const element = html`<div class="reason" hidden></div>`;
  /** @type {ReturnType<typeof fillBox>|null} */
  let box = null;
  return {
    element,
    /**
     * @param {NodeState} state
     * @param {string} name
     */
    draw(state, name) {
      element.hidden = !state.relevant || state.reason === undefined;
      if (element.hidden) return;
      box ??= fillBox(element, id, (reason) => drawing.emit({ kind: 'reason', path, reason }, QUIET));
      if (!drawing.isHeld(path)) box.area.value = state.reason ?? '';
      const isGiven = !state.violations.some((each) => SOFT_CODES.has(each.code));
      element.classList.toggle('given', isGiven);
      box.name.textContent = name;
      box.said.textContent = isGiven ? t('reason.given') : '';
    },
  };
}

/**
 * @param {HTMLElement} element
 * @param {string} id
 * @param {(reason: string) => void} give
 */
function fillBox(element, id, give) {
  element.append(
    html`<label for="${id}"><span class="reason-for"></span> <span>${t('reason.label')}</span></label>`,
    html`<textarea id="${id}" class="grows" rows="1" autocomplete="off" placeholder="${t('reason.example')}"></textarea>`,
    html`<p class="reason-state" role="status"></p>`,
  );
  const area = /** @type {HTMLTextAreaElement} */ (find(element, 'textarea'));
  onTyped(area, () => give(area.value));
  return { area, name: find(element, '.reason-for'), said: find(element, '.reason-state') };
}
