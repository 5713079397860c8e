/**
 * Erasure: what a device forgets when somebody's data was erased for good. The log tells it by a change that is `redacted`:
 * its fields are all that is left of the record, and an erased record keeps none.
 *
 * A device holds such data twice: in the fold, where the change replaces the record, and in its own mutations, which it
 * keeps for a fortnight after they were settled. These are what this module is about. Of what names somebody elsewhere the
 * server tells too: by a redacted change of that record, or by the code `cleaned` of its verdict.
 */

import { isShownOver, isUnsettled } from "./outbox.js";
import { CONFLICTS } from "./overlay.js";

/** @typedef {import("./messages.js").Change} Change */
/** @typedef {import("./state.js").Draft} Draft */
/** @typedef {import("./state.js").Made} Made */

/** The code of a mutation about a record that was erased before it arrived. */
export const ERASED = "erased";
/** The code of a mutation that was applied without the name of somebody who was erased: its words are not kept here. */
export const CLEANED = "cleaned";

/**
 * Forget what this device made of a record that was redacted; called before the change is laid down.
 *
 * What is settled goes at once, and of a tombstone what was never sent; one of a group goes to the server empty, so that the
 * others are refused with it. What is owed an answer otherwise goes with that: see `forgetOver`.
 * @param {Draft} draft
 * @param {Change} change
 */
export function obey(draft, change) {
  if (!change.redacted || !isNews(draft, change)) return;
  for (const made of [...draft.made()].filter((each) => isToldBy(change, each))) {
    const { group, resolve: _, fields: __, ...mutation } = made.mutation;
    const isWaiting = isUnsettled(made);
    if (isWaiting && (made.sent_in > 0 || change.deleted !== true)) draft.setMade({ ...made, is_redacted: true });
    else if (isWaiting && group) draft.setMade({ ...made, mutation: { ...mutation, group, op: "put" } });
    else if (isWaiting) letGo(draft, made);
    else draft.forget(made.mutation.n);
  }
}

/**
 * Forget what was about somebody who was erased, or named them, once it is settled and not laid over the fold any more.
 * @param {Draft} draft
 */
export function forgetOver(draft) {
  for (const made of [...draft.made()])
    if (made.is_redacted && !isUnsettled(made) && !isShownOver(made, draft.meta.cursor)) draft.forget(made.mutation.n);
}

/**
 * Forget an edit that came too late, and count it: its author is told so.
 * @param {Draft} draft
 * @param {Made} made
 */
function letGo(draft, made) {
  draft.forget(made.mutation.n);
  countLetGo(draft);
}

/** @param {Draft} draft */
export function countLetGo({ meta }) {
  meta.let_go = (meta.let_go ?? 0) + 1;
}

/**
 * Tell whether a change is not what is shown already: a snapshot tells of each erasure that there ever was.
 * @param {Draft} draft
 * @param {Change} change
 */
function isNews(draft, { collection, record, version, stamp }) {
  const held = draft.records.get(collection, record);
  return held === undefined || held.version !== version || held.stamp !== stamp;
}

/**
 * Tell whether a redacted change is about the record of an own mutation; a conflict is about its record too.
 * @param {Change} change
 * @param {Made} made
 */
function isToldBy({ collection, record, fields = {} }, { device_id, mutation }) {
  if (collection !== CONFLICTS) return mutation.collection === collection && mutation.record === record;
  const isAbout = mutation.collection === fields.collection && [fields.record, fields.other].includes(mutation.record);
  return isAbout || String(fields.field).endsWith(`/${device_id}/${mutation.n}`);
}
