// @ts-check
/** A position: taken from the device, or typed. */

import { locate } from '../geolocation.js';
import { find, html } from '../html.js';
import { t } from '../texts.js';
import { decimalValue } from '../typed.js';
import { QUIET, onTyped } from './text.js';

/**
 * @param {import('./control.js').Asked} asked
 * @returns {import('../types.js').Control}
 */
export function geopointControl({ id, answer }) {
  const element = html`
    <div class="geopoint">
      <div class="coordinates">
        <label><span>${t('geo.lat')}</span><input id="${id}" class="number" inputmode="decimal" autocomplete="off" placeholder="39.6087"></label>
        <label><span>${t('geo.lon')}</span><input class="number" inputmode="decimal" autocomplete="off" placeholder="109.7813"></label>
        <button type="button">${t('geo.take')}</button>
      </div>
      <p class="geo-state" role="status"></p>
    </div>`;
  const [lat, lon] = /** @type {NodeListOf<HTMLInputElement>} */ (element.querySelectorAll('input'));
  const state = find(element, '.geo-state');
  const typed = () => {
    state.textContent = '';
    const at = { lat: decimalValue(lat.value), lon: decimalValue(lon.value) };
    answer(at.lat === null && at.lon === null ? null : { lat: at.lat ?? '', lon: at.lon ?? '' }, QUIET * 3);
  };
  onTyped(lat, typed);
  onTyped(lon, typed);
  const button = /** @type {HTMLButtonElement} */ (find(element, 'button'));
  button.addEventListener('click', async () => {
    button.disabled = true;
    state.textContent = t('geo.taking');
    const found = await locate(navigator.geolocation);
    button.disabled = false;
    if ('position' in found) answer(found.position);
    else state.textContent = t(`geo.${found.trouble}`);
    button.focus();
  });
  return {
    element,
    target: lat,
    set(value) {
      lat.value = value?.lat ?? '';
      lon.value = value?.lon ?? '';
      if (value?.accuracy) state.textContent = t('geo.accuracy', { metres: value.accuracy });
      else if (value) state.textContent = '';
    },
  };
}
