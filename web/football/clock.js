/**
 * The order of a match, and how its times are shown; as football/clock.py has it.
 *
 * A moment is a period (type and number) and the played milliseconds in it. Moments compare period first: stoppage time
 * of the first half, however long, lies before the second half.
 */

import { byId } from "./facts.js";
import { EXTRA_TIME, PERIOD_TYPES, PERIODS_BY_FORMAT, REGULAR } from "./vocabulary.js";
import { formatClock } from "./words.js";

/** @typedef {import("./facts.js").Match} Match */
/** @typedef {import("./facts.js").MatchEvent} MatchEvent */
/** @typedef {{rank: number, type: string, number: number}} PeriodKey A period's place in its match. */

export { formatClock };

export const MINUTE_MS = 60_000;

/** Nominal milliseconds of a period of extra time (Laws of the Game, law 7: "not exceeding 15 minutes"). */
export const EXTRA_TIME_MS = 15 * MINUTE_MS;

/**
 * Return the key of a period; no type is a regular one, no number is 0, before all others.
 * @param {string | null | undefined} type a word that this app does not know comes after all that it does
 * @param {number | null | undefined} number
 * @returns {PeriodKey}
 */
export function periodKey(type, number) {
  const known = type || REGULAR;
  const rank = PERIOD_TYPES.indexOf(known);
  return { rank: rank < 0 ? PERIOD_TYPES.length : rank, type: known, number: number ?? 0 };
}

/**
 * @param {PeriodKey} one
 * @param {PeriodKey} other
 */
export const compareKeys = (one, other) => one.rank - other.rank || one.number - other.number;

/**
 * Return the period that an event is in.
 * @param {MatchEvent} event
 */
export const keyOfEvent = (event) => periodKey(event.period_type, event.period_number);

/**
 * Return the events in the order of the match: period, played milliseconds, then id, so that none tie.
 * @param {readonly MatchEvent[]} events
 * @returns {MatchEvent[]}
 */
export function inOrder(events) {
  const keyed = events.map((event) => ({ event, key: keyOfEvent(event), at: event.clock_ms ?? 0 }));
  keyed.sort((one, other) => compareKeys(one.key, other.key) || one.at - other.at || byId(one.event, other.event));
  return keyed.map(({ event }) => event);
}

/**
 * Return how many regular periods the match's format has.
 * @param {Match} match
 */
export const regularPeriods = (match) => PERIODS_BY_FORMAT[match.period_format] ?? PERIODS_BY_FORMAT.half;

/**
 * Return the milliseconds that a period of this type should last; 0 for a shootout.
 * @param {Match} match
 * @param {string} [type]
 */
export function nominalMs(match, type = REGULAR) {
  if (type === REGULAR) return Math.floor((match.duration_mins * MINUTE_MS) / regularPeriods(match));
  return type === EXTRA_TIME ? EXTRA_TIME_MS : 0;
}

/**
 * Return the minute of the match as people say it: `19'`, `45+2'`, `ET2 3'`, `pens`.
 *
 * Minutes count from 1: what happens at 18:21 happens in the 19th. Extra time counts in its own period.
 * @param {Match} match
 * @param {PeriodKey} key
 * @param {number} clockMs
 */
export function formatMinute(match, key, clockMs) {
  const minute = Math.floor(clockMs / MINUTE_MS) + 1;
  if (key.type === EXTRA_TIME) return `ET${key.number} ${minute}'`;
  if (key.type !== REGULAR) return "pens";
  const length = nominalMs(match);
  const begins = Math.max(key.number - 1, 0) * length;
  if (clockMs < length) return `${Math.floor((begins + clockMs) / MINUTE_MS) + 1}'`;
  const last = Math.ceil((begins + length) / MINUTE_MS);
  return `${last}+${Math.floor((clockMs - length) / MINUTE_MS) + 1}'`;
}

/**
 * Return minutes as whole milliseconds, halves to the even one: the rounding of football/clock.py's callers.
 * @param {number} minutes
 */
export function minutesMs(minutes) {
  const exact = minutes * MINUTE_MS;
  const rounded = Math.round(exact);
  return rounded - exact === 0.5 && rounded % 2 !== 0 ? rounded - 1 : rounded;
}
