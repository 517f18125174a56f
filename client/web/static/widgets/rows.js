// @ts-check
/** Keeping drawn rows in step with the row ids of a repeat. */

import { rowPath } from '../paths.js';

/** @typedef {{element: HTMLElement}} Row */

/**
 * Draw exactly these rows, in this order; rows that stay are moved, never made again.
 * @template {Row} R
 * @param {HTMLElement} list
 * @param {Element|null} end rows stand before it
 * @param {readonly string[]} ids
 * @param {Map<string, R>} drawn
 * @param {(id: string) => R} make
 */
export function placeRows(list, end, ids, drawn, make) {
  const wanted = new Set(ids);
  for (const [id, row] of [...drawn]) {
    if (wanted.has(id)) continue;
    row.element.remove();
    drawn.delete(id);
  }
  let cursor = /** @type {Element|null} */ (ids.length ? firstOf(drawn, list) ?? end : end);
  for (const id of ids) {
    const row = drawn.get(id) ?? make(id);
    drawn.set(id, row);
    if (row.element === cursor) cursor = cursor.nextElementSibling;
    else list.insertBefore(row.element, cursor);
  }
}

/**
 * @param {Map<string, Row>} drawn
 * @param {HTMLElement} list
 */
function firstOf(drawn, list) {
  const elements = new Set([...drawn.values()].map((row) => row.element));
  return [...list.children].find((child) => elements.has(/** @type {HTMLElement} */ (child))) ?? null;
}

/**
 * What a person may do with a row; `after` is the row that it goes behind.
 * @param {readonly string[]} ids
 * @param {string} id
 */
export function neighbours(ids, id) {
  const at = ids.indexOf(id);
  return {
    before: at > 1 ? ids[at - 2] : null,
    isFirst: at === 0,
    next: ids[at + 1],
    isLast: at === ids.length - 1,
  };
}

/**
 * @param {string} repeat
 * @param {readonly string[]} ids
 * @param {string} id
 * @returns {Record<'up'|'down'|'below'|'remove', import('../types.js').Step|null>}
 */
export function rowSteps(repeat, ids, id) {
  const { before, isFirst, next, isLast } = neighbours(ids, id);
  const path = rowPath(repeat, id);
  return {
    up: isFirst ? null : { kind: 'move-row', path, after: before },
    down: isLast ? null : { kind: 'move-row', path, after: next },
    below: { kind: 'add-row', path: repeat, after: id },
    remove: { kind: 'remove-row', path },
  };
}
