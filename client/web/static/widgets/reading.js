// @ts-check
/** An entry's answers, to be read: the form without its controls. */

import { displayText } from '../display.js';
import { fitsGrid } from '../grid-moves.js';
import { html } from '../html.js';
import { childPath, rowPath } from '../paths.js';
import { labelOf, language, t } from '../texts.js';
import { fileSize } from '../typed.js';
import { isSeen } from './control.js';
import { thumbnail } from './thumbnail.js';

/** @typedef {import('../types.js').FormNode} FormNode */
/** @typedef {import('../types.js').NodeState} NodeState */
/** @typedef {{state: (path: string) => NodeState|undefined, reasons: Record<string, string>, blob: (sha256: string) => Promise<Blob>}} Given */

const ATTACHMENTS = new Set(['image', 'audio', 'video', 'file']);

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
  <div class="pair"><span class="pair-label">${label}</span>${value(node, state, given)}</div>`;

/**
 * @param {FormNode} node
 * @param {NodeState} state
 * @param {Given} given
 */
function value(node, state, given) {
  const reason = given.reasons[state.path];
  const said = reason ? html`<small class="read-reason">${t('reason.given-as', { reason })}</small>` : null;
  if (ATTACHMENTS.has(node.type ?? '') && state.value) {
    const file = html`<span class="file">${thumbnail(state.value, given.blob)}<span class="file-name">${state.value.name}</span><span class="file-size">${fileSize(state.value.size, language())}</span></span>`;
    return html`<div class="pair-value">${file}${said}</div>`;
  }
  const text = displayText(node, state, language());
  return html`<div class="pair-value ${text ? '' : 'blank'}"><span>${text || '—'}</span>${said}</div>`;
}

/**
 * @param {FormNode} node
 * @param {string} path
 * @param {string[]} rows
 * @param {Given} given
 */
function readTable(node, path, rows, given) {
  const columns = (node.children ?? []).filter(isSeen);
  const heads = columns.map((column) => html`<table><tr><th scope="col">${labelOf(column.label)}</th></tr></table>`.querySelector('th'));
  const lines = rows.map((row) => {
    const line = document.createElement('tr');
    line.append(...columns.map((column) => readCell(column, childPath(rowPath(path, row), column.name), given)));
    return line;
  });
  const table = html`<table class="grid read"><thead><tr>${heads}</tr></thead><tbody>${lines}</tbody></table>`;
  return html`<div class="grid-box" tabindex="0" role="region" aria-label="${labelOf(node.label)}">${table}</div>`;
}

/**
 * @param {FormNode} column
 * @param {string} path
 * @param {Given} given
 */
function readCell(column, path, given) {
  const cell = document.createElement('td');
  cell.dataset.type = column.type;
  const state = given.state(path);
  if (!state) return cell;
  cell.append(html`<span class="cell-label">${state.label ?? labelOf(column.label)}</span>`);
  if (state.relevant) cell.append(value(column, state, given));
  return cell;
}
