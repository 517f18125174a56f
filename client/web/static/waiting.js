// @ts-check
/** How long an entry waits, and how far its files are: numbers only. */

const DAY = 86_400_000;
const ALARMS = [7, 3, 1];
const PICTURE = /\.(jpe?g|png|gif|webp|heic|heif|bmp|tiff?)$/i;

/**
 * How many days an entry has waited at least; the device's alarm bounds it, for it knows whether
 * the clock can be right.
 * @param {string} since
 * @param {number|null} alarm
 * @param {number} now
 */
export function daysWaited(since, alarm, now) {
  const days = (now - Date.parse(since)) / DAY;
  return ALARMS.find((each) => each <= (alarm ?? 0) && days > each) ?? null;
}

/**
 * @param {{name: string}[]} files
 */
export const areAllPhotos = (files) => files.length > 0 && files.every((file) => PICTURE.test(file.name));

/**
 * How much of several files there is, in whole percent.
 * @param {{size: number, offset: number}[]} files
 */
export function percentOf(files) {
  const size = files.reduce((sum, file) => sum + file.size, 0);
  const offset = files.reduce((sum, file) => sum + file.offset, 0);
  return size ? Math.floor((100 * offset) / size) : 0;
}
