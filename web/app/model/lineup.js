/** The line-up of a match: who starts, as it is picked before it is written, and whom the last match suggests. */

import { sideOfStint } from "../../football/live.js";
import { ourSide, ourTeamId } from "../../football/scoreboard.js";
import { playersMax } from "../../football/vocabulary.js";
import { lastOf } from "./fixtures.js";
import { playersOf } from "./squads.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../football/facts.js").Stint} Stint */
/** @typedef {Map<string, string | null>} Starters player -> position */

/**
 * Return who starts for us, as it is recorded.
 * @param {MatchFacts} facts
 * @returns {Starters}
 */
export function startersOf({ match, lineup }) {
  const ours = lineup.filter((stint) => isStart(stint) && sideOfStint(match, stint) === ourSide(match));
  return new Map(ours.map((stint) => [stint.player_id, stint.position]));
}

/**
 * Return who started the latest other match of the same team and is in its squad still.
 * @param {Touchline} club
 * @param {MatchFacts[]} matches the latest kick-off first
 * @param {MatchFacts} facts
 * @returns {Starters}
 */
export function suggested(club, matches, { match }) {
  const teamId = ourTeamId(match);
  const others = matches.filter((each) => each.match.id !== match.id && startersOf(each).size > 0);
  const last = lastOf(others, teamId);
  const squad = new Set(playersOf(club, teamId).map(({ id }) => id));
  return new Map(last ? [...startersOf(last)].filter(([id]) => squad.has(id)) : []);
}

/**
 * Return how many of our team may be on the pitch.
 * @param {Touchline} club
 * @param {MatchFacts} facts
 */
export function startersMax(club, { match }) {
  const teamId = ourTeamId(match);
  return playersMax(/** @type {string | null | undefined} */ (teamId ? club.get("teams", teamId)?.age_group : null));
}

/** @param {Stint} stint */
const isStart = (stint) => (stint.start_period ?? 1) === 1 && (stint.start_period_type ?? "regular") === "regular" && !stint.start_min;
