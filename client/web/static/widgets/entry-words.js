// @ts-check
/** The words for what became of an entry. */

import { html } from '../html.js';
import { shortTime } from '../moments.js';
import { language, t } from '../texts.js';
import { problemText } from './contact.js';

/** @typedef {import('../types.js').Listed} Listed */

/** @param {Listed['state']} state */
export const stateMark = (state) => html`<span class="state" data-state="${state}">${t(`state.${state}`)}</span>`;

/**
 * Since when an entry is what it is, and why it waits.
 * @param {Listed} entry
 * @param {import('../types.js').Status['problem']} [problem]
 */
export function since(entry, problem) {
  const time = shortTime(entry.made_at, language(), new Date());
  const made = t('entry.made', { time });
  return [made, why(entry, problem)].filter(Boolean).join(' · ');
}

/**
 * @param {Listed} entry
 * @param {import('../types.js').Status['problem']} problem
 */
function why(entry, problem) {
  if (entry.state === 'quarantined') return t('why.quarantined');
  if (entry.code === 'damaged') return t('why.damaged');
  if (entry.state === 'set_aside') return entry.message ?? t('why.set_aside');
  if (entry.state !== 'saved') return '';
  if (entry.text_delivered) return t('why.files', { count: entry.files_waiting });
  return problem ? t('why.problem', { problem: problemText(problem) }) : t('why.waiting');
}
