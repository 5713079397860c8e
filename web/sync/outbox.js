/**
 * The outbox: the device's own mutations, from the edit until 14 days after the server settled them.
 *
 *     queued -> applied | merged     shown until the cursor passes the answer's timestamp, then kept
 *            -> parked -> any other  sent again in every sync
 *            -> rejected             shown no more; the conflict of that kind keeps it
 *
 * What is about a record that was erased is forgotten earlier: see erasure.js.
 */

import { older, versionOf } from "./cursors.js";
import { KEPT_MS } from "./messages.js";

/** @typedef {import("./messages.js").Mutation} Mutation */
/** @typedef {import("./messages.js").Op} Op */
/** @typedef {import("./messages.js").Values} Values */
/** @typedef {import("./messages.js").Group} Group */
/** @typedef {import("./messages.js").Resolution} Resolution */
/** @typedef {import("./state.js").Draft} Draft */
/** @typedef {import("./state.js").Made} Made */
/**
 * @typedef {object} Edit What a person did.
 * @property {Op} op
 * @property {string} collection
 * @property {string} record
 * @property {number} wall this device's clock, in milliseconds
 * @property {Values} [fields]
 * @property {Group} [group]
 * @property {Resolution} [resolve]
 */

/**
 * Make a mutation of an edit, under the next `n`. Stored together with that counter, before it is shown.
 * @param {Draft} draft
 * @param {Edit} edit
 * @returns {Mutation}
 */
export function make(draft, { op, collection, record, wall, fields, group, resolve }) {
  const { meta } = draft;
  const after = draft.records.get(collection, record)?.stamp;
  const origins = liveOrigins(draft);
  /** @type {Mutation} */
  const mutation = {
    n: meta.next_n,
    collection,
    record,
    op,
    wall,
    ...(fields && Object.keys(fields).length > 0 && { fields }),
    ...(after && { after }),
    base: op === "resolve" ? meta.cursor : baseFor(draft, collection, record),
    ...(group && { group }),
    ...(resolve && { resolve }),
    ...(origins.length > 0 && { origins }),
  };
  meta.next_n += 1;
  draft.setMade({
    device_id: meta.device_id,
    mutation,
    verdict: null,
    timestamp: null,
    settled_ms: 0,
    again: null,
    correction: 0,
    sent_in: 0,
    is_redacted: false,
  });
  return mutation;
}

/**
 * Return what the person had seen: a record's own edits hide what others wrote since the first of them. Where the history
 * of that first one was undone, what it counts as having seen is what the two have in common.
 * @param {Draft} draft
 * @param {string} collection
 * @param {string} record
 * @returns {string}
 */
function baseFor(draft, collection, record) {
  for (const { mutation, again } of overlay(draft)) {
    if (mutation.record !== record || mutation.collection !== collection) continue;
    const base = mutation.base ?? draft.meta.cursor;
    return again?.common ? older(again.common, base) : base;
  }
  return draft.meta.cursor;
}

/**
 * Return the earlier identities of which some write may be in the log and is not yet in this fold.
 * @param {Draft} draft
 */
function liveOrigins(draft) {
  if (draft.meta.origins.length === 0) return [];
  const shown = new Set(Array.from(overlay(draft), (made) => made.device_id));
  return draft.meta.origins.filter((origin) => shown.has(origin.device_id));
}

/**
 * Tell whether the server still owes a final verdict.
 * @param {Made} made
 */
export function isUnsettled({ verdict }) {
  return verdict === null || verdict.verdict === "parked";
}

/**
 * Tell whether a mutation is laid over a fold that stands at this cursor.
 * @param {Made} made
 * @param {string} cursor
 */
export function isShownOver({ verdict, timestamp }, cursor) {
  if (verdict?.verdict === "rejected") return false;
  return timestamp === null || versionOf(timestamp) > versionOf(cursor);
}

/**
 * Return the mutations that are laid over the fold, in the order in which they were made.
 * @param {Pick<Draft, "meta" | "made">} draft
 * @returns {Iterable<Made>}
 */
export function* overlay(draft) {
  for (const made of draft.made()) if (isShownOver(made, draft.meta.cursor)) yield made;
}

/**
 * Return what may be forgotten: settled more than 14 days ago, and passed by the cursor.
 *
 * `nowMs` is the server's time, as its answers tell it: this device's own clock may be set a year ahead, and an edit
 * made long ago without signal was still settled only yesterday.
 * @param {Pick<Draft, "meta" | "made">} draft
 * @param {number} nowMs
 * @returns {number[]} their counters
 */
export function forgettable(draft, nowMs) {
  const { cursor } = draft.meta;
  return [...draft.made()]
    .filter((made) => !isUnsettled(made) && !isShownOver(made, cursor))
    .filter((made) => made.settled_ms <= nowMs - KEPT_MS)
    .map((made) => made.mutation.n);
}

/**
 * Forget what was kept long enough.
 * @param {Draft} draft
 * @param {number} nowMs
 */
export function forgetKept(draft, nowMs) {
  for (const n of forgettable(draft, nowMs)) draft.forget(n);
}
