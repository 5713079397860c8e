/**
 * Minutes played: a fold of the stints over the periods, exact to the millisecond and without the pauses; as
 * football/minutes.py has it.
 *
 * A stint runs from one moment to another, each a period and the played time in it; what lies between counts as the
 * periods were played. Stints of one player that overlap count once. A shootout is nobody's time.
 */

import { compareKeys, minutesMs, nominalMs, periodKey, regularPeriods } from "./clock.js";
import { byText } from "./facts.js";
import { periodsOf } from "./periods.js";
import { statusOf } from "./status.js";
import { FORMATION_MAX, PENALTY_SHOOTOUT, REGULAR } from "./vocabulary.js";

/** @typedef {import("./clock.js").PeriodKey} PeriodKey */
/** @typedef {import("./facts.js").Match} Match */
/** @typedef {import("./facts.js").MatchFacts} MatchFacts */
/** @typedef {import("./facts.js").Stint} Stint */
/** @typedef {{key: PeriodKey, at: number}} Moment A period and played milliseconds in it. */
/** @typedef {[from: number, to: number]} Interval In played milliseconds of one period. */
/** @typedef {{from: number, to: number, players: string[]}} Stretch With everybody who was on all through it. */
/**
 * @typedef {object} Crowd A stretch with more of a team on the pitch than there may be: a prompt, no error.
 * @property {string | null} team_id null: ours
 * @property {string} period_type
 * @property {number} period_number
 * @property {number} from_ms played milliseconds in the period, as is `to_ms`
 * @property {number} to_ms
 * @property {number} players the most that were on at once
 * @property {string[]} player_ids all who were on during the stretch, sorted: one of them was not
 */

/** Milliseconds of too many on the pitch below which nobody is asked: two taps for one change lie seconds apart. */
export const CROWD_MIN_MS = 10_000;

/** @type {Moment} After every moment: where a stint ends that nobody closed. */
const NEVER = { key: { rank: 99, type: "", number: 0 }, at: 0 };

/**
 * Return the milliseconds each player with a stint has played, 0 for those whose stints lie outside play.
 * @param {MatchFacts} facts
 * @param {number | null} [nowMs]
 * @returns {Map<string, number>}
 */
export function playedMsByPlayer(facts, nowMs = null) {
  const played = new Map(facts.lineup.map((stint) => [stint.player_id, 0]));
  for (const [key, length] of periodLengths(facts, nowMs))
    for (const [player, intervals] of onPitchIn(facts.match, facts.lineup, key, length))
      played.set(player, intervals.reduce((sum, [from, to]) => sum + to - from, played.get(player) ?? 0));
  return played;
}

/**
 * Return the played milliseconds of each period that counts, in order. A complete match without periods (the club's old
 * rows) is as long as it was planned to be.
 * @param {MatchFacts} facts
 * @param {number | null} [nowMs]
 * @returns {[key: PeriodKey, lengthMs: number][]}
 */
export function periodLengths(facts, nowMs = null) {
  const periods = periodsOf(facts, nowMs);
  if (!periods.length && statusOf(facts, nowMs) === "completed")
    return Array.from({ length: regularPeriods(facts.match) }, (_, n) => [periodKey(REGULAR, n + 1), nominalMs(facts.match)]);
  return periods.filter(({ key }) => key.type !== PENALTY_SHOOTOUT).map(({ key, played_ms }) => [key, played_ms]);
}

/**
 * Return when more than `most` players of one team were on the pitch, in order of time.
 * @param {MatchFacts} facts
 * @param {number} [most]
 * @param {number | null} [nowMs]
 * @returns {Crowd[]}
 */
export function crowdsOf(facts, most = FORMATION_MAX, nowMs = null) {
  const teams = teamsOf(facts.lineup);
  return periodLengths(facts, nowMs).flatMap(([key, length]) =>
    teams.flatMap((team) => {
      const stints = facts.lineup.filter((stint) => stint.team_id === team);
      return crowdsIn(onPitchIn(facts.match, stints, key, length), most, team, key);
    }),
  );
}

/**
 * Return the teams that stints name, no team first.
 * @param {Stint[]} lineup
 */
