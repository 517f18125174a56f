// @ts-check
/** A file or picture: chosen, copied into this device, shown with its name and size. */

import { find, html } from '../html.js';
import { language, t } from '../texts.js';
import { fileSize } from '../typed.js';
import { thumbnail } from './thumbnail.js';

const ACCEPTS = /** @type {Record<string, string>} */ ({ image: 'image/*', audio: 'audio/*', video: 'video/*' });

/**
 * @param {import('./control.js').Asked} asked
 * @returns {import('../types.js').Control}
 */
export function attachmentControl({ id, node, answer, attach, blob }) {
  const element = html`
    <div class="attachment">
      <div class="attached" hidden></div>
      <div class="attach-row">
        <input id="${id}" class="attach-input" type="file" accept="${node.accept ?? ACCEPTS[node.type ?? ''] ?? ''}">
        <label class="button" for="${id}" aria-hidden="true"></label>
        <span class="attach-busy" role="status"></span>
      </div>
    </div>`;
  const input = /** @type {HTMLInputElement} */ (find(element, 'input'));
  const attached = find(element, '.attached');
  const button = find(element, 'label');
  const busy = find(element, '.attach-busy');
  input.addEventListener('change', () => {
    const [file] = input.files ?? [];
    if (!file) return;
    busy.textContent = t('file.copying', { name: file.name });
    attach(file);
    input.value = '';
  });
  return {
    element,
    target: input,
    set(value) {
      busy.textContent = '';
      button.textContent = t(value ? 'file.replace' : node.type === 'image' ? 'file.choose-image' : 'file.choose');
      attached.hidden = !value;
      if (value?.sha256 === attached.dataset.sha256) return;
      attached.dataset.sha256 = value?.sha256 ?? '';
      attached.replaceChildren(...(value ? [card(value, blob, () => { answer(null); input.focus(); })] : []));
    },
  };
}

/**
 * @param {import('../types.js').Attachment} file
 * @param {(sha256: string) => Promise<Blob>} blob
 * @param {() => void} remove
 */
function card(file, blob, remove) {
  const button = html`<button type="button" class="quiet">${t('file.remove')}</button>`;
  button.addEventListener('click', remove);
  return html`
    <div class="file">
      ${thumbnail(file, blob)}
      <span class="file-name">${file.name}</span>
      <span class="file-size">${fileSize(file.size, language())}</span>
      ${button}
    </div>`;
}
