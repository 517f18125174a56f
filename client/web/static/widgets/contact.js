// @ts-check
/** Whether the server was reached, since when not, and what warns for good. */

import { find, html } from '../html.js';
import { ago } from '../moments.js';
import { hasText, language, t } from '../texts.js';

/** @typedef {import('../types.js').Status} Status */

/**
 * The words for a problem of the last round.
 * @param {import('../types.js').Why|null|undefined} problem
 */
export const problemText = (problem) => {
  if (!problem) return '';
  const key = `sync.${problem.code}`;
  return hasText(key) ? t(key) : problem.message;
};

/**
 * @param {Status} status
 */
function words(status) {
  const last = status.last_contact ? ago(status.last_contact, language(), new Date()) : '';
  if (!status.server) return { state: 'off', text: t('contact.none'), more: t('contact.enrol') };
  if (status.problem) {
    const more = last ? `${problemText(status.problem)} · ${t('contact.last', { ago: last })}` : problemText(status.problem);
    return { state: 'off', text: t('contact.off'), more };
  }
  if (!last) return { state: 'busy', text: t('contact.never'), more: '' };
  return { state: 'on', text: t('contact.on'), more: t('contact.last', { ago: last }) };
}

/**
 * @param {Status|null} status
 * @param {boolean} isLost the client itself does not answer
 * @param {() => Promise<void>} sync
 */
export function contact(status, isLost, sync) {
  const said = isLost || !status ? { state: 'off', text: t('contact.lost'), more: t('contact.lost-more') } : words(status);
  const button = /** @type {HTMLButtonElement} */ (html`
    <button type="button" class="quiet" data-key="sync">${t('contact.sync')}</button>`);
  button.hidden = isLost || !status?.server;
  button.addEventListener('click', () => {
    button.disabled = true;
    void sync().finally(() => { button.disabled = false; });
  });
  return html`
    <div class="contact" data-state="${said.state}">
      <span class="dot" aria-hidden="true"></span>
      <span class="contact-words" role="status"><span>${said.text}</span> <small>${said.more}</small></span>
      ${button}
    </div>`;
}

/** @param {Status} status */
export function warnings(status) {
  if (!status.warnings.length && !status.age_alarm) return null;
  const list = html`<div class="warnings"></div>`;
  if (status.age_alarm) {
    list.append(html`<p class="warning ${status.age_alarm > 1 ? 'grave' : ''}" role="note"><span aria-hidden="true">⚠</span> ${t(`alarm.${status.age_alarm}`)} <a href="#offline-title">${t('alarm.way')}</a></p>`);
  }
  for (const warning of status.warnings) {
    const key = `warning.${warning.code}`;
    const text = hasText(key) ? t(key, { server: status.server ?? '' }) : `${warning.message} ${warning.hint}`;
    list.append(html`<p class="warning" role="note"><span aria-hidden="true">⚠</span> ${text}</p>`);
  }
  return find(list, 'p') && list;
}
