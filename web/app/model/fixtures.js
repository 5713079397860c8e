/** Fixtures: the matches of a club as a list shows them, and what earlier ones tell of the next. */

import { ourSide, otherSide, ourTeamId } from "../../football/scoreboard.js";
import { statusOf } from "../../football/status.js";
import { isGoingOn } from "./moment.js";
import { byName } from "./squads.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("../../football/facts.js").Match} Match */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../football/status.js").Status} Status */
/** @typedef {{facts: MatchFacts, status: Status}} Fixture */
/** @typedef {{key: string, fixtures: Fixture[]}} Month `key` is the first of the month, `2026-11-01` */
/** @typedef {{going: Fixture[], next: Fixture[], past: Month[]}} Groups */

/** Milliseconds after its kick-off when a match that nobody recorded counts as past: the day after. */
const MISSED_MS = 24 * 3_600_000;

/**
 * Sort matches into those that go on, the next ones (soonest first) and the past ones by month (newest first).
 * @param {MatchFacts[]} matches the latest kick-off first
 * @param {number} nowMs
 * @returns {Groups}
 */
export function groupsOf(matches, nowMs) {
  /** @type {Groups} */
  const groups = { going: [], next: [], past: [] };
  for (const facts of matches) {
    const fixture = { facts, status: statusOf(facts, nowMs) };
    if (isGoingOn(fixture.status)) groups.going.push(fixture);
    else if (isAhead(fixture, nowMs)) groups.next.unshift(fixture);
    else keepInMonth(groups.past, fixture);
  }
  return groups;
}

/**
 * @param {Fixture} fixture
 * @param {number} nowMs
 */
function isAhead({ facts, status }, nowMs) {
  const isUnplayed = status === "scheduled" || status === "postponed" || status === "cancelled";
  return isUnplayed && Date.parse(facts.match.kickoff_ts) > nowMs - MISSED_MS;
}

/**
 * @param {Month[]} months
 * @param {Fixture} fixture
 */
function keepInMonth(months, fixture) {
  const at = new Date(fixture.facts.match.kickoff_ts);
  const key = `${at.getFullYear()}-${String(at.getMonth() + 1).padStart(2, "0")}-01`;
  const last = months.at(-1);
  if (last?.key === key) last.fixtures.push(fixture);
  else months.push({ key, fixtures: [fixture] });
}

/**
 * Return the other team of a match.
 * @param {Match} match
 */
export const theirTeamId = (match) => (otherSide(ourSide(match)) === "home" ? match.home_team_id : match.away_team_id);

/**
 * Return the names of those played against, the latest first, and then of all other teams.
 * @param {Touchline} club
 * @param {MatchFacts[]} matches the latest kick-off first
 * @param {string | null} ourId who is not named
 */
export function opponentNames(club, matches, ourId) {
  const met = matches.map(({ match }) => theirTeamId(match));
  const others = club.all("teams").sort(byName("name")).map(({ id }) => id);
  const ids = [...new Set([...met, ...others])].filter((id) => id && id !== ourId);
  const names = ids.map((id) => String(club.get("teams", String(id))?.name ?? ""));
  return [...new Set(names)].filter(Boolean);
}

/**
 * Return the latest match of a team, as ours.
 * @param {MatchFacts[]} matches the latest kick-off first
 * @param {string | null} teamId
 */
export const lastOf = (matches, teamId) => matches.find(({ match }) => teamId !== null && ourTeamId(match) === teamId);
