// @ts-check
/** A text area as high as its text; the style sheet does it where the browser knows how. */

const KNOWS = CSS.supports('field-sizing', 'content');

/** @param {HTMLTextAreaElement} area */
function now(area) {
  if (KNOWS || !area.isConnected) return;
  area.style.height = 'auto';
  area.style.height = `${area.scrollHeight + 2}px`;
}

/** @param {HTMLTextAreaElement} area */
export function grow(area) {
  area.classList.add('grows');
  if (!KNOWS) area.addEventListener('input', () => now(area));
}

grow.now = now;
