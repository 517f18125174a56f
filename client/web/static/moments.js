// @ts-check
/** Times and dates: as the form engine takes them, and as a person reads them. */

const MINUTE = 60_000;

/** @param {number} number */
const two = (number) => String(number).padStart(2, '0');

/**
 * A time of day as the engine takes it.
 * @param {string} typed of an input of type time
 */
export const timeValue = (typed) => (typed.length === 5 ? `${typed}:00` : typed) || null;

/**
 * A local date and time with the offset of the zone it was typed in.
 * @param {string} typed of an input of type datetime-local
 * @param {number} [offset] minutes west of UTC, as `getTimezoneOffset` tells
 */
export function datetimeValue(typed, offset = new Date(typed).getTimezoneOffset()) {
  if (!typed) return null;
  const sign = offset > 0 ? '-' : '+';
  const east = Math.abs(offset);
  const seconds = typed.length === 16 ? ':00' : '';
  return `${typed}${seconds}${sign}${two(Math.floor(east / 60))}:${two(east % 60)}`;
}

/**
 * What an input of type datetime-local shows of the engine's value.
 * @param {string|null} value
 */
export const datetimeTyped = (value) => (value ?? '').slice(0, 16);

/**
 * A moment, short: the time today, else the date too.
 * @param {string|number} moment
 * @param {string} language
 * @param {Date} now
 */
export function shortTime(moment, language, now) {
  const date = new Date(moment);
  const sameDay = date.toDateString() === now.toDateString();
  const sameYear = date.getFullYear() === now.getFullYear();
  return new Intl.DateTimeFormat(language, {
    hour: '2-digit', minute: '2-digit', hourCycle: 'h23',
    ...(sameDay ? {} : { month: 'long', day: 'numeric' }),
    ...(sameYear ? {} : { year: 'numeric' }),
  }).format(date);
}

/**
 * @param {string|number} moment
 * @param {string} language
 */
export const longDate = (moment, language) =>
  new Intl.DateTimeFormat(language, { dateStyle: 'long' }).format(new Date(moment));

/**
 * How long ago, in the roundest words.
 * @param {string|number} moment
 * @param {string} language
 * @param {Date} now
 */
export function ago(moment, language, now) {
  const minutes = Math.round((new Date(moment).getTime() - now.getTime()) / MINUTE);
  const words = new Intl.RelativeTimeFormat(language, { numeric: 'auto' });
  if (Math.abs(minutes) < 60) return words.format(Math.min(0, minutes), 'minute');
  if (Math.abs(minutes) < 24 * 60) return words.format(Math.round(minutes / 60), 'hour');
  return words.format(Math.round(minutes / 60 / 24), 'day');
}
