/**
 * Tail: the log, as it grows. It goes on from where the device has read, over the first wire that works: a socket, else
 * a stream of events, else none, and then the device polls.
 *
 *     resting -> opening -> (hello) live -> (closed) resting, and again
 *                        -> (closed twice without a hello) the next wire
 *
 * A tail may lose its wire at any moment and loses no change: what does not follow the cursor is pulled.
 */

import { waitMs } from "./clock.js";
import { isCursor, versionOf } from "./cursors.js";

/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./messages.js").Change} Change */
/** @typedef {import("./wires.js").Line} Line */
/** @typedef {import("./wires.js").Opening} Opening */
/** @typedef {import("./wires.js").Wire} Wire */

/** Milliseconds for the first word of the server. */
const HELLO_MS = 10_000;
/** Milliseconds between heartbeats, unless the hello says otherwise. Twice as long a silence is a dead line. */
const HEARTBEAT_MS = 30_000;
/** Milliseconds before its end at which a fresh token is sent; the session has renewed its own by then. */
const RENEWAL_MS = 45_000;
/** Tries of one wire without a hello, before the next one's turn. */
const TRIES_A_WIRE = 2;
/** Milliseconds of polling before the first wire is tried again: the phone has left that network, perhaps. */
const POLLING_MS = 5 * 60_000;

/** Ends that a pull is told too, which then does what they ask for. */
const TOLD_BY_A_PULL = new Set(["unauthorised", "access_ended", "log_diverged", "cursor_expired", "protocol_unsupported"]);

export class Tail {
  isLive = false;
  #isStopped = true;
  #wire = 0;
  #failures = 0;
  /** @type {Line | null} */
  #line = null;
  /** @type {(() => void) | null} */
  #cancel = null;
  /** @type {(() => void) | null} */
  #cancelRenewal = null;
  #silenceMs = 2 * HEARTBEAT_MS;
  /** Counts the wires opened: what an earlier one still says is of no interest. */
  #turn = 0;
  /** @type {Promise<void>} */
  #heard = Promise.resolve();

  /**
   * @param {object} given
   * @param {readonly Wire[]} given.wires the best first
   * @param {Clock} given.clock
   * @param {() => number} given.share draws a number from 0 to 1
   * @param {() => Promise<Opening>} given.greet makes the first message, with a token that is good
   * @param {() => string} given.at the cursor at which the device has read
   * @param {(changes: Change[]) => Promise<boolean>} given.deliver answers whether the changes fit
   * @param {() => void} given.onBehind a pull is due
   * @param {(isLive: boolean) => void} given.onLive
   */
  constructor({ wires, clock, share, greet, at, deliver, onBehind, onLive }) {
    this.wires = wires;
    this.clock = clock;
    this.share = share;
    this.greet = greet;
    this.at = at;
    this.deliver = deliver;
    this.onBehind = onBehind;
    this.onLive = onLive;
  }

  /** Begin, unless it has begun. */
  start() {
    if (!this.#isStopped) return;
    this.#isStopped = false;
    this.#rest(0);
  }

  /** Things have changed: try the best wire now, where none is open. */
  hurry() {
    if (this.#isStopped || this.#line) return;
    this.#failures = this.#wire = 0;
    this.#rest(0);
  }

  stop() {
    this.#isStopped = true;
    this.#close();
  }

  /** @param {number} ms */
  #rest(ms) {
    this.#close();
    if (!this.#isStopped && this.wires.length > 0) this.#cancel = this.clock.after(ms, () => void this.#open());
  }

  #close() {
    this.#turn += 1;
    this.#cancel?.();
    this.#cancelRenewal?.();
    this.#line?.close();
    this.#cancel = this.#cancelRenewal = this.#line = null;
    this.#tell(false);
  }

  /** @param {boolean} isLive */
  #tell(isLive) {
    if (this.isLive === isLive) return;
    this.isLive = isLive;
    this.onLive(isLive);
  }

  async #open() {
    const turn = ++this.#turn;
    try {
      const opening = await this.greet();
      if (turn !== this.#turn) return;
      this.#expect(HELLO_MS);
      this.#line = this.wires[this.#wire].open(opening, {
        frame: (frame) => turn === this.#turn && this.#take(frame, turn),
        closed: (code, retryMs) => turn === this.#turn && this.#closed(code, retryMs),
      });
    } catch {
      if (turn === this.#turn) this.#closed("gone"); // no token to be had: the sync says why
    }
  }

  /**
   * Take the line for dead where nothing is heard for a while.
   * @param {number} ms
   */
  #expect(ms) {
    this.#cancel?.();
    this.#cancel = this.clock.after(ms, () => this.#closed("silent"));
  }

  /**
   * @param {any} frame
   * @param {number} turn
   */
  #take(frame, turn) {
    if (frame.type === "hello") this.#silenceMs = 2_000 * frame.heartbeat_s || 2 * HEARTBEAT_MS;
    this.#expect(this.#silenceMs);
    if (frame.type === "ended") this.#closed(String(frame.code), frame.retry_ms);
    else if (frame.type === "hello") {
      this.#failures = 0;
      this.#tell(true);
    } else if (frame.type === "changes" && Array.isArray(frame.changes)) {
      this.#then(turn, () => this.deliver(frame.changes));
    } else if (frame.type === "heartbeat" && isCursor(frame.timestamp)) {
      this.#then(turn, async () => versionOf(frame.timestamp) <= versionOf(this.at()));
    }
    if (frame.token_expires_in) this.#renewBefore(frame.token_expires_in * 1_000, turn);
  }

  /**
   * Send a fresh token before the one that was shown runs out: the socket would end with it.
   * @param {number} ms
   * @param {number} turn
   */
  #renewBefore(ms, turn) {
    this.#cancelRenewal?.();
    this.#cancelRenewal = this.clock.after(Math.max(ms - RENEWAL_MS, 1_000), async () => {
      const opening = await this.greet().catch(() => null);
      if (opening && turn === this.#turn) this.#line?.renew?.(opening.token);
    });
  }

  /**
   * Do what a frame asks for, after what those before it asked. Where it does not fit what is here, something was missed.
   * @param {number} turn
   * @param {() => Promise<boolean>} fits
   */
  #then(turn, fits) {
    this.#heard = this.#heard.then(async () => {
      if (turn !== this.#turn || (await fits().catch(() => false)) || turn !== this.#turn) return;
      this.onBehind();
      this.#closed("behind");
    });
  }

  /**
   * @param {string} code
   * @param {number} [retryMs] when the server wants to be asked again: that is no reason to try another wire
   */
  #closed(code, retryMs) {
    const isRefused = !this.isLive && retryMs === undefined;
    if (TOLD_BY_A_PULL.has(code)) this.onBehind();
    if (isRefused && ++this.#failures >= TRIES_A_WIRE) this.#tryNext();
    else this.#rest(waitMs({ failures: Math.max(1, this.#failures), share: this.share(), askedMs: retryMs }));
  }

  #tryNext() {
    this.#failures = 0;
    this.#wire = (this.#wire + 1) % this.wires.length;
    this.#rest(this.#wire === 0 ? POLLING_MS : 0);
  }
}
