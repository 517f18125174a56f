// @ts-check
/** Asking the device where it is, with its accuracy and within a time. */

const PATIENCE = 30_000;
const TROUBLES = /** @type {Record<number, string>} */ ({ 1: 'denied', 2: 'unavailable', 3: 'timeout' });

/**
 * @param {number} number
 * @param {number} digits
 */
const text = (number, digits) => String(Number(number.toFixed(digits)));

/**
 * A position as the form engine takes it: decimal strings, 7 digits being about a centimetre.
 * @param {GeolocationCoordinates} found
 * @returns {import('./types.js').Position}
 */
export const positionOf = (found) => ({
  lat: text(found.latitude, 7),
  lon: text(found.longitude, 7),
  ...(found.altitude === null ? {} : { alt: text(found.altitude, 1) }),
  accuracy: text(found.accuracy, 1),
});

/**
 * @param {Geolocation|undefined} device
 * @returns {Promise<{position: import('./types.js').Position}|{trouble: string}>}
 */
export const locate = (device) => new Promise((resolve) => {
  if (!device) {
    resolve({ trouble: 'unavailable' });
    return;
  }
  device.getCurrentPosition(
    (found) => resolve({ position: positionOf(found.coords) }),
    (error) => resolve({ trouble: TROUBLES[error.code] ?? 'unavailable' }),
    { enableHighAccuracy: true, timeout: PATIENCE, maximumAge: 0 },
  );
});
