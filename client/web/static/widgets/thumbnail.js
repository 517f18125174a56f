// @ts-check
/** A small picture of an attached picture; for other files their ending. */

import { html } from '../html.js';

const SHOWN = new Set(['image/png', 'image/jpeg', 'image/gif', 'image/webp']);

/**
 * @param {import('../types.js').Attachment} file
 * @param {(sha256: string) => Promise<Blob>} blob
 */
export function thumbnail(file, blob) {
  if (!SHOWN.has(file.type)) {
    const ending = file.name.includes('.') ? file.name.split('.').pop() ?? '' : '';
    return html`<span class="thumbnail ending" aria-hidden="true">${ending.slice(0, 4).toUpperCase() || '·'}</span>`;
  }
  const picture = /** @type {HTMLImageElement} */ (html`<img class="thumbnail" alt="" width="72" height="72">`);
  void show(picture, file, blob);
  return picture;
}

/**
 * @param {HTMLImageElement} picture
 * @param {import('../types.js').Attachment} file
 * @param {(sha256: string) => Promise<Blob>} blob
 */
async function show(picture, file, blob) {
  try {
    const content = await blob(file.sha256);
    picture.src = URL.createObjectURL(content.slice(0, content.size, file.type));
    picture.addEventListener('load', () => URL.revokeObjectURL(picture.src), { once: true });
  } catch {
    picture.classList.add('missing');
  }
}
