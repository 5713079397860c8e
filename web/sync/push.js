/**
 * Push: which mutations go next, and what their answer settles. One push is in flight at a time; what is edited
 * meanwhile goes with the next.
 *
 * A Run is what a device holds only while it is awake: what is in flight, and what was read but is not shown yet. After
 * a restart it begins anew, and what was in flight is sent again.
 */

import { ORIGIN, PAST_CURSORS_MAX, versionOf } from "./cursors.js";
import { CLEANED, countLetGo, ERASED, forgetOver } from "./erasure.js";
import { ProtocolFault, PUSH_BYTES_ADVISED, PUSH_MUTATIONS_MAX } from "./messages.js";
import { isUnsettled } from "./outbox.js";
import { makeStamp } from "./stamps.js";

/** @typedef {import("./messages.js").Again} Again */
/** @typedef {import("./messages.js").Change} Change */
/** @typedef {import("./messages.js").Mutation} Mutation */
/** @typedef {import("./messages.js").Push} Push */
/** @typedef {import("./messages.js").PushAnswer} PushAnswer */
/** @typedef {import("./messages.js").Verdict} Verdict */
/** @typedef {import("./records.js").Records} Records */
/** @typedef {import("./state.js").Draft} Draft */
/** @typedef {import("./state.js").Made} Made */
/** @typedef {import("./state.js").Meta} Meta */
/**
 * @typedef {object} Run
 * @property {Push | null} inFlight
 * @property {Set<number>} inPush the counters of what is in flight
 * @property {number} syncCount
 * @property {string} pullCursor
 * @property {Change[]} partial the begun transaction
 * @property {Records | null} staged a snapshot that is not shown yet
 * @property {string | null} until
 * @property {Map<number, string>} heads the heads under which the pages of the snapshot were read: version -> tag
 */

/**
 * Wake up with what is stored.
 * @param {Pick<Draft, "meta" | "made">} draft
 * @returns {Run}
 */
export function wake(draft) {
  let syncCount = 1;
  for (const made of draft.made()) syncCount = Math.max(syncCount, made.sent_in + 1);
  return {
    inFlight: null,
    inPush: new Set(),
    syncCount,
    pullCursor: draft.meta.cursor,
    partial: [],
    staged: null,
    until: null,
    heads: new Map(),
  };
}

/**
 * Begin a sync: parked mutations are sent once more in it.
 * @param {Run} run
 */
export function beginSync(run) {
  run.syncCount += 1;
}

/**
 * Return the next push, or null where all has been sent in this sync.
 * @param {Draft} draft
 * @param {Run} run
 * @param {{sentAt: number, bytesMax?: number, mutationsMax?: number}} limits
 * @returns {Push | null}
 */
export function nextPush(draft, run, { sentAt, bytesMax = PUSH_BYTES_ADVISED, mutationsMax = PUSH_MUTATIONS_MAX }) {
  const batch = cut(due(draft, run), bytesMax, mutationsMax);
  run.inFlight = null;
  if (batch.length === 0) return null;
  for (const made of batch) draft.setMade({ ...made, sent_in: run.syncCount });
  const again = batch.map(againOf).filter((found) => found !== null);
  const acked = proof(draft.meta);
  run.inPush = new Set(batch.map((made) => made.mutation.n));
  run.inFlight = {
    device_id: batch[0].device_id,
    sent_at: sentAt,
    mutations: batch.map((made) => made.mutation),
    ...(acked && { acked }),
    past: pastOf(draft.meta),
    ...(again.length > 0 && { again }),
  };
  return run.inFlight;
}

/**
 * @param {Draft} draft
 * @param {Run} run
 * @returns {Made[]}
 */
function due(draft, run) {
  return [...draft.made()].filter(
    (made) => isUnsettled(made) && (made.verdict === null || made.sent_in < run.syncCount),
  );
}

/**
 * Return the first of them that fit one push: of one device, within the limits, and one at least.
 * @param {Made[]} all
 * @param {number} bytesMax
 * @param {number} mutationsMax
 */
