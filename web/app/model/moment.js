/** Moments: where a match stands when somebody presses a button, and what the time and the period are called. */

import { formatMinute, nominalMs, periodKey } from "../../football/clock.js";
import { clockOf, elapsedMs } from "../../football/live.js";
import { statusOf } from "../../football/status.js";
import { REGULAR } from "../../football/vocabulary.js";
import { clockWords, stageWords } from "../../football/words.js";
import { regularWord } from "./calling.js";

/** @typedef {import("../../football/clock.js").PeriodKey} PeriodKey */
/** @typedef {import("../../football/facts.js").Match} Match */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../football/status.js").Status} Status */
/** @typedef {{key: PeriodKey, clock_ms: number}} Moment a period, and the played milliseconds in it */

/**
 * Return the moment that something pressed now belongs to. In a break it is the end of the period that was played last;
 * before the first whistle it is the match as such, period 0, which stands before all others.
 * @param {MatchFacts} facts
 * @param {number} nowMs
 * @returns {Moment}
 */
export function momentOf(facts, nowMs) {
  const clock = clockOf(facts, nowMs);
  if (!clock) return { key: periodKey(REGULAR, 0), clock_ms: 0 };
  return { key: periodKey(clock.period_type, clock.period_number), clock_ms: Math.round(elapsedMs(clock, nowMs)) };
}

/**
 * Return a moment as people say it, `12'`; nothing before the first whistle.
 * @param {Match} match
 * @param {Moment} moment
 */
export const minuteWords = (match, { key, clock_ms: clock }) =>
  key.type === REGULAR && key.number === 0 ? "" : formatMinute(match, key, clock);

/**
 * @typedef {object} Stage What the head of a match tells of its time.
 * @property {Status} status
 * @property {string} words `2nd half`, `Half-time`
 * @property {string | null} clock `38:12`, `45:00 +1:07`; null where no clock is shown
 * @property {boolean} isRunning
 */

/**
 * Return where a match stands, in words.
 * @param {MatchFacts} facts
 * @param {number} nowMs
 * @returns {Stage}
 */
export function stageOf(facts, nowMs) {
  const { match } = facts;
  const status = statusOf(facts, nowMs);
  const clock = clockOf(facts, nowMs);
  const last = clock && { type: clock.period_type, number: clock.period_number };
  const isPlayed = status === "live" || status === "paused";
  return {
    status,
    words: stageWords(status, last, regularWord(match)),
    clock: isPlayed && clock && last ? clockWords({ ...last, length_ms: nominalMs(match, last.type) }, elapsedMs(clock, nowMs)) : null,
    isRunning: status === "live" && clock !== null,
  };
}

/**
 * Say whether a match is going on: it ticks, stands, or waits for its next period.
 * @param {Status} status
 */
export const isGoingOn = (status) => status === "live" || status === "paused" || status === "half_time";
