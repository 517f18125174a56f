// @ts-check
/**
 * What is contested, as a person decides it: pure, without a page.
 *
 *  - Heads that say the same stand for one option.
 *  - Under a row that goes, and in an entry that is taken back, nothing else has to be decided.
 */

import { isUnder } from './paths.js';

/** @typedef {import('./types.js').Contender} Contender */
/** @typedef {{head: string, heads: string[], contender: Contender, isShown: boolean}} Option */

/**
 * @param {Contender[]} contenders
 * @returns {Option[]}
 */
export function optionsOf(contenders) {
  /** @type {Map<string, Option>} */
  const found = new Map();
  for (const each of contenders) {
    const same = JSON.stringify([each.present, each.value, each.reason]);
    const option = found.get(same) ?? { head: each.head, heads: [], contender: each, isShown: false };
    option.heads.push(each.head);
    option.isShown ||= each.shown;
    found.set(same, option);
  }
  return [...found.values()];
}

/**
 * @param {string} path
 * @returns {'entry'|'order'|'row'|'value'}
 */
export function kindOf(path) {
  if (path === '') return 'entry';
  if (path.endsWith('#order')) return 'order';
  return path.endsWith(']') ? 'row' : 'value';
}

/**
 * The paths that are left to decide once some contenders were chosen.
 * @param {string[]} paths
 * @param {Map<string, {present: boolean, value: any}>} chosen by path
 */
export function needed(paths, chosen) {
  if (chosen.get('')?.value === 'void') return paths.filter((path) => path === '');
  const gone = [...chosen].filter(([path, each]) => kindOf(path) === 'row' && !each.present).map(([path]) => path);
  return paths.filter((path) => !gone.some((row) => row !== path && isUnder(path, row)));
}

/**
 * The definition path of an instance path: `contests[9f3a]/project` is asked by `contests/project`.
 * @param {string} path
 */
export const askedBy = (path) => path.replace(/\[[^\]]*\]/g, '');

/**
 * An order of rows as the positions that they have now; null is a row that is not there.
 * @param {any} order
 * @param {readonly string[]} now
 * @returns {(number|null)[]}
 */
export const positions = (order, now) =>
  (Array.isArray(order) ? order : []).map((row) => (now.includes(row) ? now.indexOf(row) + 1 : null));
