/**
 * Decisions as what a device writes: the rules of presses and substitutions answer edges and plans, and these say which
 * edits they take over what the device shows. They are data until `applyWrites` carries them out.
 */

import { compareKeys, keyOfEvent, MINUTE_MS, periodKey } from "./clock.js";
import { participantId } from "./ids.js";
import { cameOn, endOf } from "./substitutions.js";

/** @typedef {import("../sync/desk.js").Desk} Desk */
/** @typedef {import("../sync/messages.js").Values} Values */
/** @typedef {import("./clock.js").PeriodKey} PeriodKey */
/** @typedef {import("./facts.js").MatchEvent} MatchEvent */
/** @typedef {import("./facts.js").MatchFacts} MatchFacts */
/** @typedef {import("./facts.js").Stint} Stint */
/** @typedef {import("./facts.js").View} View */
/** @typedef {import("./presses.js").Edge} Edge */
/** @typedef {import("./substitutions.js").Draft} Draft */
/** @typedef {import("./substitutions.js").Plan} Plan */
/** @typedef {{values: Values, deleted: boolean}} Held */
/**
 * @typedef {View & {records: {get: (collection: string, id: string) => Held | undefined,
 *   of: (collection: string) => Iterable<[string, Held]>}}} Seen A club's view, with the records that are deleted.
 */
/** @typedef {"put" | "create" | "delete" | "restore"} Op */
/** @typedef {{op: Op, collection: string, id: string, fields: Values}} Write One edit; the last two ops write no fields. */
/** @typedef {{writes: Write[], is_group: boolean}} Writes In their order; a group is stored and applied whole or not at all. */
/** @typedef {{kind: string, player_id: string | null}} TakesPart Who else took part in an event; null: nobody. */

const RED_CARD = "red_card";

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
 * Return what takes an event back. Who else took part goes with it, being contained in it. A substitution's stints are as
 * if it had not been: who went off is on, unless they came back later, and who came on never did. So are a red card's.
 * @param {MatchFacts} facts
 * @param {MatchEvent} event
 * @returns {Writes}
 */
export function removeEvent(facts, event) {
  const gone = write("delete", "events", event.id);
  if (event.kind === RED_CARD) return whole([gone, ...reopen(facts, event)]);
  if (event.kind !== "substitution") return inTurn([gone]);
  const on = cameOn(facts, event.id);
  const opened = facts.lineup.filter((stint) => stint.player_id === on && isStart(stint, event));
  return together([gone, ...reopen(facts, event), ...opened.map(({ id }) => write("delete", "lineup", id))]);
}

/**
 * Return what opens the stints again that an event ended.
 * @param {MatchFacts} facts
 * @param {MatchEvent} event
 * @returns {Write[]}
 */
function reopen(facts, event) {
  const off = event.player_id;
  const closed = facts.lineup.filter((stint) => stint.player_id === off && isEnd(stint, event) && !hasLater(facts, stint));
  return closed.map(({ id }) => write("put", "lineup", id, { end_period: null, end_min: null }));
}

/**
 * Return what says who did it, of an event that nobody was named for. A red card takes the player off as well.
 * @param {MatchFacts} facts
 * @param {MatchEvent} event
 * @param {string} player
 * @returns {Writes}
 */
export const nameEvent = (facts, event, player) =>
  whole([write("put", "events", event.id, { player_id: player }), ...sendOff(facts, { ...event, player_id: player })]);

/**
 * Return what a red card writes: the player's stint ends with it, and nobody comes on (Laws of the Game, law 12). Before
 * the first whistle there is nothing to end: somebody else may start.
 * @param {MatchFacts} facts
 * @param {MatchEvent} event
 * @returns {Write[]}
 */
export function sendOff({ lineup }, event) {
  const key = keyOfEvent(event);
  const clock = event.clock_ms ?? 0;
  if (event.kind !== RED_CARD || event.player_id === null || key.number < 1) return [];
  const isOn = (/** @type {Stint} */ stint) => {
    const apart = compareKeys(periodKey(stint.start_period_type, stint.start_period), key);
    return stint.end_min === null && (apart < 0 || (apart === 0 && (stint.start_min ?? 0) <= clock / MINUTE_MS));
  };
  const on = lineup.filter((stint) => stint.player_id === event.player_id && isOn(stint));
  return on.map(({ id }) => write("put", "lineup", id, endOf({ key, clock_ms: clock })));
}

/**
 * Return what a red card that is corrected changes of who is on: whoever it took off is on again, unless it does so still.
 * @param {MatchFacts} facts
 * @param {MatchEvent} event as it was
 * @param {Values} fields that differ from now on
 * @returns {Write[]}
 */
export function moveCard(facts, event, fields) {
  const back = event.kind === RED_CARD ? reopen(facts, event) : [];
  const lineup = facts.lineup.map((stint) => ({ ...stint, ...back.find(({ id }) => id === stint.id)?.fields }));
  const off = sendOff({ ...facts, lineup }, { ...event, ...fields });
  return [...back.filter(({ id }) => !off.some((each) => each.id === id)), ...off];
}

