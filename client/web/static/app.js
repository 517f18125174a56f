// @ts-check
/** Starts the page that the address asks for: language, session, frame, content. */

import * as api from './api.js';
import { entryPage } from './entry.js';
import { fillPage } from './fill.js';
import { homePage } from './home.js';
import { enterPage } from './enter.js';
import { html } from './html.js';
import { chooseLanguage, t, useTexts } from './texts.js';
import { makeFrame } from './widgets/frame.js';

const LANGUAGE = 'tianbao-language';
const PAUSE = 3000;

/** @type {Record<string, (frame: import('./widgets/frame.js').Frame, id: string) => Promise<() => void>>} */
const PAGES = { home: homePage, fill: fillPage, entry: entryPage };

let leave = () => {};

/** Trade the token in the address for a session; it does not stay in the address. */
async function enter() {
  const token = new URLSearchParams(location.hash.slice(1)).get('token');
  if (!token) return;
  history.replaceState(null, '', location.pathname + location.search);
  await api.begin(token);
}

/** @param {string} language */
async function speak(language) {
  useTexts(language, await api.texts(language));
  document.documentElement.lang = language;
}

async function draw() {
  leave();
  leave = () => {};
  const frame = makeFrame((language) => { void changeLanguage(language); });
  const page = PAGES[document.body.dataset.page ?? 'home'];
  const id = decodeURIComponent(location.pathname.split('/')[2] ?? '');
  try {
    leave = await page(frame, id);
  } catch (error) {
    trouble(frame, /** @type {any} */ (error));
  }
}

/** @param {string} language */
async function changeLanguage(language) {
  const place = window.scrollY;
  localStorage.setItem(LANGUAGE, language);
  await speak(language).catch(() => {}); // the words stay as they are until the client is back
  await draw();
  window.scrollTo(0, place);
  /** @type {HTMLElement|null} */ (document.querySelector('.language'))?.focus({ preventScroll: true });
}

/**
 * @param {import('./widgets/frame.js').Frame} frame
 * @param {any} error
 */
function trouble(frame, error) {
  if (error.code === 'session') {
    frame.main.replaceChildren(enterPage(() => { void draw(); }));
    return;
  }
  const isKnown = error instanceof api.Problem || error instanceof api.Unreachable;
  const again = html`<button type="button">${t('again')}</button>`;
  again.addEventListener('click', () => { void draw(); });
  frame.main.replaceChildren(html`
    <div class="empty" role="alert"><h1>${t('trouble')}</h1><p>${error.status ? error.message : t(isKnown ? 'problem.unreachable' : 'problem.internal')}</p>
    <p>${again} <a class="button" href="/">${t('home')}</a></p></div>`);
  if (error instanceof api.Unreachable) setTimeout(() => { if (frame.main.isConnected) void draw(); }, PAUSE);
  if (!isKnown) throw error; // a mistake of ours: the console shall say where
}

async function start() {
  // Chinese first, whatever the browser was set up in; who chooses English keeps it.
  try {
    await speak(chooseLanguage(localStorage.getItem(LANGUAGE)));
  } catch {
    setTimeout(() => { void start(); }, PAUSE); // opened while the client starts again
    return;
  }
  await enter().catch(() => {}); // a stale token is no harm: an older session may still be good
  await draw();
}

void start();
