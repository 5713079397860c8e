/**
 * Decisions as what a device writes: the rules of presses and substitutions answer edges and plans, and these say which
 * edits they take over what the device shows.
 */

import { inTurn, together, write, writeDifferences } from "./edits.js";
import { participantId } from "./ids.js";

/** @typedef {import("../sync/messages.js").Values} Values */
/** @typedef {import("./edits.js").Seen} Seen */
/** @typedef {import("./edits.js").Write} Write */
/** @typedef {import("./edits.js").Writes} Writes */
/** @typedef {import("./presses.js").Edge} Edge */
/** @typedef {import("./substitutions.js").Draft} Draft */
/** @typedef {import("./substitutions.js").Plan} Plan */
/** @typedef {{kind: string, player_id: string | null}} TakesPart Who else took part in an event; null: nobody. */

/**
 * Return what a press writes: nothing where its edge stands already, for then the first time stands.
 * @param {Seen} view
 * @param {Edge} edge
 * @returns {Writes}
 */
export function writePress(view, { collection, record, field, at, fields, cleared, overrules }) {
  const stands = view.get(collection, record);
  if (stands && stands[field] != null && !overrules) return inTurn([]);
  if (stands) return inTurn([write("put", collection, record, { [field]: at })]);
  const isBack = view.records.get(collection, record)?.deleted ?? false;
  const emptied = isBack ? Object.fromEntries(cleared.map((name) => [name, null])) : {};
  return inTurn([write("create", collection, record, { ...fields, ...emptied, [field]: at })]);
}

/**
 * Return what logs an event, under a fresh id, and who else took part in it. A goal without its assist is a goal still,
 * so the two are no group.
 * @param {string} id
 * @param {Values} fields
 * @param {TakesPart | null} [other]
 * @returns {Writes}
 */
export function writeEvent(id, fields, other = null) {
  const logged = [write("put", "events", id, fields)];
  if (other?.player_id) logged.push(write("create", "event_participants", participantId(id, other.kind), { event_id: id, ...other }));
  return inTurn(logged);
}

/**
 * Return what a substitution or a starting line-up writes, all or nothing: what stands already is left alone, and a stint
 * that was deleted comes back open.
 * @param {Seen} view
 * @param {Plan} plan
 * @returns {Writes}
 */
export const writePlan = (view, { drafts }) => together(drafts.flatMap((draft) => writeDraft(view, draft)));

/**
 * Return the ids of all stints of this device's view that were ever written, deleted ones too.
 * @param {Seen} view
 * @returns {Set<string>}
 */
export const takenStints = (view) => new Set(Array.from(view.records.of("lineup"), ([id]) => id));

/**
 * @param {Seen} view
 * @param {Draft} draft
 * @returns {Write[]}
 */
function writeDraft(view, { collection, id, fields }) {
  if (!Object.keys(fields).length) return [write("delete", collection, id)];
  const held = view.records.get(collection, id);
  if (!held?.deleted) return writeDifferences(view, collection, id, fields);
  return [write("create", collection, id, collection === "lineup" ? { end_period: null, end_min: null, ...fields } : fields)];
}