/**
 * Return what corrects an event: the fields that differ, and who else took part. The stints of a substitution are not
 * moved by it: take it back and log it anew.
 * @param {Seen} view
 * @param {string} id
 * @param {Values} fields
 * @param {TakesPart | null} [other] null leaves them as they are
 * @returns {Writes}
 */
export function editEvent(view, id, fields, other = null) {
  const edits = writeDifferences(view, "events", id, fields);
  return inTurn(other ? [...edits, ...writePart(view, id, other)] : edits);
}

/**
 * Return what undoes writes, edit by edit: what they deleted comes back, what they made goes, and what they wrote over is
 * as it was. Readings of a clock are not among it: what was corrected once would be corrected again.
 * @param {Seen} view as it was before them
 * @param {Writes} writes
 * @returns {Writes}
 */
export const undoOf = (view, { writes, is_group: isGroup }) => ({ writes: writes.map((each) => undone(view, each)), is_group: isGroup });

/**
 * @param {Seen} view
 * @param {Write} write
 * @returns {Write}
 */
function undone(view, { op, collection, id, fields }) {
  if (op === "delete") return write("restore", collection, id);
  const was = view.get(collection, id);
  if (op === "restore" || !was) return write("delete", collection, id);
  return write("put", collection, id, Object.fromEntries(Object.keys(fields).map((name) => [name, was[name] ?? null])));
}

/**
 * Carry writes out; the promise is kept once all are stored on this device.
 * @param {Pick<Desk, Op | "group">} club
 * @param {Writes} writes
 */
export async function applyWrites(club, { writes, is_group: isGroup }) {
  if (isGroup) await club.group((group) => writes.forEach((each) => void carryOut(group, each)));
  else for (const each of writes) await carryOut(club, each);
}

/**
 * @param {Record<Op, (collection: string, id: string, fields: Values) => unknown>} desk
 * @param {Write} write
 */
const carryOut = (desk, { op, collection, id, fields }) => desk[op](collection, id, fields);

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

/**
 * @param {Seen} view
 * @param {string} collection
 * @param {string} id
 * @param {Values} fields
 * @returns {Write[]} one, or none where all stands already
 */
function writeDifferences(view, collection, id, fields) {
  const held = view.records.get(collection, id)?.values ?? {};
  const differing = Object.entries(fields).filter(([name, value]) => held[name] !== value);
  return differing.length ? [write("put", collection, id, Object.fromEntries(differing))] : [];
}

/**
 * @param {Seen} view
 * @param {string} eventId
 * @param {TakesPart} other
 * @returns {Write[]}
 */
function writePart(view, eventId, { kind, player_id: player }) {
  const all = [...view.all("event_participants")];
  const found = all.find(([, values]) => values.event_id === eventId && values.kind === kind)?.[0];
  if (player === null) return found ? [write("delete", "event_participants", found)] : [];
  if (found) return writeDifferences(view, "event_participants", found, { player_id: player });
  const fields = { event_id: eventId, player_id: player, kind };
  return [write("create", "event_participants", participantId(eventId, kind), fields)];
}

/**
 * @param {Stint} stint
 * @param {MatchEvent} event
 */
const isStart = (stint, event) => isAt(event, stint.start_period_type, stint.start_period, stint.start_min);

/**
 * @param {Stint} stint
 * @param {MatchEvent} event
 */
const isEnd = (stint, event) => isAt(event, stint.end_period_type, stint.end_period, stint.end_min);

/**
 * Say whether the edge of a stint is the moment of a change.
 * @param {MatchEvent} event
 * @param {string | null} type
 * @param {number | null} number
 * @param {number | null} minutes
 */
const isAt = (event, type, number, minutes) =>
  compareKeys(periodKey(type, number), keyOfEvent(event)) === 0 && minutes === (event.clock_ms ?? 0) / MINUTE_MS;

/**
 * Say whether a player came back after a stint.
 * @param {MatchFacts} facts
 * @param {Stint} stint that was closed
 */
function hasLater({ lineup }, stint) {
  const ended = periodKey(stint.end_period_type, stint.end_period);
  return lineup.some((each) => {
    const apart = compareKeys(periodKey(each.start_period_type, each.start_period), ended);
    const isAfter = apart > 0 || (apart === 0 && (each.start_min ?? 0) >= (stint.end_min ?? 0));
    return each.player_id === stint.player_id && each.id !== stint.id && isAfter;
  });
}

/**
 * @param {Op} op
 * @param {string} collection
 * @param {string} id
 * @param {Values} [fields]
 * @returns {Write}
 */
const write = (op, collection, id, fields = {}) => ({ op, collection, id, fields });

/**
 * @param {Write[]} writes
 * @returns {Writes}
 */
const inTurn = (writes) => ({ writes, is_group: false });

/**
 * @param {Write[]} writes
 * @returns {Writes}
 */
const together = (writes) => ({ writes, is_group: writes.length > 0 });

/**
 * @param {Write[]} writes a single one is whole by itself
 * @returns {Writes}
 */
const whole = (writes) => ({ writes, is_group: writes.length > 1 });
