/**
 * The score: a fold of the goals that stand, whatever their order of arrival; as football/scoreboard.py has it.
 *
 * *Ours* is the side that the match's `our_side` names, home where it names none. The result entered by hand counts only
 * while the match has no events at all: from the first event on, the goals are the score.
 */

import { PENALTY_SHOOTOUT, SCORING_KINDS } from "./vocabulary.js";

/** @typedef {import("./facts.js").Match} Match */
/** @typedef {import("./facts.js").MatchEvent} MatchEvent */
/** @typedef {import("./facts.js").MatchFacts} MatchFacts */
/** @typedef {import("./facts.js").Side} Side */
/**
 * @typedef {object} Score
 * @property {number} home without the shootout, as is `away`
 * @property {number} away
 * @property {number} home_shootout
 * @property {number} away_shootout
 * @property {number} unassigned goals of no team or of a third one: kept, counted for nobody, and worth a prompt
 * @property {boolean} is_by_hand
 */

/** @type {Readonly<Score>} */
export const NO_SCORE = Object.freeze({
  home: 0,
  away: 0,
  home_shootout: 0,
  away_shootout: 0,
  unassigned: 0,
  is_by_hand: false,
});

/**
 * Return the score of a match.
 * @param {MatchFacts} facts
 * @returns {Score}
 */
export function scoreOf({ match, events }) {
  return events.length ? events.reduce((score, event) => add(score, match, event), NO_SCORE) : byHand(match);
}

/**
 * Return the score after one more event; those that are no goals leave it as it is.
 * @param {Score} score
 * @param {Match} match
 * @param {MatchEvent} event
 * @returns {Score}
 */
export function add(score, match, event) {
  if (!SCORING_KINDS.includes(event.kind)) return score;
  const side = scoringSide(match, event);
  const place = side === null ? "unassigned" : event.period_type === PENALTY_SHOOTOUT ? shootoutOf(side) : side;
  return { ...score, [place]: score[place] + 1, is_by_hand: false };
}

/**
 * Return the score as people write it: `2-2`, with a shootout `2-2 (4-3)`.
 * @param {Score} score
 */
export function scoreText({ home, away, home_shootout: homePens, away_shootout: awayPens }) {
  return `${home}-${away}${homePens || awayPens ? ` (${homePens}-${awayPens})` : ""}`;
}

/**
 * Return the side that a goal counts for: an own goal is the other side's; null where the team is not known.
 * @param {Match} match
 * @param {MatchEvent} event
 * @returns {Side | null}
 */
export function scoringSide(match, event) {
  const side = sideOf(match, event.team_id);
  return side === null || event.kind !== "own_goal" ? side : otherSide(side);
}

/**
 * Return the side of a team; null for no team and for one that does not play in this match.
 * @param {Match} match
 * @param {string | null} teamId
 * @returns {Side | null}
 */
export function sideOf(match, teamId) {
  if (teamId === null) return null;
  if (teamId === match.home_team_id) return "home";
  return teamId === match.away_team_id ? "away" : null;
}

/**
 * @param {Side} side
 * @returns {Side}
 */
export const otherSide = (side) => (side === "home" ? "away" : "home");

/**
 * @param {Side} side
 * @returns {"home_shootout" | "away_shootout"}
 */
export const shootoutOf = (side) => (side === "home" ? "home_shootout" : "away_shootout");

/**
 * Return the side of the club's own team.
 * @param {Match} match
 * @returns {Side}
 */
export const ourSide = (match) => match.our_side || "home";

/**
 * Return the id of the club's own team, whose age group and squad matter; null while it is not known.
 * @param {Match} match
 */
export const ourTeamId = (match) => (ourSide(match) === "home" ? match.home_team_id : match.away_team_id);

/**
 * @param {Match} match
 * @returns {Score}
 */
function byHand(match) {
  const { our_score: ours, opponent_score: theirs } = match;
  const [home, away] = ourSide(match) === "home" ? [ours, theirs] : [theirs, ours];
  return { ...NO_SCORE, home, away, is_by_hand: Boolean(ours || theirs) };
}
