// @ts-check
/** Which control answers a question. */

import { t } from '../texts.js';
import { attachmentControl } from './attachment.js';
import { acknowledgeControl, checksControl } from './checks.js';
import { dateControl } from './date.js';
import { geopointControl } from './geopoint.js';
import { numberControl } from './number.js';
import { outputControl } from './output.js';
import { radiosControl } from './radios.js';
import { selectControl } from './select.js';
import { textControl } from './text.js';

/**
 * @typedef {object} Asked what a control is made for
 * @property {string} id
 * @property {import('../types.js').FormNode} node
 * @property {boolean} isCell
 * @property {(value: any, quiet?: number) => void} answer
 * @property {(file: File) => void} attach
 * @property {(sha256: string) => Promise<Blob>} blob
 */

/** @typedef {import('../types.js').NodeState} NodeState */

const FEW = 8;
const ATTACHMENTS = new Set(['image', 'audio', 'video', 'file']);
const UNSEEN = new Set(['calculate', 'hidden', 'start', 'end', 'today', 'deviceid', 'username']);

/** @type {Record<string, (asked: Asked) => import('../types.js').Control>} */
const BY_KIND = {
  integer: numberControl,
  decimal: numberControl,
  date: dateControl,
  time: dateControl,
  datetime: dateControl,
  select_multiple: checksControl,
  radios: radiosControl,
  select: selectControl,
  attachment: attachmentControl,
  geopoint: geopointControl,
  output: outputControl,
  acknowledge: (asked) => acknowledgeControl(asked, t('acknowledge')),
};

/**
 * Tell whether a person ever sees the question.
 * @param {import('../types.js').FormNode} node
 */
export const isSeen = (node) => !UNSEEN.has(node.type ?? '');

/**
 * The kind of control that a question takes now; another one is made when this changes.
 * @param {import('../types.js').FormNode} node
 * @param {NodeState} state
 * @param {boolean} isCell
 */
export function controlKind(node, state, isCell) {
  if (state.read_only) return 'output';
  if (ATTACHMENTS.has(node.type ?? '')) return 'attachment';
  if (node.type !== 'select_one') return node.type ?? 'text';
  const isFew = (state.choices?.length ?? 0) > 0 && (state.choices?.length ?? 0) <= FEW;
  return !isCell && isFew && !node.appearance.includes('minimal') ? 'radios' : 'select';
}

/**
 * @param {string} kind
 * @param {Asked} asked
 */
export const makeControl = (kind, asked) => (BY_KIND[kind] ?? textControl)(asked);
