/**
 * The buttons of a match: start, pause, resume, end, full time; which field of which record each of them writes; as
 * football/presses.py has it.
 *
 * A press names a moment. Where somebody has pressed the same button before, the press is about the same edge and not
 * about another one: two thumbs on two phones make one half. A press that cannot be is a problem with a sentence that says
 * what to do; none of them ever stands in the way of a goal.
 */

import { formatInstant, instantMs } from "../sync/instants.js";
import { compareKeys, periodKey } from "./clock.js";
import { pauseId, periodId } from "./ids.js";

/** @typedef {import("../sync/messages.js").Values} Values */
/** @typedef {import("./clock.js").PeriodKey} PeriodKey */
/** @typedef {import("./facts.js").MatchFacts} MatchFacts */
/** @typedef {import("./facts.js").PauseRecord} PauseRecord */
/** @typedef {import("./facts.js").PeriodRecord} PeriodRecord */
/** @typedef {{code: string, sentence: string, field: string | null}} Problem Why something cannot be. */
/**
 * @typedef {object} Edge What a press writes: one moment in one record.
 * @property {string} collection
 * @property {string} record
 * @property {string} field
 * @property {string} at the moment, as an instant on the wire
 * @property {Values} fields what creates the record
 * @property {string[]} cleared the fields that a record which was deleted must lose when it comes back
 * @property {boolean} overrules whether the moment that stands there was undone by what came later
 */

/** Milliseconds between two presses of one button by two people: a whistle, a look at the other phone, a walk. */
export const PRESSED_TOGETHER_MS = 30_000;

/**
 * Tell a problem from what a rule answers otherwise.
 * @param {object} found
 * @returns {found is Problem}
 */
export const isProblem = (found) => "sentence" in found && "code" in found;

/**
 * Start a period; one that nobody ended before is ended by this.
 * @param {MatchFacts} facts
 * @param {PeriodKey} key
 * @param {number} atMs
 * @returns {Edge | Problem}
 */
export function start(facts, key, atMs) {
  const mine = periodRecord(facts, key);
  const ended = mine ? msOf(mine.ended_at) : null;
  if (ended !== null && atMs > ended)
    return wrong(`${keyWords(key)} has ended before that. Start the next period, or correct its end first.`);
  for (const other of facts.periods) {
    const [otherKey, began] = [periodKey(other.type, other.number), msOf(other.started_at)];
    const apart = compareKeys(otherKey, key);
    if (began !== null && ((apart > 0 && began <= atMs) || (apart < 0 && began > atMs)))
      return wrong(
        `${keyWords(otherKey)} began ${apart > 0 ? "before" : "after"} that. Check the number, or correct the times of both.`,
      );
  }
  const matchId = facts.match.id;
  const fields = { match_id: matchId, type: key.type, number: key.number };
  const record = mine?.id ?? periodId(matchId, key.type, key.number);
  return edge("match_periods", record, "started_at", atMs, { fields, cleared: ["ended_at"] });
}

/**
 * End a period, with a pause that lasts.
 * @param {MatchFacts} facts
 * @param {PeriodKey} key
 * @param {number} atMs
 * @returns {Edge | Problem}
 */
export function end(facts, key, atMs) {
  const mine = begun(facts, key, atMs);
  if (isProblem(mine)) return mine;
  const isAfterNext = facts.periods.some((each) => {
    const began = msOf(each.started_at);
    return compareKeys(periodKey(each.type, each.number), key) > 0 && began !== null && began < atMs;
  });
  if (isAfterNext)
    return wrong(`A later period began before that. Correct the end of ${keyWords(key).toLowerCase()} by PUT instead.`);
  return edge("match_periods", mine.id, "ended_at", atMs);
}

/**
 * Stop the clock of a period; where it stands at that moment already, it is that pause that was meant.
 * @param {MatchFacts} facts
 * @param {PeriodKey} key
 * @param {number} atMs
 * @returns {Edge | Problem}
 */
