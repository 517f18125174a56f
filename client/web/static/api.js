// @ts-check
/**
 * The only module that fetches. A `Problem` is what the client answered, an `Unreachable` that it
 * did not answer at all. The key of the session is kept for this origin: a page that is left open,
 * or a second tab, goes on with it.
 */

import { language } from './texts.js';

/** @typedef {import('./types.js').Step} Step */
/** @typedef {import('./types.js').View} View */
/** @typedef {import('./types.js').Change} Change */

const KEY = 'tianbao-key';
const PATIENCE = 15_000;
const FILE_PATIENCE = 10 * 60_000;
const BUNDLE_PATIENCE = 60 * 60_000;

/** The client did not answer. */
export class Unreachable extends Error {}

/** The client answered that it could not. */
export class Problem extends Error {
  /**
   * @param {number} status
   * @param {{code: string, message: string, hint?: string}} said
   */
  constructor(status, said) {
    super(said.message);
    this.status = status;
    this.code = said.code;
    this.hint = said.hint ?? '';
  }
}

/**
 * Trouble that may pass by itself: nobody answers, the disk is full, or the session has ended and
 * the person comes in again in another tab.
 * @param {any} error
 */
export const isPassing = (error) =>
  error instanceof Unreachable || (error instanceof Problem && (error.status >= 500 || error.status === 401));

/**
 * @param {string} path
 * @param {RequestInit} [init]
 * @param {number} [patience]
 * @returns {Promise<Response>}
 */
async function send(path, init = {}, patience = PATIENCE) {
  const headers = {
    'Tianbao-Key': localStorage.getItem(KEY) ?? '',
    'Tianbao-Language': language(),
    ...init.headers,
  };
  const answer = await reach(path, { ...init, headers, signal: AbortSignal.timeout(patience) });
  if (answer.ok) return answer;
  const said = await answer.json().catch(() => ({ code: 'internal', message: answer.statusText }));
  throw new Problem(answer.status, said);
}

/**
 * @param {string} path
 * @param {RequestInit} init
 */
async function reach(path, init) {
  try {
    return await fetch(path, { ...init, cache: 'no-store', redirect: 'error', priority: 'high' });
  } catch (error) {
    throw new Unreachable(String(error));
  }
}

/** @param {string} path */
const get = async (path) => (await send(path)).json();

/**
 * @param {string} path
 * @param {object} [body]
 */
const post = async (path, body = {}) =>
  (await send(path, {
    method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' },
  })).json();

/** @param {Record<string, string|number>} values */
const query = (values) =>
  new URLSearchParams(Object.entries(values).map(([name, value]) => [name, String(value)])).toString();

/** @param {string} draft */
const at = (draft) => `/api/drafts/${encodeURIComponent(draft)}`;

/** @param {string} token */
export async function begin(token) {
  const { key } = await post('/session', { token });
  localStorage.setItem(KEY, key);
}

/** @param {string} chosen */
export const texts = async (chosen) => (await send(`/static/i18n/${chosen}.json`)).json();

/** @param {import('./types.js').Wish} wish @returns {Promise<import('./types.js').Home>} */
export const home = (wish) => get(`/api/home?${query({ ...wish, language: language() })}`);
export const syncNow = () => post('/api/sync');

/** @param {number} trouble */
export const dismiss = (trouble) => post(`/api/troubles/${trouble}/dismiss`);

/** @param {string} entry */
const of = (entry) => `/api/entries/${encodeURIComponent(entry)}`;

/** @param {string} entry @returns {Promise<import('./types.js').EntryView>} */
export const entry = (entry) => get(`${of(entry)}?${query({ language: language() })}`);

/** @param {string} entry @returns {Promise<{draft: string}>} */
export const edit = (entry) => post(`${of(entry)}/edit`, { language: language() });

/**
 * @param {string} entry
 * @param {string} reason
 */
export const takeBack = (entry, reason) => post(`${of(entry)}/void`, { reason });

