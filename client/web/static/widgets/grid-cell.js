// @ts-check
/** One cell of a grid: a question without the room of a field; its label shows on narrow screens. */

import { html } from '../html.js';
import { write } from '../markdown.js';
import { elementId } from '../paths.js';
import { labelOf } from '../texts.js';
import { answerable } from './answerable.js';
import { contestedNote } from './contested-note.js';
import { isSoft, messageList, spoken } from './messages.js';
import { reasonBox } from './reason-box.js';

/**
 * @param {import('../types.js').FormNode} node
 * @param {string} path
 * @param {import('../types.js').Drawing} drawing
 * @param {() => void} onReason the reason box came or went
 */
export function gridCell(node, path, drawing, onReason) {
  const id = elementId(path);
  const element = document.createElement('td');
  element.dataset.path = path;
  element.dataset.type = node.type;
  const label = html`<label class="cell-label" for="${id}" id="${id}-label"></label>`;
  const messages = messageList(`${id}-messages`);
  const reason = reasonBox(path, `${id}-reason`, drawing);
  const part = answerable(node, path, drawing, { isCell: true, describedBy: `${id}-messages ${id}-contested` });
  const note = contestedNote(`${id}-contested`, drawing.contested(path));

  /** @param {import('../types.js').NodeState} state */
  const update = (state) => {
    const said = spoken(state, drawing.isTouched(path));
    const name = state.label ?? labelOf(node.label);
    write(label, name);
    label.classList.toggle('needed', state.required && !state.read_only);
    if (part.draw(state, said)) {
      element.prepend(label, part.control.element, messages.element, ...(note ? [note] : []));
    }
    part.control.element.hidden = !state.relevant;
    messages.draw(said);
    reason.draw(state, name);
    element.classList.toggle('off', !state.relevant);
    element.classList.toggle('wrong', said.length > 0 && !isSoft(said));
    element.classList.toggle('soft', !reason.element.hidden);
    onReason();
  };
  return {
    element,
    reason: reason.element,
    update,
    isEditable: () => !element.classList.contains('off') && part.kind !== 'output',
    focus: () => part.control.target.focus(),
    settle: () => {
      const state = drawing.state(path);
      if (state) update(state);
    },
  };
}
