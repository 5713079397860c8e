/**
 * Pace: when the next sync runs. One runs at a time; after a failure the pause grows, and only a sign that things have
 * changed (the browser is online again, somebody asks) cuts it short.
 */

import { waitMs } from "./clock.js";

/** @typedef {import("./clock.js").Clock} Clock */

/** Milliseconds after an edit: the taps of one goal go together. */
const GATHER_MS = 300;

export class Pace {
  #failures = 0;
  #isRunning = false;
  #isStopped = true;
  #isAsked = false;
  /** @type {(() => void) | null} */
  #cancel = null;
  #due = Infinity;

  /**
   * @param {object} given
   * @param {Clock} given.clock
   * @param {() => number} given.share draws a number from 0 to 1
   * @param {() => Promise<void>} given.sync
   * @param {() => number} [given.notBefore] when the server wants to be asked again at the earliest
   * @param {() => number} given.idleMs how long to wait after a sync that went well
   * @param {(error: any) => number} given.askedMs how long an error asks to wait
   * @param {(error: any, due: number) => void} given.onFailed
   */
  constructor({ clock, share, sync, notBefore = () => 0, idleMs, askedMs, onFailed }) {
    this.clock = clock;
    this.share = share;
    this.sync = sync;
    this.notBefore = notBefore;
    this.idleMs = idleMs;
    this.askedMs = askedMs;
    this.onFailed = onFailed;
  }

  /** When the next sync is due, by this device's clock; Infinity for never. */
  get due() {
    return this.#due;
  }

  get isStopped() {
    return this.#isStopped;
  }

  start() {
    this.#isStopped = false;
    this.hurry();
  }

  stop() {
    this.#isStopped = true;
    this.#schedule(Infinity);
  }

  /** Something was edited: sync soon, or when the pause after a failure is over. */
  nudge() {
    if (this.#isRunning) this.#isAsked = true;
    else if (this.#failures === 0) this.#schedule(Math.min(this.#due, this.clock.now() + GATHER_MS));
  }

  /** Things have changed: sync now, whatever failed before. */
  hurry() {
    this.#failures = 0;
    if (this.#isRunning) this.#isAsked = true;
    else this.#schedule(this.clock.now());
  }

  /** The pause between syncs that went well is another now. */
  relax() {
    const isIdle = !this.#isRunning && this.#failures === 0 && this.#due > this.clock.now() + GATHER_MS;
    if (isIdle) this.#schedule(this.clock.now() + this.idleMs());
  }

  /** @param {number} due */
  #schedule(due) {
    this.#cancel?.();
    this.#due = this.#isStopped ? Infinity : Math.max(due, this.notBefore());
    const wait = Math.max(0, this.#due - this.clock.now());
    this.#cancel = Number.isFinite(wait) ? this.clock.after(wait, () => void this.#go()) : null;
  }

  async #go() {
    if (this.#isRunning || this.#isStopped) return;
    this.#isRunning = true;
    this.#isAsked = false;
    try {
      await this.sync();
      this.#failures = 0;
      this.#rest(this.#isAsked ? GATHER_MS : this.idleMs());
    } catch (error) {
      this.#failures += 1;
      this.#rest(waitMs({ failures: this.#failures, share: this.share(), askedMs: this.askedMs(error) }));
      this.onFailed(error, this.#due);
    }
  }

  /** @param {number} ms */
  #rest(ms) {
    this.#isRunning = false;
    this.#schedule(this.clock.now() + ms);
  }
}