/** @param {string} entry @returns {Promise<{revisions: import('./types.js').Revised[]}>} */
export const history = (entry) => get(`${of(entry)}/history?${query({ language: language() })}`);

/**
 * @param {string} entry
 * @param {string} from
 * @param {string} to
 * @returns {Promise<{changes: import('./types.js').Difference[]}>}
 */
export const differences = (entry, from, to) => get(`${of(entry)}/differences?${query({ from, to, language: language() })}`);

/** @param {string} entry @returns {Promise<import('./types.js').Conflicts>} */
export const conflicts = (entry) => get(`${of(entry)}/conflicts?${query({ language: language() })}`);

/**
 * @param {string} entry
 * @param {Record<string, import('./types.js').Taken>} take
 */
export const merge = (entry, take) => post(`${of(entry)}/merge`, { take });

/** What is undelivered, as one file: its name, its content, and how much of it was left out. */
export async function exported() {
  const answer = await send('/api/export', {}, BUNDLE_PATIENCE);
  const name = /filename="([^"]+)"/.exec(answer.headers.get('Content-Disposition') ?? '')?.[1] ?? 'tianbao';
  return { name, content: await answer.blob(), leftOut: Number(answer.headers.get('Tianbao-Left-Out') ?? 0) };
}

/** @param {File} file @returns {Promise<import('./types.js').Imported>} */
export const importAnswer = async (file) => (await send('/api/import', {
  method: 'POST', body: file, headers: { 'Content-Type': 'application/octet-stream' },
}, FILE_PATIENCE)).json();

/** @param {string} sha256 */
export const blob = async (sha256) => (await send(`/api/blobs/${sha256}`)).blob();

/** @param {string} form @returns {Promise<{draft: string}>} */
export const openBlank = (form) => post('/api/drafts', { form, language: language() });

/** @param {string} draft */
export const discard = (draft) => send(at(draft), { method: 'DELETE', headers: { 'Content-Type': 'application/json' } });

/** @param {string} draft @returns {Promise<View>} */
export const view = (draft) => get(`${at(draft)}?${query({ language: language() })}`);

/**
 * @param {string} draft
 * @param {boolean} decided everything that is contested is meant as it stands
 */
export const finalize = (draft, decided) => post(`${at(draft)}/finalize`, { decided });

/** @param {string} draft @returns {Promise<import('./types.js').Upgrade>} */
export const upgradePreview = (draft) => get(`${at(draft)}/upgrade?${query({ language: language() })}`);

/** @param {string} draft @returns {Promise<import('./types.js').Upgrade>} */
export const upgrade = (draft) => post(`${at(draft)}/upgrade`, { language: language() });

/**
 * @param {string} draft
 * @param {number} after
 */
export const events = (draft, after) => get(`${at(draft)}/events?${query({ after, language: language() })}`);

/**
 * Do one step of a person.
 * @param {string} draft
 * @param {Step} step
 * @param {number} base the sequence that the page has seen
 * @returns {Promise<Change>}
 */
export function step(draft, step, base) {
  const { path, after = null } = step;
  const common = { path, language: language(), base };
  switch (step.kind) {
    case 'answer': return post(`${at(draft)}/answer`, { ...common, value: step.value ?? null });
    case 'reason': return post(`${at(draft)}/reason`, { ...common, reason: step.reason ?? '' });
    case 'add-row': return post(`${at(draft)}/rows`, { ...common, after });
    case 'remove-row': return post(`${at(draft)}/rows/remove`, common);
    case 'move-row': return post(`${at(draft)}/rows/move`, { ...common, after });
    default: return attach(draft, path, /** @type {File} */ (step.file));
  }
}

/**
 * @param {string} draft
 * @param {string} path
 * @param {File} file
 * @returns {Promise<Change>}
 */
async function attach(draft, path, file) {
  const name = { path, name: file.name, type: file.type || 'application/octet-stream', language: language() };
  const headers = { 'Content-Type': 'application/octet-stream' };
  return (await send(`${at(draft)}/attachment?${query(name)}`, { method: 'POST', body: file, headers }, FILE_PATIENCE)).json();
}
