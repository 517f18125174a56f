// @ts-check
/** Instance paths: `contests[9f3a]/project` is a question in a row, `contests[9f3a]` the row. */

/**
 * @param {string} parent the path of a group or row, or '' for the form
 * @param {string} name
 */
export const childPath = (parent, name) => (parent ? `${parent}/${name}` : name);

/**
 * @param {string} repeat
 * @param {string} row
 */
export const rowPath = (repeat, row) => `${repeat}[${row}]`;

/**
 * Tell whether a path is another one, or stands below it.
 * @param {string} path
 * @param {string} above
 */
export const isUnder = (path, above) =>
  path === above || (path.startsWith(above) && '/['.includes(path[above.length]));

/**
 * The path of the row that a path stands in, or '' outside of rows.
 * @param {string} path
 */
export const rowOf = (path) => path.slice(0, path.lastIndexOf(']') + 1);

/**
 * An id for an element, of the letters that every selector takes.
 * @param {string} path
 */
export const elementId = (path) => `q-${path.replace(/[^A-Za-z0-9_-]/g, (found) => `.${found.charCodeAt(0).toString(16)}.`)}`;