function cut(all, bytesMax, mutationsMax) {
  let size = 0;
  let count = 0;
  for (const { device_id, mutation } of all) {
    size += bytesOf(mutation) + 1;
    if (device_id !== all[0].device_id || count >= mutationsMax || (count > 0 && size > bytesMax)) break;
    count += 1;
  }
  return all.slice(0, count);
}

/**
 * Return how many bytes a mutation takes on the wire.
 * @param {Mutation} mutation
 */
export function bytesOf(mutation) {
  return new TextEncoder().encode(JSON.stringify(mutation)).length;
}

/**
 * Return the newest cursor that a push relies on: without one, a restored server would go unnoticed.
 * @param {Meta} meta
 */
export function proof({ acked, cursor }) {
  return acked === null && cursor !== ORIGIN ? cursor : acked;
}

/**
 * Return the cursors among which the server finds `common`, newest first.
 * @param {Meta} meta
 */
export function pastOf({ cursor, past }) {
  return [...new Set([cursor, ...past])].slice(0, PAST_CURSORS_MAX);
}

/**
 * Return what goes beside a mutation: what a parked one was given too, should the server have lost it.
 * @param {Made} made
 * @returns {Again | null}
 */
function againOf({ mutation, verdict, again, correction }) {
  if (verdict === null) return again;
  return makeAgain(mutation.n, verdict.stamp, correction, again?.common);
}

/**
 * @param {number} n
 * @param {string} [stamp]
 * @param {number} [correction]
 * @param {string} [common]
 * @returns {Again}
 */
export function makeAgain(n, stamp, correction, common) {
  return { n, ...(stamp && { stamp }), ...(correction && { correction }), ...(common && { common }) };
}

/**
 * Take the answer to a push; one to any but the push in flight is stale and ignored.
 * @param {Draft} draft
 * @param {Run} run
 * @param {Push} push
 * @param {PushAnswer} answer
 * @returns {boolean} whether it was taken
 */
export function pushed(draft, run, push, answer) {
  if (push !== run.inFlight) return false;
  run.inFlight = null;
  const mine = new Map(
    Array.from(draft.made(), (made) => /** @type {const} */ ([made.mutation.n, made])).filter(
      ([, made]) => made.device_id === push.device_id,
    ),
  );
  const sent = new Set(push.mutations.map(({ n }) => n));
  for (const verdict of verdictsOf(push, answer)) {
    if (!sent.has(verdict.n)) throw new ProtocolFault(`the answer speaks of ${verdict.n}, which was not pushed`);
    const made = mine.get(verdict.n); // of a record that was erased while the push was under way it is forgotten
    if (made) settle(draft, made, verdict, answer);
  }
  forgetOver(draft);
  const { meta } = draft;
  const isNewer = versionOf(answer.timestamp) > (meta.acked === null ? 0 : versionOf(meta.acked));
  // An older history's too: only the server can say that it is of this one.
  if (isNewer && answer.timestamp !== meta.cursor) meta.acked = answer.timestamp;
  return true;
}

/**
 * @param {Push} push
 * @param {PushAnswer} answer
 * @returns {Iterable<Verdict>}
 */
function* verdictsOf({ device_id }, { applied, others }) {
  for (const [from, , clocks] of applied)
    for (const [at, clock] of clocks.entries())
      yield { n: from + at, verdict: "applied", stamp: makeStamp(clock, device_id) };
  yield* others;
}

/**
 * @param {Draft} draft
 * @param {Made} made
 * @param {Verdict} verdict
 * @param {PushAnswer} answer
 */
function settle(draft, made, verdict, answer) {
  if (!isUnsettled(made)) return;
  if (verdict.code === ERASED) countLetGo(draft);
  const isFinal = verdict.verdict !== "parked";
  draft.setMade({
    ...made,
    verdict,
    correction: verdict.correction ?? answer.correction,
    is_redacted: made.is_redacted || verdict.code === ERASED || verdict.code === CLEANED,
    ...(isFinal && { timestamp: answer.timestamp, settled_ms: answer.server_time }),
  });
}
