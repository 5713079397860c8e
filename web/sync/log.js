/**
 * Log: how a member's device learns what others wrote: it pulls the club's log until there is no more, with a snapshot
 * first where one is needed, and takes what a tail brings.
 */

import { versionOf } from "./cursors.js";
import { PROTOCOL, readPullAnswer, readSnapshotAnswer } from "./messages.js";
import { needsSnapshot, pulled, pullQuery } from "./pull.js";
import { expired } from "./recovery.js";
import { snapshotTaken } from "./snapshot.js";
import { Problem } from "./transport.js";
import { wiresOf } from "./wires.js";

/** @typedef {import("./messages.js").Change} Change */
/** @typedef {import("./messages.js").SnapshotAnswer} SnapshotAnswer */
/** @typedef {import("./syncer.js").Syncer} Syncer */
/** @typedef {import("./wires.js").Wire} Wire */

/**
 * @typedef {object} Source Where what others wrote comes from.
 * @property {number} netMs milliseconds between syncs where changes arrive by themselves: the net underneath
 * @property {number} pollMs milliseconds between syncs where they do not
 * @property {(origin: string) => Wire[]} wires the ways to be told of changes, the best first
 * @property {(syncer: Syncer) => object} opening what a tail begins with, beside the token
 * @property {(syncer: Syncer) => Promise<void>} read brings the device up to the log's head
 * @property {(syncer: Syncer, changes: Change[]) => Promise<boolean>} deliver takes what a tail brought; answers whether
 *   that was enough, or a sync is due
 * @property {() => void} restart what was read so far, and is not shown yet, is of no use any more
 */

/** @implements {Source} */
export class Log {
  netMs = 5 * 60_000;
  pollMs = 20_000;
  wires = wiresOf;
  /** The pages of a snapshot that were read so far: a slow line gets through it in more than one sync. @type {SnapshotAnswer[]} */
  #pages = [];

  restart() {
    this.#pages = [];
  }

  /** @param {Syncer} syncer */
  async read(syncer) {
    for (;;) {
      if (needsSnapshot(syncer.state.meta, syncer.run)) await this.#takeSnapshot(syncer);
      const query = pullQuery(syncer.state.meta, syncer.run);
      try {
        const asked = { ...query, past: query.past.join(","), protocol: String(PROTOCOL) };
        const answer = readPullAnswer(await syncer.get("/api/sync/pull", { query: asked }));
        await syncer.step((draft, run) => pulled(draft, run, query, answer));
        if (!answer.more && syncer.state.meta.phase === "pulling") return;
        if (!answer.more) syncer.recover();
      } catch (error) {
        await this.#begin(syncer, error);
      }
    }
  }

  /**
   * @param {Syncer} syncer
   * @param {Change[]} changes
   */
  deliver(syncer, changes) {
    return syncer.step((draft, run) => {
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

  /**
   * The end of what has been read, and what a pull would name beside it.
   * @param {Syncer} syncer
   */
  opening(syncer) {
    const { since, acked, past } = pullQuery(syncer.state.meta, syncer.run);
    return { since, past, protocol: PROTOCOL, ...(acked && { acked }) };
  }

  /**
   * Begin anew after a refused pull, or throw what cannot be mended here.
   * @param {Syncer} syncer
   * @param {unknown} error
   */
  async #begin(syncer, error) {
    if (!(error instanceof Problem)) throw error;
    if (error.code === "log_diverged") await syncer.diverge(error.body.common);
    else if (error.code === "cursor_expired") await this.#expire(syncer, error.body);
    else throw error;
    syncer.recover();
  }

  /**
   * @param {Syncer} syncer
   * @param {{oldest?: number, server_time?: number}} told
   */
  async #expire(syncer, told) {
    this.restart();
    await syncer.step((draft, run) => expired(draft, run, told));
  }

  /** @param {Syncer} syncer */
  async #takeSnapshot(syncer) {
    const pages = this.#pages;
    do {
      const query = { page: pages.at(-1)?.page, protocol: String(PROTOCOL) };
      pages.push(readSnapshotAnswer(await syncer.get("/api/sync/snapshot", { query })));
    } while (pages.at(-1)?.page);
    this.restart();
    await syncer.step((draft, run) => snapshotTaken(draft, run, pages));
  }
}
