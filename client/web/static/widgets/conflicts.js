// @ts-check
/** Everything that is contested of an entry, decided one by one and saved at once. */

import { askedBy, kindOf, needed } from '../contests.js';
import { html } from '../html.js';
import { t } from '../texts.js';
import { contest } from './contest.js';
import { controlKind, isSeen } from './control.js';

/** @typedef {import('../types.js').Conflicts} Conflicts */
/** @typedef {import('../types.js').EntryView} EntryView */
/** @typedef {import('../types.js').FormNode} FormNode */

const WHOLE = new Set(['attachment', 'geopoint', 'output', 'note']);

/**
 * @param {EntryView} entry
 * @param {Conflicts} conflicts
 * @param {(take: Record<string, import('../types.js').Taken>) => Promise<import('../types.js').Named[]|null>} save
 *   gives what is wrong, if anything
 */
export function conflictPart(entry, conflicts, save) {
  const states = new Map(entry.states.map((state) => [state.path, state]));
  const contests = conflicts.contested.map((contested, number) => contest({
    contested,
    heads: conflicts.heads,
    rows: states.get(contested.path.replace(/#order$/, ''))?.rows ?? [],
    question: questionAt(entry, contested.path, states.get(contested.path)),
  }, number, () => draw()));
  const left = html`<p class="conflict-left" role="status"></p>`;
  const wrong = html`<div class="conflict-wrong" role="alert" hidden></div>`;
  const button = /** @type {HTMLButtonElement} */ (html`<button class="primary">${t('conflict.save')}</button>`);
  const element = html`
    <form class="conflicts" aria-labelledby="conflicts-title" novalidate>
      <h2 id="conflicts-title" tabindex="-1">${t('conflict.title', { count: contests.length })}</h2>
      <p>${t('conflict.how')}</p>
      ${contests.map((each) => each.element)}
      ${wrong}
      <div class="conflict-foot">${left}${button}</div>
    </form>`;

  /** What is left to decide now, and what was chosen. */
  function standing() {
    const chosen = new Map(contests.flatMap((each) => {
      const made = each.chosen();
      return made ? [[each.path, made]] : [];
    }));
    const wanted = new Set(needed(contests.map((each) => each.path), chosen));
    return { chosen, wanted, open: contests.filter((each) => wanted.has(each.path) && !chosen.has(each.path)) };
  }

  function draw() {
    const { wanted, open } = standing();
    for (const each of contests) /** @type {HTMLFieldSetElement} */ (each.element).disabled = !wanted.has(each.path);
    const words = open.length ? t('conflict.left', { count: open.length }) : t('conflict.all');
    if (left.textContent !== words) left.textContent = words;
    element.dataset.dirty = 'true';
  }

  element.addEventListener('submit', async (event) => {
    event.preventDefault();
    const { chosen, wanted, open } = standing();
    if (open.length) {
      for (const each of [...open].reverse()) each.ask(); // the first one has the focus at the end
      return;
    }
    button.disabled = true;
    wrong.hidden = true;
    const take = [...chosen].filter(([path]) => wanted.has(path)).map(([path, made]) => [path, made.taken]);
    const violations = await save(Object.fromEntries(take)).finally(() => { button.disabled = false; });
    if (violations) tellWrong(violations);
  });

  /** @param {import('../types.js').Named[]} violations */
  function tellWrong(violations) {
    const items = violations.map((each) => html`<li><b>${states.get(each.path)?.label ?? each.path}</b> ${each.message}</li>`);
    wrong.replaceChildren(html`<p>${t('conflict.wrong')}</p>`, html`<ul>${items}</ul>`, html`<p>${t('conflict.wrong-way')}</p>`);
    wrong.hidden = false;
  }
  draw();
  delete element.dataset.dirty;
  return element;
}

/** That nothing can be decided while a draft is open, and the way there. @param {EntryView} entry */
export const conflictsAndDraft = (entry) => html`
  <section class="conflicts" aria-labelledby="conflicts-title">
    <h2 id="conflicts-title">${t('conflict.title', { count: entry.contested.length })}</h2>
    <p>${t('conflict.draft')} <a href="/fill/${entry.entry}">${t('entry.edit-on')}</a></p>
  </section>`;

/**
 * The question at a path, if it takes a simple value that a person can give here.
 * @param {EntryView} entry
 * @param {string} path
 * @param {import('../types.js').NodeState|undefined} state
 */
function questionAt(entry, path, state) {
  if (kindOf(path) !== 'value' || !state || !entry.definition) return null;
  const node = nodeAt(entry.definition.survey, askedBy(path));
  if (!node || !isSeen(node)) return null;
  const kind = controlKind(node, state, true);
  return WHOLE.has(kind) ? null : { node, state, kind };
}

/**
 * @param {FormNode[]} nodes
 * @param {string} path
 * @returns {FormNode|undefined}
 */
const nodeAt = (nodes, path) => nodes.flatMap((node) => (node.path === path ? [node] : [nodeAt(node.children ?? [], path)]))
  .find((found) => found !== undefined);
