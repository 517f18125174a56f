// @ts-check
/** An answer as text to be read. */

/** @type {Record<string, (value: any, state: import('./types.js').NodeState, language: string) => string>} */
const BY_TYPE = {
  select_one: (value, state) => labelOf(value, state),
  select_multiple: (value, state) => (Array.isArray(value) ? value.map((each) => labelOf(each, state)).join('、') : String(value)),
  date: (value, _, language) => (/^\d{4}-\d\d-\d\d$/.test(value) ? longDay(value, language) : String(value)),
  datetime: (value) => value.replace('T', ' ').slice(0, 16),
  time: (value) => value.slice(0, 5),
  acknowledge: () => '✓',
  geopoint: (value) => `${value.lat}, ${value.lon}${value.accuracy ? ` (±${value.accuracy} m)` : ''}`,
};
for (const type of ['image', 'audio', 'video', 'file']) BY_TYPE[type] = (value) => value.name;

/**
 * @param {string} name
 * @param {import('./types.js').NodeState} state
 */
const labelOf = (name, state) => state.choices?.find((choice) => choice.name === name)?.label ?? name;

/**
 * @param {string} day
 * @param {string} language
 */
function longDay(day, language) {
  const [year, month, date] = day.split('-').map(Number);
  return new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC' })
    .format(new Date(Date.UTC(year, month - 1, date)));
}

/**
 * @param {import('./types.js').FormNode} node
 * @param {import('./types.js').NodeState} state
 * @param {string} language
 * @returns {string}
 */
export function displayText(node, state, language) {
  const { value } = state;
  if (value === null || value === undefined || value === '') return '';
  try {
    return (BY_TYPE[node.type ?? ''] ?? String)(value, state, language);
  } catch {
    return String(value); // a draft may hold a value of a wrong type
  }
}
