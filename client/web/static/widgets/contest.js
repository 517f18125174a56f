// @ts-check
/** One contested place: what each side says, who and when, and a choice among them. */

import { kindOf, optionsOf, positions } from '../contests.js';
import { find, html } from '../html.js';
import { placeName } from '../places.js';
import { t } from '../texts.js';
import { makeControl } from './control.js';
import { madeAt, madeBy } from './history.js';

/** @typedef {import('../types.js').Contender} Contender */
/** @typedef {ReturnType<typeof contest>} Contest */

/**
 * @typedef {object} Asked
 * @property {import('../types.js').Contested} contested
 * @property {import('../types.js').Revised[]} heads
 * @property {string[]} rows how the rows stand now, where their order is contested
 * @property {{node: import('../types.js').FormNode, state: import('../types.js').NodeState, kind: string}|null} question
 *   where another value may be given
 */

/**
 * @param {Asked} asked
 * @param {number} number
 * @param {() => void} onChoice
 */
export function contest({ contested, heads, rows, question }, number, onChoice) {
  const name = `contest-${number}`;
  const label = placeName(contested);
  const options = optionsOf(contested.contenders);
  const items = options.map((option, index) => html`
    <label class="choice contender">
      <input type="radio" name="${name}" value="${index}" aria-describedby="${name}-wrong">
      <span class="contender-said"><span class="contender-value">${words(contested.path, option.contender, rows)}</span>
        ${option.contender.reason && contested.path !== '' && html`<small class="read-reason">${t('reason.given-as', { reason: option.contender.reason })}</small>`}
        <small>${who(option, heads)}${option.isShown && ` · ${t('conflict.shown')}`}</small></span>
    </label>`);
  const other = question && otherChoice(name, label, question, () => { select(options.length); onChoice(); });
  const element = html`
    <fieldset class="contest">
      <legend>${label}</legend>
      <div class="contenders">${items}${other?.element}</div>
      <p class="message hard" id="${name}-wrong" hidden></p>
    </fieldset>`;
  const wrong = find(element, '.message');
  const radios = () => [.../** @type {NodeListOf<HTMLInputElement>} */ (element.querySelectorAll(`input[name="${name}"]`))];
  /** @param {number} index */
  const select = (index) => { radios()[index].checked = true; };
  const chosen = () => radios().findIndex((radio) => radio.checked);
  element.addEventListener('change', () => { wrong.hidden = true; onChoice(); });

  return {
    path: contested.path,
    kind: kindOf(contested.path),
    element,
    /** What was chosen: whether there is anything then, and what; null while nothing is. */
    chosen() {
      const index = chosen();
      if (index < 0) return null;
      if (index < options.length) return { taken: { head: options[index].head }, ...options[index].contender };
      const value = other?.value() ?? null;
      return value === null ? null : { taken: { value }, present: true, value };
    },
    /** Say that it is still to be decided, and go there. */
    ask() {
      const isBlank = chosen() === options.length;
      wrong.textContent = t(isBlank ? 'conflict.missing-value' : 'conflict.missing');
      wrong.hidden = false;
      if (isBlank) other?.focus();
      else radios()[0].focus();
    },
  };
}

/**
 * @param {string} path
 * @param {Contender} contender
 * @param {string[]} rows
 */
function words(path, contender, rows) {
  const kind = kindOf(path);
  if (kind === 'entry') return contender.value === 'void' ? `${t('conflict.void')}：${contender.reason ?? ''}` : t('conflict.keep');
  if (kind === 'row') return contender.present ? `${t('conflict.keep-row')}：${contender.text}` : t('conflict.drop-row');
  if (kind === 'value') return (contender.present && contender.text) || t('conflict.blank');
  const order = positions(contender.value, rows).map((each) => each ?? t('conflict.row-new'));
  return t('conflict.rows', { rows: order.join('、') });
}

/**
 * @param {import('../contests.js').Option} option
 * @param {import('../types.js').Revised[]} heads
 */
const who = (option, heads) => heads.filter((head) => option.heads.includes(head.digest))
  .map((head) => `${madeBy(head)} · ${madeAt(head)}`).join('；');

/**
 * @param {string} name
 * @param {string} label
 * @param {NonNullable<Asked['question']>} question
 * @param {() => void} onTyped
 */
function otherChoice(name, label, { node, state, kind }, onTyped) {
  /** @type {any} */
  let value = null;
  const control = makeControl(kind, {
    id: `${name}-other`, node, isCell: true, blob: () => Promise.reject(new Error('no file is asked for')), attach() {},
    answer: (given) => { value = given; onTyped(); },
  });
  control.update?.(state);
  control.set(null);
  control.target.setAttribute('aria-label', t('conflict.other-label', { label }));
  return {
    element: html`
      <div class="choice contender">
        <label class="contender-other"><input type="radio" name="${name}" value="other" aria-describedby="${name}-wrong"><span>${t('conflict.other')}</span></label>
        ${control.element}
      </div>`,
    value: () => value,
    focus: () => control.target.focus(),
  };
}
