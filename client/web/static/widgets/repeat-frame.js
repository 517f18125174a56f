// @ts-check
/** What every repeat has, however its rows are drawn: heading, count, button, messages. */

import { find, html } from '../html.js';
import { write } from '../markdown.js';
import { elementId, rowPath } from '../paths.js';
import { t } from '../texts.js';
import { contestedNote } from './contested-note.js';
import { messageList, spoken } from './messages.js';
import { chooseRowAct, confirm } from './row-dialog.js';
import { rowSteps } from './rows.js';

/**
 * @param {string} path
 * @param {HTMLElement} body
 * @param {import('../types.js').Drawing} drawing
 */
export function repeatFrame(path, body, drawing) {
  const id = elementId(path);
  const messages = messageList(`${id}-messages`);
  const element = html`
    <section class="repeat" data-path="${path}" aria-labelledby="${id}-label" hidden>
      <h2 class="group-label"><span id="${id}-label"></span> <span class="count"></span></h2>
      <p class="hint" hidden></p>
      ${contestedNote(`${id}-contested`, drawing.contested(`${path}#order`))}
      ${body}
      ${messages.element}
      <div class="repeat-foot"><button type="button" class="add-row">＋ ${t('row.add')}</button></div>
    </section>`;
  const heading = find(element, `[id="${id}-label"]`);
  const hint = find(element, '.hint');
  const button = /** @type {HTMLButtonElement} */ (find(element, '.add-row'));
  return {
    element,
    button,
    /** @param {import('../types.js').NodeState} state */
    update(state) {
      element.hidden = !state.relevant;
      write(heading, state.label ?? '');
      hint.hidden = !state.hint;
      write(hint, state.hint ?? '');
      find(element, '.count').textContent = t('row.count', { count: state.rows?.length ?? 0 });
      button.disabled = !state.can_add_row;
      messages.draw(spoken(state, drawing.isTouched(path)));
    },
  };
}

/**
 * Ask what to do with a row, and do it.
 * @param {string} path of the repeat
 * @param {string} row
 * @param {import('../types.js').Drawing} drawing
 * @param {(act: string) => void} [before]
 */
export async function actOnRow(path, row, drawing, before) {
  const state = drawing.state(path);
  const ids = state?.rows ?? [];
  const title = t('row.title', { number: ids.indexOf(row) + 1 });
  const act = await chooseRowAct(title, {
    isFirst: ids[0] === row,
    isLast: ids[ids.length - 1] === row,
    canAdd: Boolean(state?.can_add_row),
    canRemove: Boolean(state?.can_remove_row),
  });
  if (act) await doRowAct(act, path, row, drawing, before);
}

/**
 * @param {string} act
 * @param {string} path
 * @param {string} row
 * @param {import('../types.js').Drawing} drawing
 * @param {(act: string) => void} [before]
 */
export async function doRowAct(act, path, row, drawing, before) {
  const state = drawing.state(path);
  const step = rowSteps(path, state?.rows ?? [], row)[/** @type {'up'} */ (act)];
  if (!step || (act === 'remove' && !state?.can_remove_row)) return;
  if (act === 'remove' && drawing.isFilled(rowPath(path, row))) {
    const number = (state?.rows ?? []).indexOf(row) + 1;
    if (!(await confirm(t('row.remove-filled', { number }), t('row.remove')))) return;
  }
  before?.(act);
  drawing.emit(step);
}

