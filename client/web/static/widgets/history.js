// @ts-check
/** All versions of an entry, who made them and when, what each changed; and any two to compare. */

import { html } from '../html.js';
import { shortTime } from '../moments.js';
import { language, t } from '../texts.js';
import { changeList } from './changes.js';
import { comparison } from './comparison.js';

/** @typedef {import('../types.js').Revised} Revised */

const DEVICE_LETTERS = 6;

/** @param {Revised} revised */
export function madeBy(revised) {
  const name = revised.member_name ?? t('history.colleague');
  if (revised.is_own) return t('history.by', { name });
  return t('history.by-elsewhere', { name, device: revised.device.slice(0, DEVICE_LETTERS) });
}

/** @param {Revised} revised */
export const madeAt = (revised) => shortTime(revised.made_at, language(), new Date());

/**
 * @param {Revised[]} revisions the newest first
 * @param {(from: string, to: string) => Promise<import('../types.js').Difference[]>} compare
 */
export function historyPart(revisions, compare) {
  const numbers = new Map(revisions.map((each, index) => [each.digest, revisions.length - index]));
  const names = revisions.map((each) => ({
    digest: each.digest,
    text: `${t('history.version', { number: numbers.get(each.digest) ?? '' })} · ${madeAt(each)}`,
    isReadable: each.is_readable && each.operation === 'put',
  }));
  return html`
    <section class="history" aria-labelledby="history-title">
      <h2 id="history-title" tabindex="-1">${t('history.title')}</h2>
      <ol class="versions" reversed>${revisions.map((each) => version(each, numbers))}</ol>
      ${comparison(names.filter((each) => each.isReadable), compare)}
    </section>`;
}

/**
 * @param {Revised} each
 * @param {Map<string, number>} numbers
 */
function version(each, numbers) {
  const form = each.version && html`<small>${t('history.form', { version: each.version })}</small>`;
  return html`
    <li class="version">
      <p class="version-head"><b>${t('history.version', { number: numbers.get(each.digest) ?? '' })}</b>
        ${each.is_head && html`<span class="badge">${t('history.current')}</span>`}
        <span class="state" data-state="${each.state}">${t(`state.${each.state}`)}</span></p>
      <p class="version-by">${madeAt(each)} · ${madeBy(each)} ${form}</p>
      ${each.operation === 'void' ? html`<p>${t('history.void', { reason: each.reason ?? '—' })}</p>` : said(each, numbers)}
    </li>`;
}

/**
 * @param {Revised} each
 * @param {Map<string, number>} numbers
 * @returns {(HTMLElement|null)[]}
 */
function said(each, numbers) {
  if (!each.is_readable) return [html`<p class="none">${t('history.unreadable')}</p>`];
  return each.differences.map(({ parent, changes }) => {
    if (changes === null) return html`<p class="none">${t('history.unknown-parent')}</p>`;
    if (!changes.length) return html`<p class="none">${t('history.same')}</p>`;
    const count = changes.length;
    const several = each.differences.length > 1;
    const words = !parent ? t('history.first')
      : several ? t('history.changed-from', { count, number: numbers.get(parent) ?? '?' }) : t('history.changed', { count });
    return html`<details><summary>${words}</summary>${changeList(changes)}</details>`;
  });
}
