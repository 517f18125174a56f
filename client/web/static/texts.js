// @ts-check
/** The words of the pages, in the person's language. */

export const LANGUAGES = ['zh-CN', 'en'];
const NAMES = /** @type {Record<string, string>} */ ({ 'zh-CN': '中文', en: 'EN' });

/** @type {Record<string, string>} */
let texts = {};
let current = LANGUAGES[0];

/** @param {string} language */
export const nameOf = (language) => NAMES[language] ?? language;

export const language = () => current;

/**
 * The language that a person has chosen earlier, if there is such a one; else Chinese.
 * @param {string|null} chosen
 * @returns {string}
 */
export const chooseLanguage = (chosen) => LANGUAGES.find((known) => known === chosen) ?? LANGUAGES[0];

/**
 * @param {string} chosen
 * @param {Record<string, string>} catalogue
 */
export function useTexts(chosen, catalogue) {
  current = chosen;
  texts = catalogue;
}

/**
 * @param {string} key
 * @param {Record<string, string|number>} [values]
 */
export const t = (key, values = {}) =>
  (texts[key] ?? key).replace(/\{(\w+)\}/g, (whole, name) => String(values[name] ?? whole));

/**
 * @param {string} key
 */
export const hasText = (key) => key in texts;

/**
 * A text that comes in several languages, in the person's or else in any.
 * @param {Record<string, string>} text
 */
export const labelOf = (text) => text[current] ?? text[''] ?? Object.values(text)[0] ?? '';
