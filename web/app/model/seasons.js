/** Seasons: which there are, and what their matches add up to for a team and for its players. */

import { ourTeamId } from "../../football/scoreboard.js";
import { letterOf, playersOfTeam, resultOf, sumTallies, tallies, teamRecord } from "../../football/stats.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../football/stats.js").Result} Result */
/** @typedef {import("../../football/stats.js").Tally} Tally */
/** @typedef {import("./squads.js").Row} Row */
/**
 * @typedef {{facts: MatchFacts, teamId: string, result: Result, letter: string, difference: number}} Played
 *   A complete match as our team sees it.
 */
/** @typedef {{facts: MatchFacts, tally: Tally}} Appearance What a player did in one match. */

/** The longest name of a season. */
export const LABEL_LENGTH_MAX = 50;
/** The address of all matches, in place of a season's. */
export const ALL = "all";

/**
 * Return the seasons, the newest first by their names: `2026/27` comes before `2025/26`.
 * @param {Touchline} club
 * @returns {Row[]}
 */
export function seasonsOf(club) {
  return club.all("seasons").sort((one, other) => String(other.label).localeCompare(String(one.label), undefined, { numeric: true }));
}

/**
 * Return the season that is shown where nobody chose one: that of the latest match, else the newest.
 * @param {Row[]} seasons
 * @param {MatchFacts[]} matches the latest first
 */
export function currentSeason(seasons, matches) {
  const ids = new Set(seasons.map(({ id }) => id));
  const latest = matches.find(({ match }) => ids.has(String(match.season_id)));
  return latest?.match.season_id ?? seasons[0]?.id ?? ALL;
}

/**
 * @param {MatchFacts[]} matches
 * @param {string} season a season's id, or `ALL`
 */
export function inSeason(matches, season) {
  return season === ALL ? matches : matches.filter(({ match }) => match.season_id === season);
}

/**
 * Return what a season would be called at a moment: `2026/27`; it begins in July.
 * @param {number} ms since 1970
 */
export function seasonLabel(ms) {
  const at = new Date(ms);
  const first = at.getFullYear() - (at.getMonth() < 6 ? 1 : 0);
  return `${first}/${String((first + 1) % 100).padStart(2, "0")}`;
}

/**
 * Return the complete matches as our team sees them, the first first.
 * @param {MatchFacts[]} matches
 * @param {string | null} teamId null: each as the club's own team in it
 * @param {number} nowMs
 * @returns {Played[]}
 */
export function playedBy(matches, teamId, nowMs) {
  /** @type {Played[]} */
  const found = [];
  for (const facts of matches) {
    const ours = teamId ?? ourTeamId(facts.match);
    const result = ours === null ? null : resultOf(facts, ours, nowMs);
    if (ours !== null && result)
      found.push({ facts, teamId: ours, result, letter: letterOf(result), difference: result.goals_for - result.goals_against });
  }
  return found.sort((one, other) => (one.facts.match.kickoff_ts < other.facts.match.kickoff_ts ? -1 : 1));
}

/** @param {Played[]} played */
export const recordOf = (played) => teamRecord(played.map(({ result }) => result));

/**
 * Return what each of our players did in these matches together.
 * @param {Played[]} played
 * @param {number} nowMs
 * @returns {Map<string, Tally>}
 */
export function totalsOf(played, nowMs) {
  return sumTallies(played.map(({ facts, teamId }) => ours(facts, teamId, nowMs)));
}

/**
 * @param {MatchFacts} facts
 * @param {string} teamId
 * @param {number} nowMs
 */
function ours(facts, teamId, nowMs) {
  const mine = playersOfTeam(facts, teamId);
  return new Map([...tallies(facts, nowMs)].filter(([playerId]) => mine.has(playerId)));
}

/**
 * Return the matches in which a player appeared, the first first, with what they did there. Matches that are going on
 * are not in it.
 * @param {Played[]} played
 * @param {string} playerId
 * @param {number} nowMs
 * @returns {(Played & Appearance)[]}
 */
export function appearancesOf(played, playerId, nowMs) {
  return played.flatMap((each) => {
    const tally = tallies(each.facts, nowMs).get(playerId);
    return tally?.appearances ? [{ ...each, tally }] : [];
  });
}

/** @param {number} ms */
export const wholeMinutes = (ms) => Math.floor(ms / 60_000);
