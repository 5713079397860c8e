/**
 * Picture: how a device that scores one match by link learns what others wrote. It may read no log: it asks for the match's
 * records as they stand, and lays them down in place of what it showed.
 *
 * All else is as on any device: the head that the records were read at is its cursor, so its own edits stay on top until
 * the picture has passed their answer, and what is not in the picture, and has no unsettled edit, is gone.
 */

import { thin, versionOf } from "./cursors.js";
import { forgetOver, obey } from "./erasure.js";
import { PROTOCOL, readPicture } from "./messages.js";
import { pullQuery } from "./pull.js";
import { lay, Records } from "./records.js";
import { Problem } from "./transport.js";
import { socketOrigin, socketWire } from "./wires.js";

/** @typedef {import("./log.js").Source} Source */
/** @typedef {import("./messages.js").PictureAnswer} PictureAnswer */
/** @typedef {import("./messages.js").PullQuery} PullQuery */
/** @typedef {import("./push.js").Run} Run */
/** @typedef {import("./state.js").Draft} Draft */
/** @typedef {import("./syncer.js").Syncer} Syncer */
/** @typedef {import("./transport.js").Known} Known */
/** @typedef {import("./wires.js").Wire} Wire */

/** @implements {Source} */
export class Picture {
  // A feed tells of what is seen at a match, and not of a line-up or a note: the net is close, and mostly costs a 304.
  netMs = 30_000;
  pollMs = 10_000;
  /** What the answer that was laid down last is known by, and the cursor that it brought. @type {Known & {at: string}} */
  #known = { etag: null, at: "" };

  /** @param {string} matchId */
  constructor(matchId) {
    this.matchId = matchId;
  }

  restart() {
    this.#known = { etag: null, at: "" };
  }

  /** @param {Syncer} syncer */
  async read(syncer) {
    for (;;) {
      const query = pullQuery(syncer.state.meta, syncer.run);
      // Where another tab has laid another one down since, the last answer of this one is not what is shown.
      const known = { etag: this.#known.at === query.since ? this.#known.etag : null };
      try {
        const asked = { ...query, past: query.past.join(","), protocol: String(PROTOCOL) };
        const found = await syncer.get(`/api/matches/${this.matchId}/records`, { query: asked, known });
        const answer = found === null ? null : readPicture(found);
        const at = await syncer.step((draft, run) => pictured(draft, run, query, answer));
        this.#known = { etag: known.etag, at };
        return;
      } catch (error) {
        if (!(error instanceof Problem) || error.code !== "log_diverged") throw error;
        await syncer.diverge(error.body.common);
        syncer.recover();
      }
    }
  }

  /**
   * A feed wakes: what it tells is asked for.
   * @param {Syncer} syncer
   */
  async deliver(syncer) {
    syncer.onBehind();
    return true;
  }

  opening() {
    return { protocol: PROTOCOL };
  }

  /**
   * @param {string} origin
   * @returns {Wire[]}
   */
  wires(origin) {
    const base = socketOrigin(origin);
    return base ? [wakingWire(socketWire(`${base}/ws/match/${this.matchId}`))] : [];
  }
}

/**
 * Lay a picture down; null is the one that is shown already. One that another tab has overtaken is stale and ignored.
 * Answers the cursor that it brought, and the empty text where it was ignored.
 * @param {Draft} draft
 * @param {Run} run
 * @param {PullQuery} query
 * @param {PictureAnswer | null} answer
 */
export function pictured(draft, run, query, answer) {
  const { meta } = draft;
  if (query.since !== meta.cursor) return "";
  if (answer !== null) {
    for (const row of answer.records) obey(draft, row);
    const fold = new Records();
    for (const row of answer.records) lay(fold, row);
    draft.replaceRecords(fold);
    if (answer.timestamp !== meta.cursor) meta.past = thin([meta.cursor, ...meta.past]);
    meta.cursor = run.pullCursor = answer.timestamp;
    meta.phase = "pulling";
    forgetOver(draft);
  }
  // The server has checked the query's `acked`, and no other.
  if (meta.acked !== null && query.acked === meta.acked && versionOf(meta.acked) <= versionOf(meta.cursor)) meta.acked = null;
  return meta.cursor;
}

/** What a tail wants to hear as it is said. */
const OF_THE_LINE = new Set(["hello", "renewed", "heartbeat", "ended"]);

/**
 * Return a wire that tells of a match's feed as much as a tail needs: that it lives, and that there is news.
 * @param {Wire} wire
 * @returns {Wire}
 */
export function wakingWire(wire) {
  return {
    name: wire.name,
    open: (opening, heard) => wire.open(opening, { ...heard, frame: (frame) => heard.frame(asNews(frame)) }),
  };
}

/** @param {any} frame */
function asNews(frame) {
  if (!OF_THE_LINE.has(frame.type)) return { type: "changes", changes: [] };
  return frame.expires_in ? { ...frame, token_expires_in: frame.expires_in } : frame;
}
