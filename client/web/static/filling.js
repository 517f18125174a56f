// @ts-check
/**
 * One open draft on the page: what the person does goes out in order, what comes back is drawn.
 *
 *  - What is being typed is never overwritten, and nothing is sent or drawn while a character is
 *    being composed.
 *  - What was missed of other tabs is drawn before the own change; if steps are missing, all is
 *    read anew.
 */

import * as api from './api.js';
import { follow } from './follow.js';
import { FormView } from './form-view.js';
import { Queue } from './queue.js';
import { listViolations } from './states.js';

/** @typedef {import('./types.js').Step} Step */
/** @typedef {import('./types.js').Change} Change */
/** @typedef {import('./types.js').View} View */

export class Filling {
  #typing = '';
  #isComposing = false;
  #isEchoing = false;
  /** @type {Set<string>} */ #touched = new Set();
  /** @type {(() => void)[]} */ #held = [];
  #wantsAll = false;

  /**
   * @param {string} draft
   * @param {View} view
   * @param {object} page
   * @param {() => void} page.onDrawn
   * @param {(condition: import('./queue.js').Condition, error?: any) => void} page.onCondition
   * @param {(error: any) => void} page.onRefused
   * @param {() => void} page.onGone the draft was finalized or discarded elsewhere
   * @param {() => void} page.onOtherForm it was moved to another version of its form
   * @param {(path: string) => string} page.contested
   */
  constructor(draft, view, page) {
    this.draft = draft;
    this.page = page;
    this.seen = view.sequence;
    this.saved = view.saved_sequence;
    this.definition = view.definition.digest;
    this.queue = new Queue({
      send: (step) => this.#send(step),
      isPassing: api.isPassing,
      onCondition: page.onCondition,
      onRefused: (_, error) => { void this.#refused(error); },
      onReturn: () => this.#readAnew(),
    });
    this.form = new FormView(view, {
      emit: (step, quiet) => this.#emit(step, quiet),
      isHeld: (path) => this.#isHeld(path),
      isTouched: (path) => this.#wantsAll || this.#touched.has(path),
      blob: api.blob,
      contested: page.contested,
    });
    this.follower = follow(draft, {
      isBusy: () => this.queue.size > 0 || this.#isComposing,
      seen: () => this.seen,
      isSaved: () => this.saved >= this.seen,
      ask: () => api.events(draft, this.seen),
      onEvents: (answer) => this.#events(answer),
      onTrouble: (error) => this.#trouble(error),
    });
    this.#listen(this.form.element);
  }

  /** What is wrong, in the order of the form. */
  violations() {
    return listViolations(this.form.survey, (path) => this.form.states.get(path));
  }

  /** From now on say everywhere what is missing. */
  showAll() {
    this.#wantsAll = true;
    this.form.settleAll();
  }

  stop() {
    this.follower.stop();
  }

  /** @param {HTMLElement} element */
  #listen(element) {
    element.addEventListener('compositionstart', () => {
      this.#isComposing = true;
      this.queue.hold();
    });
    element.addEventListener('compositionend', () => {
      this.#isComposing = false;
      for (const act of this.#held.splice(0)) act();
      this.queue.release();
    });
    element.addEventListener('focusout', (event) => this.#left(/** @type {HTMLElement} */ (event.target)));
  }

  /** @param {HTMLElement} target */
  #left(target) {
    this.#typing = '';
    const path = /** @type {HTMLElement|null} */ (target.closest('[data-path]'))?.dataset.path;
    if (!path) return;
    this.#touched.add(path);
    this.queue.flush();
    if (!this.queue.isWaiting(path) && !this.queue.isSending(path)) this.#draw(() => this.form.settle(path));
  }

  /**
   * @param {Step} step
   * @param {number} [quiet]
   */
  #emit(step, quiet = 0) {
    if (quiet) this.#typing = step.path;
    performance.mark('tianbao:step');
    this.queue.put(step, quiet);
  }

  /** @param {string} path */
  #isHeld(path) {
    const isOwn = this.queue.isWaiting(path) || (this.queue.isSending(path) && !this.#isEchoing);
    return isOwn || this.#typing === path;
  }

  /** @param {Step} step */
  async #send(step) {
    performance.mark('tianbao:sent');
    const change = await api.step(this.draft, step, this.seen);
    const missed = change.missed ?? [];
    const isWhole = change.sequence === this.seen + missed.length + 1;
    this.#note(change);
    if (isWhole) this.#draw(() => this.#echo([...missed, change]));
    else await this.#readAnew();
    this.follower.stepped();
  }

  /** @param {Change[]} changes */
  #echo(changes) {
    this.#isEchoing = true;
    for (const change of changes) this.form.apply(change);
    this.#isEchoing = false;
    performance.measure('tianbao:answer', 'tianbao:sent');
  }

  /** @param {{sequence: number, saved_sequence?: number}} progress */
  #note(progress) {
    this.seen = progress.sequence;
    this.saved = progress.saved_sequence ?? this.saved;
  }

  /**
   * Draw now, or once no character is being composed.
   * @param {() => void} act
   */
  #draw(act) {
    if (this.#isComposing) {
      this.#held.push(act);
      return;
    }
    act();
    this.page.onDrawn();
  }

  /** @param {any} answer */
  #events(answer) {
    this.#note(answer);
    if (this.#isOther(answer.view)) return;
    this.#draw(() => {
      if (answer.view) this.form.replace(answer.view.states);
      for (const step of answer.steps ?? []) this.form.apply(step);
    });
  }

  async #readAnew() {
    const view = await api.view(this.draft);
    if (this.#isOther(view)) return;
    this.#note(view);
    this.#draw(() => this.form.replace(view.states));
  }

  /**
   * Another version of the form has other questions: the page is drawn anew.
   * @param {View|undefined} view
   */
  #isOther(view) {
    const isOther = view !== undefined && view.definition.digest !== this.definition;
    if (isOther) this.page.onOtherForm();
    return isOther;
  }

  /** @param {any} error */
  #trouble(error) {
    if (error?.code === 'unknown_draft') this.page.onGone();
    else if (api.isPassing(error)) this.queue.broke(error);
  }

  /** @param {any} error */
  async #refused(error) {
    if (error?.code === 'unknown_draft') {
      this.page.onGone();
      return;
    }
    this.page.onRefused(error);
    await this.#readAnew().catch((trouble) => this.#trouble(trouble));
  }
}
