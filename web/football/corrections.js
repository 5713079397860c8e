/**
 * Corrections of what was logged: who did it, another moment, another player, or that it never was; with what each of
 * these changes of who is on the pitch.
 */

import { compareKeys, keyOfEvent, MINUTE_MS, periodKey } from "./clock.js";
import { inTurn, together, whole, write, writeDifferences } from "./edits.js";
import { participantId } from "./ids.js";
import { cameOn, endOf } from "./substitutions.js";

/** @typedef {import("../sync/messages.js").Values} Values */
/** @typedef {import("./edits.js").Seen} Seen */
/** @typedef {import("./edits.js").Write} Write */
/** @typedef {import("./edits.js").Writes} Writes */
/** @typedef {import("./facts.js").MatchEvent} MatchEvent */
/** @typedef {import("./facts.js").MatchFacts} MatchFacts */
/** @typedef {import("./facts.js").Stint} Stint */
/** @typedef {import("./writes.js").TakesPart} TakesPart */

const RED_CARD = "red_card";

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
