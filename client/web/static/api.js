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

export const home = () => get(`/api/home?${query({ language: language() })}`);
export const syncNow = () => post('/api/sync');

/** @param {string} entry */
export const entry = (entry) => get(`/api/entries/${encodeURIComponent(entry)}?${query({ language: language() })}`);

/** @param {string} sha256 */
export const blob = async (sha256) => (await send(`/api/blobs/${sha256}`)).blob();

/** @param {string} form @returns {Promise<{draft: string}>} */
export const openBlank = (form) => post('/api/drafts', { form, language: language() });

/** @param {string} draft */
export const discard = (draft) => send(at(draft), { method: 'DELETE', headers: { 'Content-Type': 'application/json' } });

/** @param {string} draft @returns {Promise<View>} */
export const view = (draft) => get(`${at(draft)}?${query({ language: language() })}`);

/** @param {string} draft */
export const finalize = (draft) => post(`${at(draft)}/finalize`);

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
