/** Sides: the two teams of a match as a screen shows them, and which of them is ours. */

import { teamName } from "./squads.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {"home" | "away"} Side */
/**
 * @typedef {object} Team
 * @property {Side} side
 * @property {string | null} id
 * @property {string} name
 * @property {string | null} cloth
 * @property {string | null} trim
 * @property {boolean} isOurs
 */

/**
 * @param {Touchline} club
 * @param {MatchFacts} facts
 * @returns {{home: Team, away: Team, ours: Team, theirs: Team}}
 */
export function sidesOf(club, { match }) {
  const ourSide = match.our_side === "away" ? "away" : "home";
  const [home, away] = /** @type {const} */ (["home", "away"]).map((side) => {
    const id = match[`${side}_team_id`] ?? null;
    const team = id ? club.get("teams", id) : undefined;
    const isOurs = side === ourSide;
    return {
      side,
      id,
      name: teamName(club, id, isOurs ? "Us" : "Opponents"),
      cloth: /** @type {string | null} */ (team?.[`${side}_kit_primary`] ?? team?.home_kit_primary ?? null),
      trim: /** @type {string | null} */ (team?.[`${side}_kit_secondary`] ?? team?.home_kit_secondary ?? null),
      isOurs,
    };
  });
  return ourSide === "home" ? { home, away, ours: home, theirs: away } : { home, away, ours: away, theirs: home };
}
