// @ts-check
/** What one version says otherwise than another, place by place. */

import { html } from '../html.js';
import { placeName } from '../places.js';
import { t } from '../texts.js';

/** @typedef {import('../types.js').Difference} Difference */

/** @param {Difference[]} changes */
export function changeList(changes) {
  if (!changes.length) return html`<p class="none">${t('history.same')}</p>`;
  return html`<dl class="changes">${changes.flatMap(change)}</dl>`;
}

/** @param {Difference} each */
function change(each) {
  const kind = each.kind === 'changed' ? null : html`<span class="badge">${t(`history.${each.kind}`)}</span>`;
  const name = html`<dt>${placeName(each)} ${kind}</dt>`;
  if (each.path.endsWith('#order')) return [name, html`<dd class="none">${t('path.order')}</dd>`];
  const before = each.kind !== 'added' && html`
    <dd class="was"><span class="sr">${t('history.before')}</span><del>${each.before_text || t('history.blank')}</del></dd>`;
  const after = each.kind !== 'removed' && html`
    <dd><span class="sr">${t('history.after')}</span><ins>${each.after_text || t('history.blank')}</ins></dd>`;
  return [name, before, after];
}
