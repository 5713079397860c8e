/**
 * Statistics: what many matches add up to, for a player and for a team; as football/stats.py has it.
 *
 * A match counts as *played* once it is complete. A player *appeared* if they were on the pitch for a moment of it, and
 * *started* if they were on from the first whistle; a match that kept no line-up counts as an appearance where something
 * is recorded of them. A shootout's goals are nobody's.
 */

import { compareKeys, periodKey } from "./clock.js";
import { byText } from "./facts.js";
import { periodLengths, playedMsByPlayer } from "./minutes.js";
import { otherSide, ourSide, scoreOf, shootoutOf, sideOf } from "./scoreboard.js";
import { statusOf } from "./status.js";
import { PENALTY_SHOOTOUT, REGULAR } from "./vocabulary.js";

/** @typedef {import("./facts.js").MatchFacts} MatchFacts */
/** @typedef {import("./facts.js").Side} Side */
/**
 * @typedef {object} Tally What a player did, in one match or in many.
 * @property {number} appearances
 * @property {number} starts
 * @property {number} played_ms
 * @property {number} goals
 * @property {number} assists
 * @property {number} own_goals
 * @property {number} yellow_cards
 * @property {number} red_cards
 * @property {number} saves
 * @property {number} shots_on_target
 */
/**
 * @typedef {object} Result A complete match as one of its teams sees it.
 * @property {string} match_id
 * @property {string} kickoff_ts
 * @property {Side} side
 * @property {number} goals_for
 * @property {number} goals_against
 * @property {number} shootout_for
 * @property {number} shootout_against
 */
/**
 * @typedef {object} TeamRecord What a team's complete matches add up to.
 * @property {number} played
 * @property {number} won
 * @property {number} drawn
 * @property {number} lost
 * @property {number} goals_for
 * @property {number} goals_against
 * @property {number} clean_sheets
 * @property {string} form the newest results, the last one last: `WWDLW`
 */

/** Matches of a form line, the newest last. */
export const FORM_MATCHES = 5;

export const TOP_SCORERS = 10;

/** @type {Readonly<Tally>} */
export const NO_TALLY = Object.freeze({
  appearances: 0,
  starts: 0,
  played_ms: 0,
  goals: 0,
  assists: 0,
  own_goals: 0,
  yellow_cards: 0,
  red_cards: 0,
  saves: 0,
  shots_on_target: 0,
});

/** @type {Readonly<Record<string, keyof Tally>>} Kinds of event -> what they count as for the player who did it. */
export const COUNTED = Object.freeze({
  goal: "goals",
  own_goal: "own_goals",
  yellow_card: "yellow_cards",
  red_card: "red_cards",
  save: "saves",
  shot_on_target: "shots_on_target",
});

/**
 * Return what each player did in a match: everyone with a stint, an event or an assist.
 * @param {MatchFacts} facts
 * @param {number | null} [nowMs]
 * @returns {Map<string, Tally>}
 */
export function tallies(facts, nowMs = null) {
  const played = playedMsByPlayer(facts, nowMs);
  /** @type {Map<string, Tally>} */
  const found = new Map();
  /** @param {string} player @param {keyof Tally} [what] */
  const count = (player, what) => {
    const tally = found.get(player) ?? { ...NO_TALLY };
    if (what) tally[what] += 1;
    found.set(player, tally);
  };
  for (const player of played.keys()) count(player);
  for (const { player_id: player, kind } of ownTime(facts)) if (player !== null) count(player, COUNTED[kind]);
  for (const player of assistsOf(facts)) count(player, "assists");
  for (const player of cameOnIn(facts)) count(player);
  const started = matchMs(facts, nowMs) ? startersOf(facts) : new Set();
  for (const [player, tally] of found) {
    const own = played.get(player);
    // Without a stint it is the record of what somebody did that shows that they were there.
    tally.appearances = own === undefined || own > 0 ? 1 : 0;
    tally.starts = started.has(player) ? 1 : 0;
    tally.played_ms = own ?? 0;
  }
  return found;
}

/**
 * Return a team's result; null for a match that is not complete, or not this team's.
 * @param {MatchFacts} facts
 * @param {string} teamId
 * @param {number | null} [nowMs]
 * @returns {Result | null}
 */
export function resultOf(facts, teamId, nowMs = null) {
  const side = sideOf(facts.match, teamId);
  return side === null || statusOf(facts, nowMs) !== "completed" ? null : resultOn(facts, side);
}

/**
 * Return how a match stands, over or not, as one of its sides sees it.
 * @param {MatchFacts} facts
 * @param {Side} side
 * @returns {Result}
 */
export function resultOn(facts, side) {
  const [score, other] = [scoreOf(facts), otherSide(side)];
  return {
    match_id: facts.match.id,
    kickoff_ts: facts.match.kickoff_ts,
    side,
    goals_for: score[side],
    goals_against: score[other],
    shootout_for: score[shootoutOf(side)],
    shootout_against: score[shootoutOf(other)],
  };
}

/**
 * Return `W`, `D` or `L`; a shootout decides what was level.
 * @param {Result} result
 */
