// @ts-check
/** The rows of a grid, to be read. */

import { html } from '../html.js';
import { childPath, rowPath } from '../paths.js';
import { labelOf } from '../texts.js';
import { isSeen } from './control.js';
import { readValue } from './read-value.js';

/** @typedef {import('../types.js').FormNode} FormNode */
/** @typedef {import('./read-value.js').Given} Given */

/**
 * @param {FormNode} node
 * @param {string} path
 * @param {string[]} rows
 * @param {Given} given
 */
export function readTable(node, path, rows, given) {
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
  if (state.relevant) cell.append(readValue(column, state, given));
  return cell;
}
