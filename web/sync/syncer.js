/**
 * Syncer: carries out one sync. It pushes all that is due, each parked mutation once; then it pulls until there is no
 * more, with a snapshot first where one is needed. Any request may be lost, and is sent again with the next sync.
 */

import { isCursor, versionOf } from "./cursors.js";
import { randomId, systemDice } from "./ids.js";
import {
  PROTOCOL,
  ProtocolFault,
  PUSH_BYTES_ADVISED,
  readPullAnswer,
  readPushAnswer,
  readSnapshotAnswer,
} from "./messages.js";
import { forgetKept, forgettable } from "./outbox.js";
import { needsSnapshot, pulled, pullQuery } from "./pull.js";
import { beginSync, nextPush, pushed, wake } from "./push.js";
import { diverged, ended, expired, forked, taken } from "./recovery.js";
import { snapshotTaken } from "./snapshot.js";
import { SignedOut } from "./session.js";
import { Draft } from "./state.js";
import { Problem, Unreachable } from "./transport.js";

/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./ids.js").Dice} Dice */
/** @typedef {import("./messages.js").Change} Change */
/** @typedef {import("./messages.js").Push} Push */
/** @typedef {import("./messages.js").SnapshotAnswer} SnapshotAnswer */
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
  /** The pages of a snapshot that were read so far: a slow line gets through it in more than one sync. @type {SnapshotAnswer[]} */
  #pages = [];
  #recoveries = 0;
  #pushBytes = PUSH_BYTES_ADVISED;

  /**
   * @param {object} given
   * @param {State} given.state
   * @param {Session} given.session
   * @param {Clock} given.clock
   * @param {Dice} [given.dice]
   */
  constructor({ state, session, clock, dice = systemDice }) {
    this.state = state;
    this.session = session;
    this.clock = clock;
    this.dice = dice;
  }

  /**
   * Sync once. Throws Unreachable or SignedOut where it could not be finished, Problem where the server refused: what was
   * not pushed stays queued in all cases.
   */
  async sync() {
    this.#recoveries = 0;
    try {
      await this.state.refresh();
      beginSync(this.#awake());
      const refusal = await this.#pushAll();
      await this.#pullAll();
      if (forgettable(new Draft(this.state.picture), this.state.meta.server_ms).length > 0)
        await this.#step((draft) => forgetKept(draft, draft.meta.server_ms));
      if (refusal) throw refusal;
    } catch (error) {
      if (error instanceof Problem && error.code === "access_ended") await this.#step(ended);
      if (!isOutside(error)) this.#run = null; // what is stored is whole; what was in memory may not be
      throw error;
    }
  }

  /**
   * Take changes that came without being asked for. Answers whether they fit; where not, a pull is due.
   * @param {Change[]} changes
   * @returns {Promise<boolean>}
   */
  async deliver(changes) {
    return this.#step((draft, run) => {
      const at = versionOf(run.pullCursor);
      const fresh = changes.filter((change) => change.version > at);
      if (fresh.length === 0) return true;
      if (fresh[0].version !== at + 1 || draft.meta.phase === "snapshot") return false;
      // Nobody has checked `acked` for these: it stays until a pull that carried it was answered.
      const acked = draft.meta.acked === null ? null : undefined;
      pulled(draft, run, { since: run.pullCursor, acked }, { changes: fresh, timestamp: run.pullCursor, more: false });
      return true;
    });
  }

  /** What a tail begins with: the end of what has been read, and what a pull would name beside it. */
  get opening() {
    const { since, acked, past } = pullQuery(this.state.meta, this.#awake());
    return { since, past, protocol: PROTOCOL, ...(acked && { acked }) };
  }

  #awake() {
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
   * @template T
   * @param {(draft: Draft, run: Run) => T} act
   * @returns {Promise<T>}
   */
  #step(act) {
    return this.state.change((draft) => {
      const result = act(draft, this.#runAt(draft));
      this.#at = draft.meta.cursor;
      return result;
    });
  }

  /** @returns {Promise<Problem | null>} the refusal, where the server takes nothing of this device */
  async #pushAll() {
    for (;;) {
      const limits = { sentAt: this.clock.now(), bytesMax: this.#pushBytes };
      const push = await this.#step((draft, run) => nextPush(draft, run, limits));
      if (!push) return null;
      try {
        await this.#push(push);
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        if (error.code === "access_ended") throw error;
        if (!(await this.#mend(error, push))) return error;
      }
    }
  }

  /** @param {Push} push */
  async #push(push) {
    const body = { ...push, sent_at: this.clock.now(), protocol: PROTOCOL };
    const answer = readPushAnswer(await this.session.ask(push.device_id, "POST", "/api/sync/push", { body }));
    await this.#step((draft, run) => {
      if (!pushed(draft, run, push, answer)) return;
      const { meta } = draft;
      meta.server_ms = Math.max(meta.server_ms, answer.server_time);
      meta.correction = answer.correction;
      if (![...draft.made()].some((made) => made.verdict === null)) meta.saved_ms = this.clock.now();
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
    if (code === "log_diverged") await this.#diverge(body.common);
    else if (code === "device_forked") await this.#step((draft, run) => forked(draft, run, push, body.held, fresh));
    else if (code === "device_taken") await this.#step((draft, run) => taken(draft, run, push, fresh));
    else if (code === "too_large" && this.#pushBytes > PUSH_BYTES_LEAST) this.#pushBytes /= 2;
    else return false;
    return true;
  }

  async #pullAll() {
    for (;;) {
      if (needsSnapshot(this.state.meta, this.#awake())) await this.#takeSnapshot();
      const query = pullQuery(this.state.meta, this.#awake());
      try {
        const asked = { ...query, past: query.past.join(","), protocol: String(PROTOCOL) };
        const answer = readPullAnswer(await this.#get("/api/sync/pull", asked));
        await this.#step((draft, run) => pulled(draft, run, query, answer));
        if (!answer.more && this.state.meta.phase === "pulling") return;
        if (!answer.more) this.#count();
      } catch (error) {
        await this.#begin(error);
      }
    }
  }

  /**
   * Begin anew after a refused pull, or throw what cannot be mended here.
   * @param {unknown} error
   */
  async #begin(error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === "log_diverged") await this.#diverge(error.body.common);
    else if (error.code === "cursor_expired") await this.#expire();
    else throw error;
    this.#count();
  }

  /** @param {unknown} common */
  async #diverge(common) {
    if (!isCursor(common)) throw new ProtocolFault("the refusal names no common cursor");
    this.#pages = [];
    await this.#step((draft, run) => diverged(draft, run, common));
  }

  async #expire() {
    this.#pages = [];
    await this.#step(expired);
  }

  #count() {
    if (++this.#recoveries > RECOVERIES_MAX) throw new ProtocolFault("the log cannot be read to its end");
  }

  async #takeSnapshot() {
    const pages = this.#pages;
    do {
      const asked = { page: pages.at(-1)?.page, protocol: String(PROTOCOL) };
      pages.push(readSnapshotAnswer(await this.#get("/api/sync/snapshot", asked)));
    } while (pages.at(-1)?.page);
    this.#pages = [];
    await this.#step((draft, run) => snapshotTaken(draft, run, pages));
  }

  /**
   * @param {string} path
   * @param {Record<string, string | null | undefined>} query
   */
  #get(path, query) {
    return this.session.ask(this.state.meta.device_id, "GET", path, { query });
  }
}

/**
 * Tell whether an error came from outside, so that what was read so far is as good as before.
 * @param {unknown} error
 */
function isOutside(error) {
  return error instanceof Problem || error instanceof Unreachable || error instanceof SignedOut;
}
