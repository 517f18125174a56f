// @ts-check
/**
 * Steps on their way to the client, one at a time and in order.
 *
 *  - An answer that still waits is replaced by a newer one to the same question, unless rows have
 *    come or gone in between.
 *  - A step may wait for a moment of quiet; any later step, or `flush`, sends it at once.
 *  - While held (a person composes a character) nothing is sent.
 *  - What could not be sent stays first in line and is tried again until it can; what cannot be
 *    sent twice (a new row, a file) is dropped instead, and told.
 */

/** @typedef {import('./types.js').Step} Step */
/** @typedef {'idle'|'busy'|'broken'} Condition */

const ONCE_ONLY = new Set(['add-row', 'move-row', 'attach']);
const REPLACEABLE = new Set(['answer', 'reason']);
const PAUSES = [300, 600, 1200, 2500, 5000];

export class Queue {
  /** @type {Step[]} */ #waiting = [];
  /** @type {Step|null} */ #sending = null;
  /** @type {any} */ #timer = null;
  #held = false;
  #failures = 0;
  /** @type {(() => void)[]} */ #drained = [];

  /**
   * @param {object} ways
   * @param {(step: Step) => Promise<void>} ways.send
   * @param {(error: any) => boolean} ways.isPassing the trouble may pass: try again
   * @param {(condition: Condition, error?: any) => void} ways.onCondition
   * @param {(step: Step, error: any) => void} ways.onRefused
   * @param {() => Promise<void>} ways.onReturn ask whether the trouble has passed; fails if not
   */
  constructor(ways) {
    this.ways = ways;
  }

  get size() {
    return this.#waiting.length + (this.#sending ? 1 : 0);
  }

  /**
   * Tell whether something of this question waits to be sent.
   * @param {string} path
   */
  isWaiting(path) {
    return this.#waiting.some((step) => step.path === path);
  }

  /**
   * Tell whether something of this question is being sent.
   * @param {string} path
   */
  isSending(path) {
    return this.#sending?.path === path;
  }

  /**
   * @param {Step} step
   * @param {number} [quiet] milliseconds of quiet to wait for
   */
  put(step, quiet = 0) {
    this.#place(step);
    if (this.#failures) return;
    clearTimeout(this.#timer);
    if (quiet) this.#timer = setTimeout(() => this.flush(), quiet);
    else this.flush();
  }

  flush() {
    if (this.#failures) return;
    clearTimeout(this.#timer);
    void this.#pump();
  }

  /** Wait until nothing is left to be sent. */
  drained() {
    this.flush();
    if (!this.size) return Promise.resolve();
    return new Promise((resolve) => { this.#drained.push(() => resolve(undefined)); });
  }

  hold() {
    this.#held = true;
  }

  release() {
    this.#held = false;
    this.flush();
  }

  /** @param {Step} step */
  #place(step) {
    const newest = this.#waiting.findLastIndex((other) => !REPLACEABLE.has(other.kind));
    const same = this.#waiting.findLastIndex((other) => other.kind === step.kind && other.path === step.path);
    if (REPLACEABLE.has(step.kind) && same > newest) this.#waiting[same] = step;
    else this.#waiting.push(step);
  }

  /**
   * Tell the queue of trouble that was met elsewhere: it asks until it has passed.
   * @param {any} error
   */
  broke(error) {
    if (!this.#failures && !this.#sending) this.#retryLater(error);
  }

  async #pump() {
    if (this.#sending || this.#held) return;
    if (this.#failures && !(await this.#hasReturned())) return;
    while (!this.#sending && !this.#held && this.#waiting.length) {
      this.#sending = /** @type {Step} */ (this.#waiting.shift());
      this.ways.onCondition('busy');
      if (!(await this.#isSent(this.#sending))) return;
    }
    if (!this.size) this.#rest();
  }

  #rest() {
    this.ways.onCondition('idle');
    for (const wake of this.#drained.splice(0)) wake();
  }

  async #hasReturned() {
    try {
      await this.ways.onReturn();
      this.#failures = 0;
      return true;
    } catch (error) {
      this.#retryLater(error);
      return false;
    }
  }

  /** @param {Step} step */
  async #isSent(step) {
    try {
      await this.ways.send(step);
      this.#sending = null;
      return true;
    } catch (error) {
      this.#sending = null;
      return this.#isSettled(step, error);
    }
  }

  /**
   * @param {Step} step
   * @param {any} error
   */
  #isSettled(step, error) {
    const passes = this.ways.isPassing(error);
    if (!passes || ONCE_ONLY.has(step.kind)) this.ways.onRefused(step, error);
    else if (!this.#isOutdated(step)) this.#waiting.unshift(step);
    if (passes) this.#retryLater(error);
    return !passes;
  }

  /** @param {Step} step */
  #isOutdated(step) {
    return this.#waiting.some((other) => other.kind === step.kind && other.path === step.path);
  }

  /** @param {any} error */
  #retryLater(error) {
    const pause = PAUSES[Math.min(this.#failures, PAUSES.length - 1)];
    this.#failures += 1;
    this.ways.onCondition('broken', error);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#pump(), pause);
  }
}
