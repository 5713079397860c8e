/** A new match: what is asked for it, what stands there before anybody types, and the records that it becomes. */

import { FORMATS, PERIODS_BY_FORMAT } from "../../football/vocabulary.js";
import { ourTeamId } from "../../football/scoreboard.js";
import { lastOf } from "./fixtures.js";
import { seasonsOf } from "./seasons.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../sync/messages.js").Values} Values */
/** @typedef {{format: string, minutes: number}} Length how many periods, as the word for it, and the minutes of each */
/**
 * @typedef {object} Draft
 * @property {string | null} teamId our team, where it is there already
 * @property {string} teamName what is typed for a new one
 * @property {string | null} ageGroup
 * @property {string} opponent
 * @property {"home" | "away"} side ours
 * @property {Length} length
 * @property {string} kickoff local date and time as a field has it, `2026-11-22T14:00`; empty: now
 * @property {string | null} seasonId
 * @property {string} competition
 * @property {string} venue
 */
/** @typedef {{collection: string, id: string, fields: Values}} Write */

export const US = "Us";
export const THEM = "Opponents";
const NAME_MAX = 100;
/** Minutes that all periods of a match may have together, by the catalogue. */
const DURATION_MAX = 200;

/** @type {Length} */
const USUAL = { format: "half", minutes: 25 };

/**
 * Return how long a team plays: as in its last match, else as its age group does.
 * @param {MatchFacts[]} matches the latest kick-off first
 * @param {string | null} teamId
 * @param {string | null | undefined} ageGroup
 * @returns {Length}
 */
export function usualLength(matches, teamId, ageGroup) {
  const last = lastOf(matches, teamId)?.match;
  if (last) return { format: last.period_format, minutes: last.duration_mins / (PERIODS_BY_FORMAT[last.period_format] ?? 2) };
  return lengthsOf(ageGroup)[0] ?? USUAL;
}

/**
 * Return what an age group may choose from, the usual one first.
 * @param {string | null | undefined} ageGroup
 * @returns {Length[]}
 */
export const lengthsOf = (ageGroup) =>
  (FORMATS[ageGroup ?? ""]?.periods ?? []).map(([count, minutes]) => ({ format: count === 4 ? "quarter" : "half", minutes }));

/**
 * Return the minutes of all periods together, within what a match may have.
 * @param {Length} length
 */
export const totalMinutes = ({ format, minutes }) =>
  Math.min(Math.max(Math.round(minutes * (PERIODS_BY_FORMAT[format] ?? 2)), 1), DURATION_MAX);

/**
 * Return the records of a new match: the match, and before it the teams that are not there yet.
 * @param {Draft} draft
 * @param {object} around
 * @param {{id: string, name: string}[]} around.teams that are there; a name typed again is the same team
 * @param {() => string} around.newId
 * @param {number} around.nowMs by the server's clock
 * @returns {{matchId: string, teamId: string, writes: Write[]}}
 */
export function recordsOf(draft, { teams, newId, nowMs }) {
  /** @type {Write[]} */
  const writes = [];
  /** @param {string} typed @param {Values} more @param {string | null} not */
  const team = (typed, more, not) => {
    const name = typed.trim().slice(0, NAME_MAX);
    const known = teams.find((each) => each.id !== not && sameName(each.name, name));
    if (known) return known.id;
    const id = newId();
    writes.push({ collection: "teams", id, fields: { name, ...more } });
    return id;
  };
  const age = draft.ageGroup ? { age_group: draft.ageGroup } : {};
  const ours = draft.teamId ?? team(draft.teamName || US, age, null);
  const theirs = team(draft.opponent || THEM, age, ours);
  const matchId = newId();
  const [home, away] = draft.side === "home" ? [ours, theirs] : [theirs, ours];
  const kickoff = draft.kickoff ? Date.parse(draft.kickoff) : nowMs;
  const fields = {
    kickoff_ts: new Date(Number.isFinite(kickoff) ? kickoff : nowMs).toISOString(),
    home_team_id: home,
    away_team_id: away,
    our_side: draft.side,
    duration_mins: totalMinutes(draft.length),
    period_format: draft.length.format,
    ...(draft.seasonId && { season_id: draft.seasonId }),
    ...(draft.competition.trim() && { competition: draft.competition.trim() }),
    ...(draft.venue.trim() && { venue: draft.venue.trim() }),
  };
  writes.push({ collection: "matches", id: matchId, fields });
  return { matchId, teamId: ours, writes };
}

/**
 * @param {string} one
 * @param {string} other
 */
const sameName = (one, other) => one.trim().toLocaleLowerCase() === other.trim().toLocaleLowerCase();

/**
 * Return the season that a new match is of: the last by its label, since a label is of a year or two.
 * @param {Touchline} club
 * @returns {string | null}
 */
export function newestSeason(club) {
  return seasonsOf(club)[0]?.id ?? null;
}

/**
 * Return the team that is offered first: that of the last use, else that of the latest match, else the first by name.
 * @param {{id: string}[]} teams our own
 * @param {MatchFacts[]} matches the latest kick-off first
 * @param {string | undefined} kept
 */
export function firstTeam(teams, matches, kept) {
  const played = matches.map(({ match }) => ourTeamId(match));
  return [kept, ...played].find((id) => teams.some((team) => team.id === id)) ?? teams[0]?.id ?? null;
}
