/**
 * The timeline: what happened, in order, as people read it, with the score that stood after each entry; as
 * football/timeline.py has it.
 */

import { compareKeys, formatClock, formatMinute, inOrder, keyOfEvent } from "./clock.js";
import { instantAt, isRunning, periodsOf } from "./periods.js";
import { add, NO_SCORE, sideOf } from "./scoreboard.js";

/** @typedef {import("./clock.js").PeriodKey} PeriodKey */
/** @typedef {import("./facts.js").Match} Match */
/** @typedef {import("./facts.js").MatchEvent} MatchEvent */
/** @typedef {import("./facts.js").MatchFacts} MatchFacts */
/** @typedef {import("./facts.js").Side} Side */
/** @typedef {import("./periods.js").Period} Period */
/** @typedef {import("./scoreboard.js").Score} Score */
/** @typedef {Pick<Entry, "id" | "kind" | "happened_ms" | "side" | "team_id" | "player_id">} Told */
/** @typedef {{kind: string, player_id: string}} TookPart Who else took part: an assist, the player coming on. */
/**
 * @typedef {object} Entry An event, or a period's start or end.
 * @property {string} id the event's, or the period's
 * @property {string} kind
 * @property {string} period_type
 * @property {number} period_number
 * @property {number} clock_ms played milliseconds in the period
 * @property {string} clock the same as `12:34`
 * @property {string} minute of the match as people say it, `45+2'`
 * @property {number | null} happened_ms since 1970; null where the period's start is not known
 * @property {Score} score after this entry
 * @property {Side | null} side
 * @property {string | null} team_id
 * @property {string | null} player_id
 * @property {TookPart[]} participants
 */

export const PERIOD_START = "period_start";
export const PERIOD_END = "period_end";

/** Milliseconds between a happening and its receipt past which it is shown as a correction, not as news. */
export const CORRECTION_AFTER_MS = 60_000;

const [START, PLAY, END] = [0, 1, 2];

/**
 * Return the entries of a match in order: each period's start, its events, its end.
 * @param {MatchFacts} facts
 * @param {number | null} [nowMs]
 * @returns {Entry[]}
 */
export function timelineOf(facts, nowMs = null) {
  const { match } = facts;
  const periods = periodsOf(facts, nowMs);
  const participants = participantsOf(facts);
  /** @type {{key: PeriodKey, phase: number, clock: number, told: Told, event?: MatchEvent}[]} */
  const keyed = [
    ...periods.map((period) => markOf(period, START)),
    ...inOrder(facts.events).map((event) => {
      const [key, clock] = [keyOfEvent(event), event.clock_ms ?? 0];
      const period = periods.find((each) => compareKeys(each.key, key) === 0);
      return { key, phase: PLAY, clock, told: toldOf(match, event, period ? instantAt(period, clock) : null), event };
    }),
    ...periods.filter((period) => !isRunning(period)).map((period) => markOf(period, END)),
  ];
  keyed.sort((one, other) => compareKeys(one.key, other.key) || one.phase - other.phase);
  /** @type {Score} */
  let score = NO_SCORE;
  return keyed.map(({ key, clock, told, event }) => {
    if (event) score = add(score, match, event);
    return {
      ...told,
      period_type: key.type,
      period_number: key.number,
      clock_ms: clock,
      clock: formatClock(clock),
      minute: formatMinute(match, key, clock),
      score,
      participants: (event && participants.get(event.id)) ?? [],
    };
  });
}

/**
 * Say whether an entry comes too late to be news: by more than 60 s, or after full time.
 * @param {number | null} happenedMs
 * @param {number} receivedMs
 * @param {number | null} fullTime
 */
export function isCorrection(happenedMs, receivedMs, fullTime) {
  if (fullTime !== null && receivedMs > fullTime) return true;
  return happenedMs !== null && receivedMs - happenedMs > CORRECTION_AFTER_MS;
}

/**
 * @param {Period} period
 * @param {number} phase
 */
function markOf(period, phase) {
  const [kind, clock, happened] =
    phase === START ? [PERIOD_START, 0, period.started_ms] : [PERIOD_END, period.played_ms, period.ended_ms];
  const told = { id: period.id, kind, happened_ms: happened, side: null, team_id: null, player_id: null };
  return { key: period.key, phase, clock, told };
}

/**
 * @param {Match} match
 * @param {MatchEvent} event
 * @param {number | null} happened
 * @returns {Told}
 */
const toldOf = (match, { id, kind, team_id, player_id }, happened) =>
  ({ id, kind, happened_ms: happened, side: sideOf(match, team_id), team_id, player_id });

/**
 * @param {MatchFacts} facts
 * @returns {Map<string, TookPart[]>} by event
 */
function participantsOf({ participants }) {
  /** @type {Map<string, TookPart[]>} */
  const found = new Map();
  for (const { event_id: event, kind, player_id: player } of participants)
    found.set(event, [...(found.get(event) ?? []), { kind, player_id: player }]);
  return found;
}
