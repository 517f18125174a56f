// @ts-check
/** One answer, to be read, with the reason that was given for it. */

import { displayText } from '../display.js';
import { html } from '../html.js';
import { language, t } from '../texts.js';
import { fileSize } from '../typed.js';
import { thumbnail } from './thumbnail.js';

/** @typedef {import('../types.js').NodeState} NodeState */
/** @typedef {{state: (path: string) => NodeState|undefined, reasons: Record<string, string>, blob: (sha256: string) => Promise<Blob>}} Given */

const ATTACHMENTS = new Set(['image', 'audio', 'video', 'file']);

/**
 * @param {import('../types.js').FormNode} node
 * @param {NodeState} state
 * @param {Given} given
 */
export function readValue(node, state, given) {
  const reason = given.reasons[state.path];
  const said = reason ? html`<small class="read-reason">${t('reason.given-as', { reason })}</small>` : null;
  if (ATTACHMENTS.has(node.type ?? '') && state.value) {
    const file = html`<span class="file">${thumbnail(state.value, given.blob)}<span class="file-name">${state.value.name}</span><span class="file-size">${fileSize(state.value.size, language())}</span></span>`;
    return html`<div class="pair-value">${file}${said}</div>`;
  }
  const text = displayText(node, state, language());
  return html`<div class="pair-value ${text ? '' : 'blank'}"><span>${text || '—'}</span>${said}</div>`;
}
