// @ts-check
/** At a question: that something else is said elsewhere. */

import { html } from '../html.js';
import { t } from '../texts.js';

/**
 * @param {string} id
 * @param {string} values what is said, and by whom; '' where nothing contradicts
 */
export const contestedNote = (id, values) =>
  (values ? html`<p class="contested-note" id="${id}">${t('edit.contested-here', { values })}</p>` : null);
