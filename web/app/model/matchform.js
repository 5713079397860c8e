/** The form of a match's details: what it shows, what is wrong with it, and which fields are to be written. */

import { regularPeriods } from "../../football/clock.js";
import { ourSide } from "../../football/scoreboard.js";
import { PERIODS_BY_FORMAT } from "../../football/vocabulary.js";
import { formatInstant } from "../../sync/instants.js";
import { dateTimeText } from "./times.js";

/** @typedef {import("../../football/facts.js").Match} Match */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../sync/messages.js").Values} Values */
/**
 * @typedef {object} MatchForm Texts as they are typed.
 * @property {string} kickoff date and time here
 * @property {string} competition
 * @property {string} venue
 * @property {string} season an id
 * @property {string} home a team's id
 * @property {string} away
 * @property {"home" | "away"} side ours
 * @property {string} format
 * @property {string} minutes of each period
 * @property {string} ours goals by hand
 * @property {string} theirs
 * @property {string} calledOff
 * @property {string} notes
 */

const DURATION_MINS_MAX = 200;
const SCORE_MAX = 999;
const WHOLE = /^\d{1,3}$/;

/**
 * @param {Match} match
 * @returns {MatchForm}
 */
export function matchFormOf(match) {
  return {
    kickoff: dateTimeText(Date.parse(match.kickoff_ts)),
    competition: match.competition ?? "",
    venue: match.venue ?? "",
    season: match.season_id ?? "",
    home: match.home_team_id ?? "",
    away: match.away_team_id ?? "",
    side: ourSide(match),
    format: match.period_format,
    minutes: String(match.duration_mins / regularPeriods(match)),
    ours: String(match.our_score ?? 0),
    theirs: String(match.opponent_score ?? 0),
    calledOff: match.called_off ?? "",
    notes: match.notes ?? "",
  };
}

/**
 * Return the form with home and away the other way round: the teams, and the side that is ours.
 * @param {MatchForm} form
 * @returns {MatchForm}
 */
export const swapped = (form) => ({ ...form, home: form.away, away: form.home, side: form.side === "home" ? "away" : "home" });

/**
 * Return which fields of the match are to be written, those that differ from what was shown; or what is wrong.
 * @param {MatchForm} before
 * @param {MatchForm} after
 * @returns {{fields: Values} | {wrong: string}}
 */
export function matchFieldsOf(before, after) {
  const kickoff = Date.parse(after.kickoff);
  if (Number.isNaN(kickoff)) return { wrong: "Say when it kicks off: a day and a time." };
  const minutes = Number(after.minutes.replace(",", "."));
  const duration = Math.round(minutes * (PERIODS_BY_FORMAT[after.format] ?? 2));
  if (!(duration >= 1 && duration <= DURATION_MINS_MAX)) return { wrong: `All periods together last 1 to ${DURATION_MINS_MAX} minutes.` };
  if (![after.ours, after.theirs].every((goals) => WHOLE.test(goals.trim())))
    return { wrong: `Goals are whole numbers up to ${SCORE_MAX}.` };
  if (after.home && after.home === after.away) return { wrong: "A team does not play against itself. Choose two teams." };
  /** @type {Values} */
  const fields = {};
  const write = (/** @type {(keyof MatchForm)[]} */ names, /** @type {string} */ field, /** @type {string | number | null} */ value) => {
    if (names.some((name) => before[name] !== after[name])) fields[field] = value;
  };
  write(["kickoff"], "kickoff_ts", formatInstant(kickoff));
  write(["competition"], "competition", after.competition.trim() || null);
  write(["venue"], "venue", after.venue.trim() || null);
  write(["season"], "season_id", after.season || null);
  write(["home"], "home_team_id", after.home || null);
  write(["away"], "away_team_id", after.away || null);
  write(["side"], "our_side", after.side);
  write(["format"], "period_format", after.format);
  write(["format", "minutes"], "duration_mins", duration);
  write(["ours"], "our_score", Number(after.ours));
  write(["theirs"], "opponent_score", Number(after.theirs));
  write(["calledOff"], "called_off", after.calledOff || null);
  write(["notes"], "notes", after.notes.trim() || null);
  return { fields };
}

/**
 * Return what of a match speaks of a team that does not play in it any more, and which one plays instead: whoever was
 * entered wrongly has played all the same.
 * @param {MatchFacts} facts as they were
 * @param {Values} fields of the match that are written
 * @returns {{collection: "events" | "lineup", id: string, team_id: string}[]}
 */
export function handedOver({ match, events, lineup }, fields) {
  const after = { ...match, ...fields };
  const play = [after.home_team_id, after.away_team_id];
  /** @type {Map<string | null, string>} */
  const instead = new Map();
  for (const side of /** @type {const} */ (["home_team_id", "away_team_id"])) {
    const [was, is] = [match[side], after[side]];
    if (was && is && !play.includes(was)) instead.set(was, is);
  }
  const moved = (/** @type {"events" | "lineup"} */ collection, /** @type {{id: string, team_id: string | null}[]} */ rows) =>
    rows.flatMap(({ id, team_id: team }) => (instead.has(team) ? { collection, id, team_id: String(instead.get(team)) } : []));
  return [...moved("events", events), ...moved("lineup", lineup)];
}
