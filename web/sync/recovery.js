/**
 * Recovery: what a device does when its history is not the server's, its cursor is too old, its identity is shared, or its
 * person is no member any more. Nothing unsent is ever thrown away.
 */

import { older, ORIGIN, versionOf } from "./cursors.js";
import { KEPT_MS } from "./messages.js";
import { isUnsettled } from "./outbox.js";
import { makeAgain, proof } from "./push.js";
import { Records } from "./records.js";

/** @typedef {import("./messages.js").Push} Push */
/** @typedef {import("./push.js").Run} Run */
/** @typedef {import("./state.js").Draft} Draft */
/** @typedef {import("./state.js").Made} Made */

/**
 * Begin again after 409 `log_diverged`: what was settled after `common` goes back to the queue.
 * @param {Draft} draft
 * @param {Run} run
 * @param {string} common
 */
export function diverged(draft, run, common) {
  const { meta } = draft;
  const kept = versionOf(common);
  // An answer whose timestamp `common` has passed by number may be of a history that was undone since: then all that was
  // settled is in doubt, and pushed again. What the server holds it answers as a repeat.
  const isDoubtful = meta.acked !== null && meta.acked !== common && versionOf(meta.acked) <= kept;
  for (const made of draft.made()) {
    if (made.timestamp !== null && versionOf(made.timestamp) <= kept && !isDoubtful) continue;
    draft.setMade(requeued(made, common));
  }
  meta.past = meta.past.filter((cursor) => versionOf(cursor) <= kept);
  meta.cursor = common;
  meta.acked = null;
  expired(draft, run);
}

/**
 * Return a mutation as it is queued again, with the stamp and the correction that its first answer gave.
 * @param {Made} made
 * @param {string} common
 * @returns {Made}
 */
function requeued(made, common) {
  const { verdict, again } = made;
  const told = again && verdict === null ? again : { stamp: verdict?.stamp, correction: made.correction };
  const seen = again ? older(again.common ?? common, common) : common;
  return {
    ...made,
    again: makeAgain(made.mutation.n, told.stamp, told.correction, seen),
    verdict: null,
    timestamp: null,
  };
}

/**
 * Begin a snapshot: the cursor is not, or no longer, in the log.
 *
 * `told` is what 410 `cursor_expired` says. A log is kept for longer than a device keeps what was settled: what was so
 * lately, before the beginning of this log, was in another history, and is queued again.
 *
 * What this device stands on is proven in each request until the snapshot is shown: the server may be restored meanwhile,
 * even to a part of the old history that a divergence left behind. A snapshot alone would not tell, and what the server
 * has lost would not be pushed again.
 * @param {Draft} draft
 * @param {Run} run
 * @param {{oldest?: number, server_time?: number}} [told]
 */
export function expired(draft, run, { oldest = 0, server_time = Infinity } = {}) {
  for (const made of draft.made()) {
    const isBefore = made.timestamp !== null && versionOf(made.timestamp) < oldest;
    if (isBefore && made.settled_ms > server_time - KEPT_MS) draft.setMade(requeued(made, ORIGIN));
  }
  run.inFlight = null;
  run.partial = [];
  run.staged = null;
  run.until = null;
  draft.meta.acked = proof(draft.meta);
  draft.meta.phase = "snapshot";
}

/**
 * Take a new identity for what the server does not hold with the same content (409 `device_forked`).
 *
 * What was sent in other pushes and never answered keeps its old identity until it is pushed again: only then does the
 * server say whether it is held.
 * @param {Draft} draft
 * @param {Run} run
 * @param {Push} push
 * @param {Iterable<number>} held
 * @param {string} newDeviceId
 */
export function forked(draft, run, push, held, newDeviceId) {
  if (push !== run.inFlight) return;
  run.inFlight = null;
  const safe = new Set(held);
  moveTo(draft, push.device_id, newDeviceId, ({ mutation, sent_in }) => {
    return !safe.has(mutation.n) && (run.inPush.has(mutation.n) || sent_in === 0);
  });
}

/**
 * Take a new identity for all that is unsettled: the old one is another person's (409 `device_taken`).
 * @param {Draft} draft
 * @param {Run} run
 * @param {Push} push
 * @param {string} newDeviceId
 */
export function taken(draft, run, push, newDeviceId) {
  if (push !== run.inFlight) return;
  run.inFlight = null;
  moveTo(draft, push.device_id, newDeviceId, () => true);
}

/**
 * @param {Draft} draft
 * @param {string} oldId
 * @param {string} newId
 * @param {(made: Made) => boolean} moves
 */
function moveTo(draft, oldId, newId, moves) {
  const { meta } = draft;
  const moved = [...draft.made()].filter((made) => made.device_id === oldId && isUnsettled(made) && moves(made));
  const first = moved.length > 0 ? moved[0].mutation.n : meta.next_n;
  const origin = { device_id: oldId, n: first - 1 };
  meta.origins = [...meta.origins, origin];
  if (meta.device_id === oldId) meta.device_id = newId;
  for (const made of moved) {
    const origins = [...(made.mutation.origins ?? []), origin];
    draft.setMade({ ...made, device_id: meta.device_id, verdict: null, mutation: { ...made.mutation, origins } });
  }
}

/**
 * Forget the club's data, as 403 `access_ended` orders; what was not sent, or was refused, stays for export.
 * @param {Draft} draft
 * @param {Run} run
 */
export function ended(draft, run) {
  expired(draft, run);
  draft.meta.ended = true;
  draft.replaceRecords(new Records());
  for (const made of draft.made())
    if (!isUnsettled(made) && made.verdict?.verdict !== "rejected") draft.forget(made.mutation.n);
}
