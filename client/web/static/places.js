// @ts-check
/** What a place of an entry is called where several are listed. */

import { t } from './texts.js';

/**
 * @param {{path: string, label: string}} place
 */
export function placeName({ path, label }) {
  if (!path) return t('path.entry');
  const [, facet] = path.split('#');
  if (!facet) return label;
  const plain = label.replace(/ › #\w+$/, '');
  return `${plain} · ${t(facet === 'order' ? 'path.order' : 'path.reason')}`;
}