export function letterOf(result) {
  const ahead = result.goals_for - result.goals_against || result.shootout_for - result.shootout_against;
  return ahead > 0 ? "W" : ahead < 0 ? "L" : "D";
}

/**
 * Return what results add up to, in whatever order they come.
 * @param {readonly Result[]} results
 * @returns {TeamRecord}
 */
export function teamRecord(results) {
  const ordered = [...results].sort((one, other) => byText(one.kickoff_ts, other.kickoff_ts) || byText(one.match_id, other.match_id));
  const letters = ordered.map(letterOf);
  const count = (/** @type {string} */ letter) => letters.filter((each) => each === letter).length;
  return {
    played: ordered.length,
    won: count("W"),
    drawn: count("D"),
    lost: count("L"),
    goals_for: ordered.reduce((sum, each) => sum + each.goals_for, 0),
    goals_against: ordered.reduce((sum, each) => sum + each.goals_against, 0),
    clean_sheets: ordered.filter((each) => each.goals_against === 0).length,
    form: letters.slice(-FORM_MATCHES).join(""),
  };
}

/**
 * Return who played for a team in a match: by their stints, and by what they did for it.
 * @param {MatchFacts} facts
 * @param {string} teamId
 * @returns {Set<string>}
 */
export function playersOfTeam({ match, lineup, events, participants }, teamId) {
  const isOurs = ourSide(match) === sideOf(match, teamId);
  const stints = lineup.filter(({ team_id: team }) => team === teamId || (team === null && isOurs));
  const own = events.filter((event) => event.team_id === teamId);
  const ids = new Set(own.map((event) => event.id));
  const others = participants.filter((each) => ids.has(each.event_id));
  return new Set([...stints, ...own, ...others].flatMap((each) => each.player_id ?? []));
}

/**
 * Return each player's tally over many matches.
 * @param {Iterable<ReadonlyMap<string, Tally>>} found
 * @returns {Map<string, Tally>}
 */
export function sumTallies(found) {
  /** @type {Map<string, Tally>} */
  const total = new Map();
  for (const tallied of found) for (const [player, tally] of tallied) total.set(player, plus(total.get(player) ?? NO_TALLY, tally));
  return total;
}

/**
 * Return who scored most: by goals, then assists, then fewer minutes, then id.
 * @param {ReadonlyMap<string, Tally>} total
 * @param {number} [most]
 * @returns {[playerId: string, tally: Tally][]}
 */
export function topScorers(total, most = TOP_SCORERS) {
  const scorers = [...total].filter(([, tally]) => tally.goals);
  scorers.sort(
    ([id, one], [otherId, other]) =>
      other.goals - one.goals || other.assists - one.assists || one.played_ms - other.played_ms || byText(id, otherId),
  );
  return scorers.slice(0, most);
}

/**
 * Return the played milliseconds of a match: what a player who never went off has played.
 * @param {MatchFacts} facts
 * @param {number | null} [nowMs]
 */
export const matchMs = (facts, nowMs = null) => periodLengths(facts, nowMs).reduce((sum, [, length]) => sum + length, 0);

/**
 * @param {Tally} one
 * @param {Tally} other
 */
function plus(one, other) {
  const sum = { ...one };
  for (const name of /** @type {(keyof Tally)[]} */ (Object.keys(NO_TALLY))) sum[name] += other[name];
  return sum;
}

/** @param {MatchFacts} facts */
const ownTime = ({ events }) => events.filter((event) => event.period_type !== PENALTY_SHOOTOUT);

/**
 * Return who gave the assists to goals that stand; an event `assist` of its own counts where no goal names it. Old rows
 * have such events beside the goals, new ones have both: the goal's participant is the same assist.
 * @param {MatchFacts} facts
 * @returns {string[]}
 */
function assistsOf(facts) {
  const events = ownTime(facts);
  const goals = new Set(events.filter(({ kind }) => kind === "goal").map(({ id }) => id));
  const named = facts.participants.filter((each) => each.kind === "assist" && goals.has(each.event_id)).map((each) => each.player_id);
  const left = [...named];
  const alone = events.filter(({ kind }) => kind === "assist").flatMap(({ player_id: player }) => player ?? []);
  const more = alone.filter((player) => {
    const place = left.indexOf(player);
    if (place >= 0) left.splice(place, 1);
    return place < 0;
  });
  return [...named, ...more];
}

/** @param {MatchFacts} facts */
function cameOnIn({ events, participants }) {
  const changes = new Set(events.filter(({ kind }) => kind === "substitution").map(({ id }) => id));
  return participants.filter((each) => each.kind === "substitution" && changes.has(each.event_id)).map((each) => each.player_id);
}

/**
 * Return who was on from the first whistle; the first period is the least that was played.
 * @param {MatchFacts} facts
 * @returns {Set<string>}
 */
function startersOf({ periods, lineup }) {
  const [first = periodKey(REGULAR, 1)] = periods.map((each) => periodKey(each.type, each.number)).sort(compareKeys);
  const starts = lineup.filter(
    ({ start_min: minutes, start_period: number, start_period_type: type }) =>
      !minutes && (number === null || compareKeys(periodKey(type, number), first) <= 0),
  );
  return new Set(starts.map((stint) => stint.player_id));
}
