// @ts-check
// Shows the invitation code of the link in the command. The code stands behind the #, so that it
// is never sent anywhere by opening the page.

/**
 * Read the code out of a link's fragment; nothing if it holds none.
 * @param {string} fragment
 * @returns {string}
 */
const codeOf = (fragment) => /^#([0-9A-Za-z]{5}(?:-[0-9A-Za-z]{5}){3})$/.exec(fragment)?.[1] ?? '';

const code = codeOf(window.location.hash);
if (code) {
  for (const place of document.querySelectorAll('.code')) {
    place.textContent = code;
  }
}
