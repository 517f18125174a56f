// @ts-check
/** An entry's answers, to be read: the form without its controls. */

import { fitsGrid } from '../grid-moves.js';
import { html } from '../html.js';
import { childPath, rowPath } from '../paths.js';
import { labelOf, t } from '../texts.js';
import { isSeen } from './control.js';
import { readTable } from './read-table.js';
import { readValue } from './read-value.js';

/** @typedef {import('../types.js').FormNode} FormNode */
/** @typedef {import('../types.js').NodeState} NodeState */
/** @typedef {import('./read-value.js').Given} Given */

/**
 * @param {import('../types.js').EntryView} entry
 * @param {(sha256: string) => Promise<Blob>} blob
 */
export function reading(entry, blob) {
  if (!entry.definition) return html`<p class="none">${t('entry.no-form')}</p>`;
  const states = new Map(entry.states.map((state) => [state.path, state]));
  const given = { state: (/** @type {string} */ path) => states.get(path), reasons: entry.reasons, blob };
  return html`<div class="reading">${parts(entry.definition.survey, '', given)}</div>`;
}

/**
 * @param {FormNode[]} nodes
 * @param {string} parent
 * @param {Given} given
 * @returns {(HTMLElement|null)[]}
 */
const parts = (nodes, parent, given) => nodes.map((node) => part(node, childPath(parent, node.name), given));

/**
 * @param {FormNode} node
 * @param {string} path
 * @param {Given} given
 */
function part(node, path, given) {
  const state = given.state(path);
  if (!state?.relevant) return null;
  const label = state.label ?? labelOf(node.label);
  if (node.kind === 'question') return node.type === 'note' || !isSeen(node) ? null : pair(label, node, state, given);
  if (node.kind === 'group') return html`<section class="read-group"><h2>${label}</h2>${parts(node.children ?? [], path, given)}</section>`;
  const rows = state.rows ?? [];
  const body = !rows.length ? html`<p class="none">${t('row.none')}</p>` : fitsGrid(node) ? readTable(node, path, rows, given)
    : html`<div>${rows.map((row) => html`<div class="read-row">${parts(node.children ?? [], rowPath(path, row), given)}</div>`)}</div>`;
  return html`<section class="read-group"><h2>${label} <span class="count">${t('row.count', { count: rows.length })}</span></h2>${body}</section>`;
}

/**
 * @param {string} label
 * @param {FormNode} node
 * @param {NodeState} state
 * @param {Given} given
 */
const pair = (label, node, state, given) => html`
  <div class="pair"><span class="pair-label">${label}</span>${readValue(node, state, given)}</div>`;
