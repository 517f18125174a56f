// @ts-check
/** One question with its label, hint, control, and what is wrong with it. */

import { find, html } from '../html.js';
import { write } from '../markdown.js';
import { elementId } from '../paths.js';
import { t } from '../texts.js';
import { answerable } from './answerable.js';
import { contestedNote } from './contested-note.js';
import { messageList, spoken } from './messages.js';
import { reasonBox } from './reason-box.js';

const WIDE = new Set(['radios', 'select_multiple', 'attachment', 'geopoint', 'acknowledge']);

/**
 * @param {import('../types.js').FormNode} node
 * @param {string} path
 * @param {import('../types.js').Drawing} drawing
 * @returns {import('../types.js').NodeView}
 */
export function field(node, path, drawing) {
  const id = elementId(path);
  const messages = messageList(`${id}-messages`);
  const reason = reasonBox(path, `${id}-reason`, drawing);
  const part = answerable(node, path, drawing, { isCell: false, describedBy: `${id}-hint ${id}-messages ${id}-contested` });
  const element = html`
    <div class="field" data-path="${path}" data-type="${node.type}" hidden>
      <label class="label" id="${id}-label"><span class="label-text"></span><span class="required" hidden><span aria-hidden="true">＊</span><span class="sr">${t('required')}</span></span></label>
      <p class="hint" id="${id}-hint" hidden></p>
      <div class="control"></div>
      ${contestedNote(`${id}-contested`, drawing.contested(path))}${messages.element}${reason.element}
    </div>`;
  const label = find(element, '.label');
  const hint = find(element, '.hint');

  /** @param {import('../types.js').NodeState} state */
  const update = (state) => {
    element.hidden = !state.relevant;
    write(find(element, '.label-text'), state.label ?? node.name);
    find(element, '.required').hidden = !state.required || state.read_only;
    const more = [state.hint, state.guidance_hint].filter(Boolean).join('\n');
    hint.hidden = !more;
    write(hint, more);
    const said = spoken(state, drawing.isTouched(path));
    if (part.draw(state, said)) place(element, label, part.control, id);
    element.classList.toggle('wide', WIDE.has(part.kind) || node.appearance.includes('multiline'));
    messages.draw(said);
    reason.draw(state, state.label ?? node.name);
    element.classList.toggle('wrong', said.length > 0);
  };
  return {
    element,
    update,
    focus: () => focusOn(part.control),
    settle: () => {
      const state = drawing.state(path);
      if (state) update(state);
    },
  };
}

/**
 * @param {HTMLElement} element
 * @param {HTMLElement} label
 * @param {import('../types.js').Control} control
 * @param {string} id
 */
function place(element, label, control, id) {
  const box = find(element, '.control');
  if (!box.contains(control.element)) box.replaceChildren(control.element);
  if (control.isGroup) {
    label.removeAttribute('for');
    control.target.setAttribute('aria-labelledby', `${id}-label`);
  } else {
    label.setAttribute('for', id);
  }
}

/** @param {import('../types.js').Control} control */
function focusOn(control) {
  const first = control.isGroup
    ? control.target.querySelector('input:checked') ?? control.target.querySelector('input')
    : control.target;
  /** @type {HTMLElement} */ (first ?? control.target).focus();
}

/**
 * A note: words only.
 * @param {import('../types.js').FormNode} node
 * @param {string} path
 * @returns {import('../types.js').NodeView}
 */
export function note(node, path) {
  const element = html`<p class="note" data-path="${path}" hidden></p>`;
  return {
    element,
    update(state) {
      element.hidden = !state.relevant;
      write(element, state.label ?? node.name);
    },
  };
}
