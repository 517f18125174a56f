// @ts-check
/** That there is a newer version of the form, what would change in it, and the way there. */

import { find, html } from '../html.js';
import { t } from '../texts.js';

/** @typedef {import('../types.js').Upgrade} Upgrade */
/** @typedef {import('../types.js').Named} Named */

/**
 * @param {Upgrade} upgrade
 * @param {() => Promise<Upgrade>} preview as things stand when the person looks
 * @param {() => Promise<void>} go
 */
export function upgradeBanner(upgrade, preview, go) {
  const element = html`
    <aside class="banner" aria-labelledby="upgrade-title">
      <h2 id="upgrade-title">${t('upgrade.title', { version: upgrade.to.version })}</h2>
      <p>${t('upgrade.how')}</p>
      <details><summary>${t('upgrade.look')}</summary><div class="upgrade-said" role="status"></div></details>
      <button type="button" hidden>${t('upgrade.go')}</button>
    </aside>`;
  const details = /** @type {HTMLDetailsElement} */ (find(element, 'details'));
  const button = /** @type {HTMLButtonElement} */ (find(element, 'button'));
  details.addEventListener('toggle', async () => {
    button.hidden = !details.open;
    if (details.open) find(element, '.upgrade-said').replaceChildren(...told(await preview().catch(() => upgrade)));
  });
  button.addEventListener('click', () => {
    button.disabled = true;
    void go().finally(() => { button.disabled = false; });
  });
  return element;
}

/** @param {Upgrade} upgrade */
function told(upgrade) {
  const parts = [
    named(t('upgrade.dropped', { count: upgrade.dropped.length }), upgrade.dropped, (each) => `：${each.text ?? ''}`),
    named(t('upgrade.new'), upgrade.new_questions),
    named(t('upgrade.required'), upgrade.new_required),
    named(t('upgrade.wrong'), upgrade.violations.filter((each) => !isMissing(each, upgrade)), (each) => `：${each.message ?? ''}`),
  ].filter((part) => part !== null);
  const kept = html`<p>${t('upgrade.kept', { count: upgrade.kept })}</p>`;
  return [kept, ...(parts.length ? parts : [html`<p>${t('upgrade.nothing')}</p>`])];
}

/**
 * @param {Named} violation
 * @param {Upgrade} upgrade
 */
const isMissing = (violation, upgrade) => upgrade.new_required.some((each) => each.path === violation.path);

/**
 * @param {string} title
 * @param {Named[]} list
 * @param {(each: Named) => string} [more]
 */
const named = (title, list, more = () => '') => (list.length
  ? html`<div><p>${title}</p><ul>${list.map((each) => html`<li><b>${each.label}</b>${more(each)}</li>`)}</ul></div>` : null);
