// @ts-check
/**
 * What was typed, as the value of an answer. What is no number stays as it was typed: the form
 * engine says what is wrong with it.
 */

const GROUPED = /^[+-]?\d{1,3}(,\d{3})+(\.\d+)?$/;

/**
 * Full-width figures and signs, as Chinese input methods type them, to plain ones.
 * @param {string} text
 */
export const plain = (text) => text
  .replace(/[０-９．，＋－]/g, (found) => String.fromCharCode(found.charCodeAt(0) - 0xfee0))
  .replace('。', '.')
  .trim();

/**
 * @param {string} typed
 * @returns {string|null}
 */
export const textValue = (typed) => (typed.trim() === '' ? null : typed);

/**
 * @param {string} typed
 * @returns {string|null}
 */
export function decimalValue(typed) {
  const text = plain(typed);
  return (GROUPED.test(text) ? text.replaceAll(',', '') : text) || null;
}

/**
 * @param {string} typed
 * @returns {number|string|null}
 */
export function integerValue(typed) {
  const text = decimalValue(typed);
  if (text === null || !/^[+-]?\d+$/.test(text)) return text;
  const number = Number(text);
  return Number.isSafeInteger(number) ? number : text;
}

/**
 * @param {number} bytes
 * @param {string} language
 */
export function fileSize(bytes, language) {
  const units = ['B', 'KB', 'MB', 'GB'];
  const power = Math.min(units.length - 1, Math.floor(Math.log10(Math.max(1, bytes)) / 3));
  const number = new Intl.NumberFormat(language, { maximumFractionDigits: power ? 1 : 0 });
  return `${number.format(bytes / 1000 ** power)} ${units[power]}`;
}
