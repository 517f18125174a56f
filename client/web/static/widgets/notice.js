// @ts-check
/** A line that tells of trouble, and goes when the person has read it. */

import { find, html } from '../html.js';
import { t } from '../texts.js';

export function notice() {
  const element = html`
    <div class="notice" role="alert" hidden><span></span><button type="button" class="quiet">${t('close')}</button></div>`;
  find(element, 'button').addEventListener('click', () => { element.hidden = true; });
  return {
    element,
    /** @param {string} text */
    say(text) {
      find(element, 'span').textContent = text;
      element.hidden = false;
      element.scrollIntoView({ block: 'nearest' });
    },
  };
}
