/**
 * Syncer: carries out one sync. It pushes all that is due, each parked mutation once; then it reads what others wrote from
 * its source: the club's log, or the picture of one match. Any request may be lost, and is sent again with the next sync.
 */

import { isCursor } from "./cursors.js";
import { randomId, systemDice } from "./ids.js";
import { Log } from "./log.js";
import { PROTOCOL, ProtocolFault, PUSH_BYTES_ADVISED, readPushAnswer } from "./messages.js";
import { forgetKept, forgettable } from "./outbox.js";
import { beginSync, nextPush, pushed, wake } from "./push.js";
import { diverged, ended, forked, taken } from "./recovery.js";
import { SignedOut } from "./session.js";
import { Draft } from "./state.js";
import { Problem, Unreachable } from "./transport.js";

/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./ids.js").Dice} Dice */
/** @typedef {import("./messages.js").Change} Change */
/** @typedef {import("./messages.js").Push} Push */
/** @typedef {import("./log.js").Source} Source */
/** @typedef {import("./push.js").Run} Run */
/** @typedef {import("./session.js").Session} Session */
/** @typedef {import("./state.js").State} State */

/** Recoveries in one sync, after which something is wrong with one of the two and a pause is due. */
const RECOVERIES_MAX = 8;
/** Bytes below which a push that is still too large is not cut any further. */
const PUSH_BYTES_LEAST = 1_024;

export class Syncer {
  /** @type {Run | null} */
  #run = null;
  /** The cursor that the run goes on from; another one in the store means that another tab has synced meanwhile. */
  #at = "";
  #recoveries = 0;
  #pushBytes = PUSH_BYTES_ADVISED;
  /** Called where a tail tells that there is news, and not what. */
  onBehind = () => {};

  /**
   * @param {object} given
   * @param {State} given.state
   * @param {Session} given.session
   * @param {Clock} given.clock
   * @param {Dice} [given.dice]
   * @param {Source} [given.source]
   */
  constructor({ state, session, clock, dice = systemDice, source = new Log() }) {
    this.state = state;
    this.session = session;
    this.clock = clock;
    this.dice = dice;
    this.source = source;
  }

  /**
   * Sync once. Throws Unreachable or SignedOut where it could not be finished, Problem where the server refused: what was
   * not pushed stays queued in all cases.
   */
  async sync() {
    this.#recoveries = 0;
    try {
      await this.state.refresh();
      beginSync(this.run);
      const refusal = await this.#pushAll();
      await this.source.read(this);
      if (forgettable(new Draft(this.state.picture), this.state.meta.server_ms).length > 0)
        await this.step((draft) => forgetKept(draft, draft.meta.server_ms));
      if (refusal) throw refusal;
    } catch (error) {
      if (error instanceof Problem && error.code === "access_ended") await this.step(ended);
      if (!isOutside(error)) this.#run = null; // what is stored is whole; what was in memory may not be
      throw error;
    }
  }

  /**
   * Take changes that came without being asked for. Answers whether they fit; where not, a sync is due.
   * @param {Change[]} changes
   * @returns {Promise<boolean>}
   */
  deliver(changes) {
    return this.source.deliver(this, changes);
  }

  /** What a tail begins with, beside the token. */
  get opening() {
    return this.source.opening(this);
  }

  // -- for the source -------------------------------------------------------------------------------------------------

  /** What is held only while awake. */
  get run() {
    return this.#runAt(new Draft(this.state.picture));
  }

  /**
   * Return the run, begun anew where another tab has moved the cursor: what this one has read goes on from elsewhere.
   * @param {Draft} draft
   */
  #runAt(draft) {
    if (!this.#run || this.#at !== draft.meta.cursor) this.#run = wake(draft);
    this.#at = draft.meta.cursor;
    return this.#run;
  }

  /**
   * Carry a step out, and store what it changed.
   * @template T
   * @param {(draft: Draft, run: Run) => T} act
   * @returns {Promise<T>}
   */
  step(act) {
    return this.state.change((draft) => {
      const result = act(draft, this.#runAt(draft));
      this.#at = draft.meta.cursor;
      return result;
    });
  }

  /**
   * Begin again after 409 `log_diverged`.
   * @param {unknown} common
   */
  async diverge(common) {
    if (!isCursor(common)) throw new ProtocolFault("the refusal names no common cursor");
    this.source.restart();
    await this.step((draft, run) => diverged(draft, run, common));
  }

  /** Count a recovery. Throws where there were so many that something is wrong with one of the two. */
  recover() {
    if (++this.#recoveries > RECOVERIES_MAX) throw new ProtocolFault("what others wrote cannot be read to its end");
  }

  /**
   * @param {string} path
   * @param {import("./transport.js").Asked} asked
   */
  get(path, asked) {
    return this.session.ask(this.state.meta.device_id, "GET", path, asked);
  }

  // -- pushing --------------------------------------------------------------------------------------------------------

  /** @returns {Promise<Problem | null>} the refusal, where the server takes nothing of this device */
  async #pushAll() {
    for (;;) {
      const limits = { sentAt: this.clock.now(), bytesMax: this.#pushBytes };
      const push = await this.step((draft, run) => nextPush(draft, run, limits));
      if (!push) return null;
      try {
        await this.#push(push);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.code === "access_ended") {
          if (!(await this.#handOver(error.body.kept, push))) throw error;
        } else if (!(await this.#mend(error, push))) return error;
      }
    }
  }

  /** @param {Push} push */
  async #push(push) {
    const body = { ...push, sent_at: this.clock.now(), protocol: PROTOCOL };
    const answer = readPushAnswer(await this.session.ask(push.device_id, "POST", "/api/sync/push", { body }));
    await this.step((draft, run) => {
      if (!pushed(draft, run, push, answer)) return;
      const { meta } = draft;
      meta.server_ms = Math.max(meta.server_ms, answer.server_time);
      meta.correction = answer.correction;
      if (![...draft.made()].some((made) => made.verdict === null)) meta.saved_ms = this.clock.now();
    });
  }

  /**
   * Let go of what the server has taken into a coach's hands, since access ended. Answers whether it took anything.
   * @param {unknown} kept the counters of the push that it holds
   * @param {Push} push
   */
  async #handOver(kept, push) {
    const held = new Set(Array.isArray(kept) ? kept : []);
    return this.step((draft) => {
      const mine = push.mutations.filter(({ n }) => held.has(n));
      for (const { n } of mine) draft.forget(n);
      return mine.length > 0;
    });
  }

  /**
   * Do what a refused push asks for. Answers whether it makes sense to push again.
   * @param {Problem} problem
   * @param {Push} push
   * @returns {Promise<boolean>}
   */
  async #mend({ code, body }, push) {
    if (++this.#recoveries > RECOVERIES_MAX) return false;
    const fresh = randomId(this.dice);
    if (code === "log_diverged") await this.diverge(body.common);
    else if (code === "device_forked") await this.step((draft, run) => forked(draft, run, push, body.held, fresh));
    else if (code === "device_taken") await this.step((draft, run) => taken(draft, run, push, fresh));
    else if (code === "too_large" && this.#pushBytes > PUSH_BYTES_LEAST) this.#pushBytes /= 2;
    else return false;
    return true;
  }
}

/**
 * Tell whether an error came from outside, so that what was read so far is as good as before.
 * @param {unknown} error
 */
function isOutside(error) {
  return error instanceof Problem || error instanceof Unreachable || error instanceof SignedOut;
}
