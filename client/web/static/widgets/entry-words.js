// @ts-check
/** The words for what became of an entry, and the marks beside them. */

import { html } from '../html.js';
import { shortTime } from '../moments.js';
import { language, t } from '../texts.js';
import { areAllPhotos, daysWaited, percentOf } from '../waiting.js';
import { problemText } from './contact.js';

/** @typedef {import('../types.js').Listed} Listed */
/** @typedef {import('../types.js').Status} Status */

/** @param {string} moment */
const time = (moment) => shortTime(moment, language(), new Date());

/** @param {Listed} entry */
export function stateWords(entry) {
  if (entry.state !== 'saved' || !entry.text_delivered || !entry.files_waiting) return t(`state.${entry.state}`);
  const key = areAllPhotos(entry.files ?? []) ? 'state.text_delivered.photos' : 'state.text_delivered';
  return t(key, { count: entry.files_waiting });
}

/** @param {Listed} entry */
export const stateMark = (entry) => html`<span class="state" data-state="${entry.state}">${stateWords(entry)}</span>`;

/**
 * Since when an entry is what it is, and why it waits.
 * @param {Listed} entry
 * @param {Status} [status]
 */
export function since(entry, status) {
  const waits = entry.state === 'saved';
  const first = t(waits ? 'entry.since' : 'entry.made', { time: time(entry.since) });
  const from = entry.is_own ? '' : t('entry.elsewhere');
  return [first, from, why(entry, status)].filter(Boolean).join(' · ');
}

/**
 * @param {Listed} entry
 * @param {Status} [status]
 */
export function why(entry, status) {
  if (entry.state === 'quarantined') return t('why.quarantined');
  if (entry.code === 'damaged') return t('why.damaged');
  if (entry.state === 'set_aside') return entry.message || t('why.set_aside');
  if (entry.state !== 'saved' || !status) return '';
  const own = entry.message && !entry.text_delivered ? { code: entry.code ?? '', message: entry.message } : null;
  const problem = status.problem ?? own ?? status.why;
  return problem ? t('waiting.why', { problem: problemText(problem) }) : t('why.waiting');
}

/**
 * What else a person should see of an entry at a glance.
 * @param {Listed} entry
 * @param {Status} [status]
 */
export function marks(entry, status) {
  const days = entry.state === 'saved' && status ? daysWaited(entry.since, status.age_alarm, Date.now()) : null;
  const contested = entry.contested.length;
  return [
    contested > 0 && html`<span class="badge warn">${t('mark.conflict', { count: contested })}</span>`,
    entry.operation === 'void' && html`<span class="badge">${t('mark.void')}</span>`,
    entry.draft && entry.state !== 'draft' && html`<a class="badge link" href="/fill/${entry.entry}" data-key="edit-${entry.entry}">${t('mark.draft')}</a>`,
    days && html`<span class="badge ${days === 1 ? 'warn' : 'wrong'}">${t('entry.days', { days })}</span>`,
    entry.exported_at && entry.state === 'saved' && html`<span class="badge">${t('mark.exported', { time: time(entry.exported_at) })}</span>`,
  ];
}

/** @param {Listed} entry */
export function progress(entry) {
  const files = entry.files ?? [];
  if (entry.state !== 'saved' || !files.length) return null;
  const percent = percentOf(files);
  return html`<progress max="100" value="${percent}" aria-label="${t('entry.files-progress')}">${percent}%</progress>`;
}
