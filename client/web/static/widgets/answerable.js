// @ts-check
/** The answerable part of a question, wherever it stands: in a field of its own or in a cell. */

import { elementId } from '../paths.js';
import { controlKind, makeControl } from './control.js';
import { isSoft } from './messages.js';

/** @typedef {import('../types.js').NodeState} NodeState */

const STABLE = new Set(['radios', 'select']);
const FEW_ENOUGH = 12;

/**
 * @param {string} was
 * @param {string} wanted
 * @param {NodeState} state
 */
function kindNow(was, wanted, state) {
  // A cascade that changes how many choices there are does not turn radios into a list and back.
  const isStable = STABLE.has(was) && STABLE.has(wanted) && (state.choices?.length ?? 0) <= FEW_ENOUGH;
  return isStable ? was : wanted;
}

/**
 * @param {import('../types.js').FormNode} node
 * @param {string} path
 * @param {import('../types.js').Drawing} drawing
 * @param {{isCell: boolean, describedBy: string}} place
 */
export function answerable(node, path, drawing, { isCell, describedBy }) {
  const asked = {
    id: elementId(path), node, isCell, blob: drawing.blob,
    answer: (/** @type {any} */ value, /** @type {number|undefined} */ quiet) =>
      drawing.emit({ kind: 'answer', path, value }, quiet),
    attach: (/** @type {File} */ file) => drawing.emit({ kind: 'attach', path, file }),
  };
  let kind = '';
  /** @type {import('../types.js').Control} */
  let control;
  return {
    get control() { return control; },
    get kind() { return kind; },
    /**
     * Draw the control; tells whether it is another one than before.
     * @param {NodeState} state
     * @param {import('../types.js').Violation[]} said
     */
    draw(state, said) {
      const wanted = kindNow(kind, controlKind(node, state, isCell), state);
      const isNew = wanted !== kind;
      const before = control;
      if (isNew) {
        kind = wanted;
        control = makeControl(kind, asked);
        before?.element.replaceWith(control.element);
        control.target.setAttribute('aria-describedby', describedBy);
      }
      control.update?.(state);
      if (isNew || !drawing.isHeld(path)) control.set(state.value);
      describe(control, kind, state, said);
      return isNew;
    },
  };
}

/**
 * @param {import('../types.js').Control} control
 * @param {string} kind
 * @param {NodeState} state
 * @param {import('../types.js').Violation[]} said
 */
function describe(control, kind, state, said) {
  const { target } = control;
  if (control.isGroup) target.setAttribute('role', kind === 'radios' ? 'radiogroup' : 'group');
  target.classList.toggle('soft', said.length > 0 && isSoft(said));
  if (kind === 'output') return;
  if (said.length) target.setAttribute('aria-invalid', 'true');
  else target.removeAttribute('aria-invalid');
  if (kind !== 'select_multiple') target.setAttribute('aria-required', String(state.required));
}
