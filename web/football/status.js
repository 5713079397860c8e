/**
 * Where a match stands: a fold of its periods, its pauses and what people said of it, never of who synced first; as
 * football/status.py has it. One whose last "end half" nobody pressed does not stay live for ever.
 */

import { instantMs } from "../sync/instants.js";
import { MINUTE_MS, regularPeriods } from "./clock.js";
import { ABANDONED_MS, isPaused, isRunning, periodsOf } from "./periods.js";
import { EXTRA_TIME, PENALTY_SHOOTOUT } from "./vocabulary.js";

/** @typedef {import("./facts.js").MatchFacts} MatchFacts */
/** @typedef {import("./periods.js").Period} Period */
/** @typedef {"scheduled" | "live" | "paused" | "half_time" | "completed" | "cancelled" | "postponed"} Status */

/** @type {Readonly<Record<string, number>>} The period after which a match is complete; the format says the regular one. */
export const LAST_NUMBERS = Object.freeze({ [EXTRA_TIME]: 2, [PENALTY_SHOOTOUT]: 1 });

/** Milliseconds after the planned end when a match with events but no periods counts as complete. */
export const UNTIMED_MS = 60 * MINUTE_MS;

/**
 * Return where the match stands. Called off is what people last said, so it outranks what was played. Without `nowMs` a
 * period that nobody ended is still live; with it, what cannot be going on any more is over.
 * @param {MatchFacts} facts
 * @param {number | null} [nowMs] milliseconds since 1970
 * @returns {Status}
 */
export function statusOf(facts, nowMs = null) {
  const calledOff = facts.match.called_off;
  if (calledOff !== null) return /** @type {Status} */ (calledOff);
  const periods = periodsOf(facts, nowMs);
  if (finishedMs(facts, periods) !== null) return "completed";
  const last = periods.at(-1);
  if (!last) return untimed(facts, nowMs);
  if (isRunning(last)) return isPaused(last) ? "paused" : "live";
  return isLast(facts, last, nowMs) ? "completed" : "half_time";
}

/**
 * Return the instant of full time in milliseconds since 1970; null while the match is not complete.
 *
 * The end of the last period; else "full time" where somebody pressed it; else the planned end.
 * @param {MatchFacts} facts
 * @param {number | null} [nowMs]
 */
export function fullTimeMs(facts, nowMs = null) {
  if (statusOf(facts, nowMs) !== "completed") return null;
  const periods = periodsOf(facts, nowMs);
  return periods.at(-1)?.ended_ms ?? finishedMs(facts, periods) ?? plannedEndMs(facts);
}

/**
 * Return when the match would end as it was planned, without breaks, in milliseconds since 1970.
 * @param {MatchFacts} facts
 */
export const plannedEndMs = ({ match }) => instantMs(match.kickoff_ts) + match.duration_mins * MINUTE_MS;

/**
 * Return when full time was pressed; a period that began later (extra time, a slip) undoes it.
 * @param {MatchFacts} facts
 * @param {Period[]} periods
 */
function finishedMs(facts, periods) {
  const pressed = facts.match.finished_at;
  if (pressed === null) return null;
  const finished = instantMs(pressed);
  return periods.some((period) => period.started_ms > finished) ? null : finished;
}

/**
 * Say whether the match may be over with this period, or nobody came back for the next one.
 * @param {MatchFacts} facts
 * @param {Period} period
 * @param {number | null} nowMs
 */
function isLast(facts, { key, started_ms: started }, nowMs) {
  if (nowMs !== null && nowMs - started > ABANDONED_MS) return true;
  return key.number >= (LAST_NUMBERS[key.type] ?? regularPeriods(facts.match));
}

/**
 * Return the status of a match without periods, such as those of the club's old database.
 * @param {MatchFacts} facts
 * @param {number | null} nowMs
 * @returns {Status}
 */
function untimed(facts, nowMs) {
  if (!facts.events.length) return "scheduled";
  return nowMs !== null && nowMs <= plannedEndMs(facts) + UNTIMED_MS ? "live" : "completed";
}
