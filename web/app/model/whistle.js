/** Whistles: which buttons of the clock a match offers now, the next thing first. What they write is football's. */

import { periodKey, regularPeriods } from "../../football/clock.js";
import { isPaused, isRunning, periodsOf } from "../../football/periods.js";
import { LAST_NUMBERS, statusOf } from "../../football/status.js";
import { EXTRA_TIME, PENALTY_SHOOTOUT, REGULAR } from "../../football/vocabulary.js";
import { periodWords } from "../../football/words.js";
import { regularWord } from "./calling.js";

/** @typedef {import("../../football/clock.js").PeriodKey} PeriodKey */
/** @typedef {import("../../football/facts.js").Match} Match */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {"start" | "end" | "pause" | "resume" | "finish"} Act */
/**
 * @typedef {object} Whistle A button of the clock.
 * @property {Act} act `finish` ends the period that is being played, too
 * @property {PeriodKey | null} key the period it is about; null: the match
 * @property {string} words on the button
 * @property {string} done what is said once it was pressed
 */
/** @typedef {{main: Whistle | null, beside: Whistle | null, others: Whistle[]}} Whistles */

/**
 * Return the buttons of the clock: the next thing, what stands beside it, and those that are rarely wanted.
 * @param {MatchFacts} facts
 * @param {number} nowMs
 * @returns {Whistles}
 */
export function whistlesOf(facts, nowMs) {
  const { match } = facts;
  if (match.called_off !== null) return { main: null, beside: null, others: [] };
  const last = periodsOf(facts, nowMs).at(-1);
  if (!last) return { main: start(match, periodKey(REGULAR, 1)), beside: null, others: [] };
  const isOver = statusOf(facts, nowMs) === "completed";
  if (isRunning(last) && !isOver) return inPlay(match, last.key, isPaused(last));
  const next = nextKeys(match, last.key);
  if (isOver) return { main: null, beside: null, others: next.map((key) => start(match, key)) };
  const [first, ...others] = next;
  return {
    main: first ? start(match, first) : finish(null),
    beside: null,
    others: [...others.map((key) => start(match, key)), finish(null)],
  };
}

/**
 * @param {Match} match
 * @param {PeriodKey} key
 * @param {boolean} isStanding
 * @returns {Whistles}
 */
function inPlay(match, key, isStanding) {
  const ending = isLast(match, key) ? finish(key) : end(match, key);
  const words = nameOf(match, key);
  /** @type {Whistle} */
  const going = isStanding
    ? { act: "resume", key, words: "Resume", done: `${words} goes on` }
    : { act: "pause", key, words: "Pause", done: `${words} paused` };
  // In a shootout no clock runs.
  if (key.type === PENALTY_SHOOTOUT) return { main: ending, beside: null, others: [] };
  const others = isLast(match, key) ? [end(match, key)] : [finish(key)];
  return isStanding ? { main: going, beside: ending, others } : { main: ending, beside: going, others };
}

/**
 * Return the periods that may follow, the usual one first.
 * @param {Match} match
 * @param {PeriodKey} key
 * @returns {PeriodKey[]}
 */
function nextKeys(match, { type, number }) {
  const isLastOfType = number >= lastNumber(match, type);
  if (!isLastOfType) return [periodKey(type, number + 1)];
  const shootout = periodKey(PENALTY_SHOOTOUT, 1);
  if (type === REGULAR) return [periodKey(EXTRA_TIME, 1), shootout];
  return type === EXTRA_TIME ? [shootout] : [];
}

/**
 * @param {Match} match
 * @param {PeriodKey} key
 */
const isLast = (match, { type, number }) => number >= lastNumber(match, type);

/**
 * @param {Match} match
 * @param {string} type
 */
const lastNumber = (match, type) => (type === REGULAR ? regularPeriods(match) : (LAST_NUMBERS[type] ?? 1));

/**
 * @param {Match} match
 * @param {PeriodKey} key
 */
const nameOf = (match, key) => periodWords(key, regularWord(match));

/**
 * @param {Match} match
 * @param {PeriodKey} key
 * @returns {Whistle}
 */
function start(match, key) {
  const name = nameOf(match, key);
  const isNew = key.type !== REGULAR && key.number === 1;
  const words = isNew ? name.replace(/, .*/, "") : `Start ${name.replace(/^E/, "e")}`;
  return { act: "start", key, words, done: `${name} started` };
}

/**
 * @param {Match} match
 * @param {PeriodKey} key
 * @returns {Whistle}
 */
function end(match, key) {
  const name = nameOf(match, key);
  return { act: "end", key, words: `End ${name.replace(/^E/, "e")}`, done: `${name} ended` };
}

/**
 * @param {PeriodKey | null} key
 * @returns {Whistle}
 */
const finish = (key) => ({ act: "finish", key, words: "Full time", done: "Full time" });
