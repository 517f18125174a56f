// @ts-check
/** Parts of a page that are drawn again when what they show has changed. */

const MINUTE = 60_000;

/**
 * Draw a part again if what it shows has changed, or a minute has passed ("3 minutes ago"); the
 * focus stays where it was.
 * @template T
 * @param {HTMLElement} at
 * @param {T} shown
 * @param {(shown: T) => HTMLElement|null} make
 * @param {number} [minute] a constant where it is not to be drawn again by time alone
 */
export function redraw(at, shown, make, minute = Math.floor(Date.now() / MINUTE)) {
  const wanted = JSON.stringify([shown, minute]);
  if (at.dataset.shown === wanted) return;
  at.dataset.shown = wanted;
  const focused = at.contains(document.activeElement) ? /** @type {HTMLElement} */ (document.activeElement).dataset.key : undefined;
  const made = make(shown);
  at.replaceChildren(...(made ? [made] : []));
  if (focused) /** @type {HTMLElement|null} */ (at.querySelector(`[data-key="${CSS.escape(focused)}"]`))?.focus({ preventScroll: true });
}
