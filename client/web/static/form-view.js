// @ts-check
/** The drawn form: the tree is drawn once, then only what a change names is drawn again. */

import { fitsGrid } from './grid-moves.js';
import { html } from './html.js';
import { isUnder } from './paths.js';
import { States } from './states.js';
import { cards } from './widgets/cards.js';
import { isSeen } from './widgets/control.js';
import { field, note } from './widgets/field.js';
import { grid } from './widgets/grid.js';
import { group } from './widgets/group.js';

/** @typedef {import('./types.js').FormNode} FormNode */
/** @typedef {import('./types.js').NodeView} NodeView */

/** A place that no person sees. @returns {NodeView} */
const unseen = () => ({ element: html`<span hidden></span>`, update() {} });

/**
 * @param {FormNode} node
 */
function widgetOf(node) {
  if (node.kind === 'group') return group;
  if (node.kind === 'repeat') return fitsGrid(node) ? grid : cards;
  if (!isSeen(node)) return unseen;
  return node.type === 'note' ? note : field;
}

export class FormView {
  states = new States();
  /** @type {Map<string, NodeView>} */
  #views = new Map();

  /**
   * @param {import('./types.js').View} view
   * @param {Pick<import('./types.js').Drawing, 'emit'|'isHeld'|'isTouched'|'blob'|'contested'>} person
   */
  constructor(view, person) {
    this.survey = view.definition.survey;
    this.states.replace(view.states);
    /** @type {import('./types.js').Drawing} */
    this.drawing = {
      ...person,
      state: (path) => this.states.get(path),
      draw: (node, path) => this.#draw(node, path),
      register: (path, drawn) => { this.#register(path, drawn); },
      isFilled: (path) => this.states.isFilled(path),
    };
    const drawn = this.survey.map((node) => this.#draw(node, node.name).element);
    this.element = html`<div class="fields">${drawn}</div>`;
  }

  /** @param {import('./types.js').Change} change */
  apply(change) {
    const paths = this.states.apply(change);
    for (const gone of change.removed ?? []) this.#forget(gone);
    for (const path of paths) this.#update(path);
  }

  /**
   * Take everything in anew, and draw it.
   * @param {import('./types.js').NodeState[]} states
   */
  replace(states) {
    this.states.replace(states);
    for (const path of [...this.#views.keys()]) {
      if (!this.states.get(path)) this.#views.delete(path);
    }
    for (const state of states) this.#update(state.path);
  }

  /** @param {string} path */
  focus(path) {
    const view = this.#views.get(path);
    const place = view?.element ?? this.element.querySelector(`[data-path="${CSS.escape(path)}"]`);
    place?.scrollIntoView({ block: 'center' });
    if (view?.focus) view.focus();
    else /** @type {HTMLElement|null|undefined} */ (place?.querySelector('input, select, textarea, button'))?.focus();
  }

  /** @param {string} path */
  settle(path) {
    this.#views.get(path)?.settle?.();
  }

  /** Draw again what says that something is missing. */
  settleAll() {
    for (const path of this.#views.keys()) this.#update(path);
  }

  /**
   * @param {FormNode} node
   * @param {string} path
   */
  #draw(node, path) {
    const view = widgetOf(node)(node, path, this.drawing);
    this.#register(path, view);
    return view;
  }

  /**
   * @param {string} path
   * @param {NodeView} view
   */
  #register(path, view) {
    this.#views.set(path, view);
    this.#update(path);
  }

  /** @param {string} path */
  #update(path) {
    const state = this.states.get(path);
    if (state) this.#views.get(path)?.update(state);
  }

  /** @param {string} gone */
  #forget(gone) {
    for (const path of [...this.#views.keys()]) {
      if (isUnder(path, gone)) this.#views.delete(path);
    }
  }
}
