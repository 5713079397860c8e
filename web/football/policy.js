/**
 * What a shared view may show: what its link asks for, bounded by the age group and by what the club has turned on; as
 * football/policy.py has it. The server decides; here it is said before a link is made.
 *
 *     protection   score, shirt numbers              venue               beside own goals, fouls, cards
 *     young        only where the club turned it on  from kick-off on    no number
 *     children     as the link says                  from kick-off on    no number
 *     adults       as the link says                  as the link says    the number
 */

import { instantMs } from "../sync/instants.js";
import { ourTeamId } from "./scoreboard.js";
import { fullTimeMs, plannedEndMs } from "./status.js";

/** @typedef {import("./facts.js").Match} Match */
/** @typedef {import("./facts.js").MatchEvent} MatchEvent */
/** @typedef {import("./facts.js").MatchFacts} MatchFacts */
/** @typedef {import("./facts.js").Player} Player */
/** @typedef {import("./facts.js").Team} Team */
/** @typedef {ReadonlyMap<string, Team>} Teams By id. */
/** @typedef {{score: boolean, shirt_numbers: boolean, venue: boolean}} Options What a link asks to show. */
/** @typedef {{young_scores: boolean, young_shirt_numbers: boolean}} ClubRules What the owner has turned on for the young. */
/**
 * @typedef {object} Permitted What a link shows after all.
 * @property {boolean} score
 * @property {boolean} shirt_numbers
 * @property {boolean} venue
 * @property {number | null} venue_from_ms before which the venue is held back; null where it is shown at any time
 * @property {number} protection
 */

/** How much a view is held back; the greater protects more. */
export const PROTECTION = Object.freeze({ adults: 0, children: 1, young: 2 });

/** Age groups whose results are not published. */
export const YOUNG_GROUPS = Object.freeze(["U7", "U8", "U9", "U10", "U11"]);

/** The one age group in which nobody is a child; `open` may have children in it. */
export const ADULT_GROUP = "adult";

/** Events beside which no child's number stands: nobody follows a link to read whose fault it was. */
export const BLAMING_KINDS = Object.freeze(["own_goal", "foul", "yellow_card", "red_card"]);

/** Milliseconds after its match for which a link lives unless somebody says otherwise: the evening, and breakfast. */
export const LINK_AFTER_MS = 24 * 3_600_000;

/** Milliseconds for which a link may live. */
export const LINK_MS_MAX = 30 * 24 * 3_600_000;

/** @type {Readonly<Options>} What a link asks for unless somebody says otherwise. */
export const USUAL_OPTIONS = Object.freeze({ score: true, shirt_numbers: false, venue: false });

/**
 * Return what a link with these options may show of a match.
 * @param {Options} options
 * @param {ClubRules} rules
 * @param {MatchFacts} facts
 * @param {Teams} teams the match's two teams, as far as known
 * @returns {Permitted}
 */
export function permit(options, rules, { match }, teams) {
  const protection = protectionOf(match, teams);
  const isYoung = protection === PROTECTION.young;
  return {
    score: options.score && (rules.young_scores || !isYoung),
    shirt_numbers: options.shirt_numbers && (rules.young_shirt_numbers || !isYoung),
    venue: options.venue,
    venue_from_ms: protection === PROTECTION.adults ? null : instantMs(match.kickoff_ts),
    protection,
  };
}

/**
 * Tell whether the venue is shown now; a match that has begun is past its kick-off, whatever was planned.
 * @param {Permitted} permitted
 * @param {number} nowMs
 * @param {boolean} hasBegun
 */
export const showsVenue = ({ venue, venue_from_ms: from }, nowMs, hasBegun) => venue && (hasBegun || from === null || nowMs >= from);

/**
 * Return when a link that is made now ends unless somebody says otherwise: 24 hours after full time, or after the planned
 * end of a match that is not over; of an old match, 24 hours from now.
 * @param {MatchFacts} facts
 * @param {number} nowMs
 */
export function usualExpiryMs(facts, nowMs) {
  const ends = fullTimeMs(facts, nowMs) ?? plannedEndMs(facts);
  return Math.min(Math.max(ends, nowMs) + LINK_AFTER_MS, nowMs + LINK_MS_MAX);
}

/**
 * Return how a match is protected: by the club's own team, or by the other where that is known to be younger.
 * @param {Match} match
 * @param {Teams} teams
 */
export function protectionOf(match, teams) {
  const own = ourTeamId(match);
  /** @param {string | null} team */
  const groupOf = (team) => teams.get(team ?? "")?.age_group ?? null;
  const others = [match.home_team_id, match.away_team_id].filter((team) => team !== own).flatMap((team) => groupOf(team) ?? []);
  return Math.max(ofGroup(groupOf(own)), ...others.map(ofGroup));
}

/**
 * Return the shirt number that stands beside an event, null where it is unknown or held back. Of children only the club's
 * own are shown: the families of the other club were not asked.
 * @param {Permitted} permitted
 * @param {Match} match
 * @param {MatchEvent} event
 * @param {Player | null | undefined} player
 */
export function numberOf(permitted, match, event, player) {
  if (!player || !permitted.shirt_numbers || player.do_not_share) return null;
  if (permitted.protection !== PROTECTION.adults) {
    const isOwn = event.team_id !== null && event.team_id === ourTeamId(match);
    if (!isOwn || BLAMING_KINDS.includes(event.kind)) return null;
  }
  return player.squad_number;
}

/** @param {string | null} ageGroup one that nobody set is protected like the youngest */
function ofGroup(ageGroup) {
  if (ageGroup === null || YOUNG_GROUPS.includes(ageGroup)) return PROTECTION.young;
  return ageGroup === ADULT_GROUP ? PROTECTION.adults : PROTECTION.children;
}
