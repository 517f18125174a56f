// @ts-check
/** The little Markdown of labels and hints: **strong**, *emphasis*, and line breaks. */

const MARK = /\*\*(?<strong>[^*\n]+)\*\*|\*(?<em>[^*\s][^*\n]*)\*|(?<br>\n)/g;

/**
 * @typedef {{kind: 'text'|'strong'|'em'|'br', text: string}} Piece
 * @param {string} text
 * @returns {Piece[]}
 */
export function pieces(text) {
  /** @type {Piece[]} */
  const found = [];
  let from = 0;
  for (const match of text.matchAll(MARK)) {
    if (match.index > from) found.push({ kind: 'text', text: text.slice(from, match.index) });
    const [kind, inner] = Object.entries(match.groups ?? {}).find(([, value]) => value !== undefined) ?? ['text', ''];
    found.push({ kind: /** @type {Piece['kind']} */ (kind), text: kind === 'br' ? '' : inner });
    from = match.index + match[0].length;
  }
  if (from < text.length) found.push({ kind: 'text', text: text.slice(from) });
  return found;
}

/**
 * Write a text into an element, unless it is there already.
 * @param {HTMLElement} element
 * @param {string} text
 */
export function write(element, text) {
  if (element.dataset.written === text) return;
  element.dataset.written = text;
  element.replaceChildren(...pieces(text).map(({ kind, text: part }) => {
    if (kind === 'text') return document.createTextNode(part);
    const drawn = document.createElement(kind);
    drawn.textContent = part;
    return drawn;
  }));
}
