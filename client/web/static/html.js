// @ts-check
/**
 * Markup in which every text is escaped. Nothing else in the pages makes elements from text.
 *
 *     html`<p class="${name}">${text}${element}${[element, element]}</p>`
 */

const ESCAPES = /** @type {Record<string, string>} */ ({
  '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;',
});

/** @type {{createHTML: (text: string) => any}} */
const policy = /** @type {any} */ (globalThis).trustedTypes?.createPolicy(
  'tianbao', { createHTML: (/** @type {string} */ text) => text },
) ?? { createHTML: (text) => text };

/**
 * Escape a text for content and for quoted attributes.
 * @param {unknown} text
 */
export const escape = (text) => String(text).replace(/[&<>"']/g, (found) => ESCAPES[found]);

/**
 * Join the pieces of a template; what is no text becomes a place to be filled.
 * @param {readonly string[]} pieces
 * @param {unknown[]} values
 * @returns {{markup: string, inserts: unknown[]}}
 */
export function join(pieces, values) {
  /** @type {unknown[]} */
  const inserts = [];
  const markup = pieces.reduce((before, piece, index) => {
    const value = values[index - 1];
    if (value === null || value === undefined || value === false) return before + piece;
    if (typeof value !== 'object') return before + escape(value) + piece;
    inserts.push(value);
    return `${before}<template data-insert="${inserts.length - 1}"></template>${piece}`;
  });
  return { markup: markup.trim(), inserts };
}

/**
 * Make one element.
 * @param {TemplateStringsArray} pieces
 * @param {...unknown} values
 * @returns {HTMLElement}
 */
export function html(pieces, ...values) {
  const { markup, inserts } = join(pieces, values);
  const template = document.createElement('template');
  template.innerHTML = policy.createHTML(markup);
  for (const place of template.content.querySelectorAll('template[data-insert]')) {
    const value = inserts[Number(/** @type {HTMLElement} */ (place).dataset.insert)];
    const nodes = Array.isArray(value) ? value : [value];
    place.replaceWith(...nodes.filter((node) => node !== null && node !== undefined && node !== false));
  }
  return /** @type {HTMLElement} */ (template.content.firstElementChild);
}

/**
 * Find an element that is known to be there.
 * @template {HTMLElement} T
 * @param {HTMLElement} root
 * @param {string} selector
 * @returns {T}
 */
export const find = (root, selector) => /** @type {T} */ (root.querySelector(selector));
