/**
 * Pull: the log is laid over the fold a whole transaction at a time, and the cursor rests at the end of one.
 */

import { thin, versionOf } from "./cursors.js";
import { forgetOver, obey } from "./erasure.js";
import { ProtocolFault } from "./messages.js";
import { pastOf } from "./push.js";
import { expired } from "./recovery.js";
import { lay } from "./records.js";

/** @typedef {import("./messages.js").PullAnswer} PullAnswer */
/** @typedef {import("./messages.js").PullQuery} PullQuery */
/** @typedef {import("./push.js").Run} Run */
/** @typedef {import("./state.js").Draft} Draft */
/** @typedef {import("./state.js").Meta} Meta */

/**
 * Return what to pull next.
 * @param {Meta} meta
 * @param {Run} run
 * @returns {PullQuery}
 */
export function pullQuery(meta, run) {
  return { since: run.pullCursor, acked: meta.acked, past: pastOf(meta) };
}

/**
 * Tell whether a snapshot must be taken before anything is pulled.
 * @param {Meta} meta
 * @param {Run} run
 */
export function needsSnapshot(meta, run) {
  return meta.phase === "snapshot" && run.staged === null;
}

/**
 * Take a page of the log; one that does not follow the cursor is stale and ignored.
 * @param {Draft} draft
 * @param {Run} run
 * @param {{since: string, acked?: string | null}} query
 * @param {PullAnswer} answer
 */
export function pulled(draft, run, query, answer) {
  // After a divergence an answer may still come that goes on inside a transaction begun before it.
  if (query.since !== run.pullCursor || needsSnapshot(draft.meta, run)) return;
  for (const change of answer.changes) {
    const before = versionOf(run.pullCursor);
    if (change.version !== before + 1) throw new ProtocolFault(`version ${change.version} follows ${before}`);
    if (run.staged && (run.heads.get(change.version) ?? change.tag) !== change.tag) {
      expired(draft, run); // a page was read before the server was restored: it holds what this log does not
      return;
    }
    run.pullCursor = `${change.version}.${change.tag}`;
    run.partial.push(change);
    if (!change.more) endTransaction(draft, run);
  }
  // The server has checked the query's `acked`. Only then is a snapshot shown, and may a cursor that passed `acked` by
  // number stand for it: one of another history would say that what was lost with the old is safe.
  const { meta } = draft;
  if (query.acked !== meta.acked || run.partial.length > 0) return;
  showStaged(draft, run);
  if (meta.acked !== null && versionOf(meta.acked) <= versionOf(meta.cursor)) meta.acked = null;
}

/**
 * @param {Draft} draft
 * @param {Run} run
 */
function endTransaction(draft, run) {
  for (const change of run.partial) {
    obey(draft, change);
    lay(run.staged ?? draft.records, change);
  }
  run.partial = [];
  if (!run.staged) moveCursor(draft, run);
}

/**
 * @param {Draft} draft
 * @param {Run} run
 */
function moveCursor(draft, run) {
  const { meta } = draft;
  meta.past = thin([meta.cursor, ...meta.past]);
  meta.cursor = run.pullCursor;
  forgetOver(draft);
}

/**
 * Show a snapshot in place of what was shown, once the pull has passed the head that its last page names.
 * @param {Draft} draft
 * @param {Run} run
 */
export function showStaged(draft, run) {
  if (!run.staged || run.until === null || versionOf(run.pullCursor) < versionOf(run.until)) return;
  draft.replaceRecords(run.staged);
  run.staged = null;
  run.until = null;
  draft.meta.phase = "pulling";
  moveCursor(draft, run);
}