export const teamsOf = (lineup) => [...new Set(lineup.map((stint) => stint.team_id))].sort((one, other) => byText(one ?? "", other ?? ""));

/**
 * Return the stretches in which every moment has too many: between two edges nobody comes or goes.
 * @param {Map<string, Interval[]>} onPitch
 * @param {number} most
 * @param {string | null} team
 * @param {PeriodKey} key
 * @returns {Crowd[]}
 */
function crowdsIn(onPitch, most, team, key) {
  const edges = [...new Set([...onPitch.values()].flat(2))].sort((one, other) => one - other);
  /** @type {Crowd[]} */
  const crowds = [];
  /** @type {Stretch[]} */
  let crowded = [];
  const close = () => {
    const crowd = crowded.length ? crowdOf(crowded, team, key) : null;
    if (crowd && crowd.to_ms - crowd.from_ms >= CROWD_MIN_MS) crowds.push(crowd);
    crowded = [];
  };
  for (let n = 0; n + 1 < edges.length; n++) {
    const [from, to] = [edges[n], edges[n + 1]];
    const on = [...onPitch].filter(([, all]) => all.some(([since, until]) => since <= from && to <= until));
    if (on.length > most) crowded.push({ from, to, players: on.map(([player]) => player) });
    else close();
  }
  close();
  return crowds;
}

/**
 * @param {Stretch[]} crowded at least one
 * @param {string | null} team
 * @param {PeriodKey} key
 * @returns {Crowd}
 */
const crowdOf = (crowded, team, key) => ({
  team_id: team,
  period_type: key.type,
  period_number: key.number,
  from_ms: crowded[0].from,
  to_ms: crowded[crowded.length - 1].to,
  players: Math.max(...crowded.map(({ players }) => players.length)),
  player_ids: [...new Set(crowded.flatMap(({ players }) => players))].sort(byText),
});

/**
 * Return when each player was on in a period: intervals in order, apart from one another, never empty.
 * @param {Match} match
 * @param {Stint[]} stints
 * @param {PeriodKey} key
 * @param {number} length
 * @returns {Map<string, Interval[]>}
 */
function onPitchIn(match, stints, key, length) {
  /** @type {Map<string, Interval[]>} */
  const found = new Map();
  for (const stint of stints) {
    const [from, to] = edgesOf(match, stint).map((moment) => within(moment, key, length));
    if (from < to) found.set(stint.player_id, [...(found.get(stint.player_id) ?? []), [from, to]]);
  }
  for (const [player, intervals] of found) found.set(player, union(intervals));
  return found;
}

/**
 * Return a moment as played time of one period: its start if before it, its end if after it.
 * @param {Moment} moment
 * @param {PeriodKey} key
 * @param {number} length
 */
function within({ key: own, at }, key, length) {
  const apart = compareKeys(own, key);
  return apart < 0 ? 0 : apart > 0 ? length : Math.min(at, length);
}

/**
 * @param {Match} match
 * @param {Stint} stint
 * @returns {[Moment, Moment]}
 */
function edgesOf(match, stint) {
  const start = momentOf(match, stint.start_period_type, stint.start_period, stint.start_min ?? 0);
  if (stint.end_min === null) return [start, NEVER];
  return [start, momentOf(match, stint.end_period_type, stint.end_period, stint.end_min)];
}

/**
 * Return an edge as a moment; without a period, minutes of the whole match fall into the planned periods.
 * @param {Match} match
 * @param {string | null} type
 * @param {number | null} number
 * @param {number} minutes
 * @returns {Moment}
 */
function momentOf(match, type, number, minutes) {
  const at = minutesMs(minutes);
  if (number !== null) return { key: periodKey(type, number), at };
  const length = nominalMs(match);
  return { key: periodKey(REGULAR, Math.floor(at / length) + 1), at: at % length };
}

/**
 * @param {Interval[]} intervals
 * @returns {Interval[]}
 */
function union(intervals) {
  /** @type {Interval[]} */
  const joined = [];
  for (const [from, to] of intervals.sort((one, other) => one[0] - other[0] || one[1] - other[1])) {
    const last = joined.at(-1);
    if (last && from <= last[1]) last[1] = Math.max(last[1], to);
    else joined.push([from, to]);
  }
  return joined;
}
