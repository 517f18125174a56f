// @ts-check
/** What is known of every node of the open form; changes are merged into it. */

import { childPath, isUnder, rowPath } from './paths.js';

/** @typedef {import('./types.js').NodeState} NodeState */
/** @typedef {import('./types.js').FormNode} FormNode */
/** @typedef {import('./types.js').Violation} Violation */

const KEPT = /** @type {const} */ (['label', 'hint', 'guidance_hint', 'choices', 'rows', 'can_add_row', 'can_remove_row']);

/**
 * Lay a newer state over an older one: what the newer leaves out of texts and lists stays.
 * @param {NodeState|undefined} older
 * @param {NodeState} newer
 * @returns {NodeState}
 */
export function mergeState(older, newer) {
  const merged = { ...newer };
  for (const key of KEPT) {
    if (merged[key] === undefined && older?.[key] !== undefined) {
      Object.assign(merged, { [key]: older[key] });
    }
  }
  return merged;
}

/** The states by instance path. */
export class States {
  /** @type {Map<string, NodeState>} */
  #states = new Map();

  /** @param {string} path */
  get(path) {
    return this.#states.get(path);
  }

  /**
   * Tell whether a person has answered anything under a path.
   * @param {string} above
   */
  isFilled(above) {
    return [...this.#states.values()].some((state) =>
      state.kind === 'question' && state.value !== null && !state.read_only && isUnder(state.path, above));
  }

  /** @param {NodeState[]} states */
  replace(states) {
    this.#states = new Map(states.map((state) => [state.path, state]));
  }

  /**
   * Take a change in; returns the paths that are to be drawn again, parents first.
   * @param {{states: NodeState[], removed?: string[]}} change
   */
  apply(change) {
    for (const state of change.states) {
      this.#states.set(state.path, mergeState(this.#states.get(state.path), state));
    }
    for (const gone of change.removed ?? []) this.#drop(gone);
    return change.states.map((state) => state.path).filter((path) => this.#states.has(path));
  }

  /** @param {string} gone */
  #drop(gone) {
    for (const path of [...this.#states.keys()]) {
      if (isUnder(path, gone)) this.#states.delete(path);
    }
  }
}

/**
 * List what is wrong, in the order of the form, each with the label of its question.
 * @param {FormNode[]} nodes
 * @param {(path: string) => NodeState|undefined} state
 * @param {string} [parent]
 * @returns {(Violation & {label: string, row: number|null})[]}
 */
export function listViolations(nodes, state, parent = '') {
  return nodes.flatMap((node) => {
    const path = childPath(parent, node.name);
    const drawn = state(path);
    if (!drawn?.relevant) return [];
    const own = drawn.violations.map((each) => ({ ...each, label: drawn.label ?? node.name, row: null }));
    return [...own, ...below(node, path, drawn, state)];
  });
}

/**
 * @param {FormNode} node
 * @param {string} path
 * @param {NodeState} drawn
 * @param {(path: string) => NodeState|undefined} state
 */
function below(node, path, drawn, state) {
  const children = node.children ?? [];
  if (node.kind === 'group') return listViolations(children, state, path);
  return (drawn.rows ?? []).flatMap((row, index) =>
    listViolations(children, state, rowPath(path, row)).map((each) => ({ ...each, row: index + 1 })));
}