export function pause(facts, key, atMs) {
  const period = begun(facts, key, atMs);
  if (isProblem(period)) return period;
  const ended = msOf(period.ended_at);
  if (ended !== null && atMs > ended) return wrong(`${keyWords(key)} has ended before that, and its clock stands already.`);
  const pauses = pausesOf(facts, period);
  for (const { id, from, until } of [...pauses].reverse())
    if (until === null || (from - PRESSED_TOGETHER_MS <= atMs && atMs <= until))
      return edge("match_pauses", id, "started_at", atMs);
  const ordinal = Math.max(0, ...pauses.map((each) => each.ordinal)) + 1;
  const fields = { period_id: period.id, ordinal };
  return edge("match_pauses", pauseId(period.id, ordinal), "started_at", atMs, { fields, cleared: ["ended_at"] });
}

/**
 * Let the clock of a period run on.
 * @param {MatchFacts} facts
 * @param {PeriodKey} key
 * @param {number} atMs
 * @returns {Edge | Problem}
 */
export function resume(facts, key, atMs) {
  const period = begun(facts, key, atMs);
  if (isProblem(period)) return period;
  for (const { id, from, until } of pausesOf(facts, period).reverse())
    if (from <= atMs && (until === null || atMs <= until + PRESSED_TOGETHER_MS)) return edge("match_pauses", id, "ended_at", atMs);
  return wrong(`The clock of ${keyWords(key).toLowerCase()} is running at that moment. Pause it first.`);
}

/**
 * Blow for full time; it ends a period that is being played, and a period that begins later undoes it.
 * @param {MatchFacts} facts
 * @param {number} atMs
 * @returns {Edge | Problem}
 */
export function finish(facts, atMs) {
  const last = Math.max(...facts.periods.flatMap((each) => msOf(each.started_at) ?? []));
  if (atMs < last)
    return wrong("A period began after that. Full time comes after the last period; correct that one's start first.");
  const pressed = msOf(facts.match.finished_at);
  return edge("matches", facts.match.id, "finished_at", atMs, { overrules: pressed !== null && last > pressed });
}

/**
 * Return the record of a period; of two, the one under the id that follows from its place.
 * @param {MatchFacts} facts
 * @param {PeriodKey} key
 * @returns {PeriodRecord | undefined}
 */
export function periodRecord(facts, key) {
  const found = facts.periods.filter((each) => compareKeys(periodKey(each.type, each.number), key) === 0);
  const usual = periodId(facts.match.id, key.type, key.number);
  return found.find((each) => each.id === usual) ?? found[0];
}

/**
 * Return a period as a sentence names it.
 * @param {PeriodKey} key
 */
export const keyWords = (key) => `Period ${key.number}${key.rank ? ` (${key.type.replaceAll("_", " ")})` : ""}`;

/**
 * Return the record of a period that began before a moment, or the problem.
 * @param {MatchFacts} facts
 * @param {PeriodKey} key
 * @param {number} atMs
 * @returns {PeriodRecord | Problem}
 */
function begun(facts, key, atMs) {
  const mine = periodRecord(facts, key);
  const began = mine ? msOf(mine.started_at) : null;
  if (!mine || began === null) return wrong(`${keyWords(key)} has not begun. Start it first, or PUT it with both its times.`);
  return atMs < began ? wrong(`${keyWords(key)} began after that. Check \`at\`, or correct its start first.`) : mine;
}

/**
 * Return the pauses of a period that began, in order.
 * @param {MatchFacts} facts
 * @param {PeriodRecord} period
 */
function pausesOf(facts, period) {
  const mine = facts.pauses.flatMap(({ id, period_id, ordinal, started_at, ended_at }) => {
    const from = msOf(started_at);
    return period_id === period.id && from !== null ? [{ id, ordinal, from, until: msOf(ended_at) }] : [];
  });
  return mine.sort((one, other) => one.from - other.from); // they come in the order of their ids
}

/**
 * @param {string} collection
 * @param {string} record
 * @param {string} field
 * @param {number} atMs
 * @param {Partial<Edge>} [more]
 * @returns {Edge}
 */
const edge = (collection, record, field, atMs, more = {}) =>
  ({ collection, record, field, at: formatInstant(atMs), fields: {}, cleared: [], overrules: false, ...more });

/**
 * @param {string} sentence
 * @returns {Problem}
 */
const wrong = (sentence) => ({ code: "wrong_order", sentence, field: "at" });

/** @param {string | null} instant */
const msOf = (instant) => (instant === null ? null : instantMs(instant));
