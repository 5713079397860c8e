/**
 * The report of a match as plain text, to paste into a chat; as football/report.py has it.
 *
 * Players are children, and a chat is outside the club: they are shirt numbers unless the coach asks for names, and one
 * who is not to be shared is neither. For the age groups whose results the FA does not let clubs publish, the score and
 * the scorers stay out unless the coach asks for them.
 */

import { compareKeys, formatMinute, inOrder, keyOfEvent } from "./clock.js";
import { periodsOf } from "./periods.js";
import { YOUNG_GROUPS } from "./policy.js";
import { add, NO_SCORE, scoreOf, scoreText, scoringSide, sideOf } from "./scoreboard.js";
import { statusOf } from "./status.js";
import { cameOn } from "./substitutions.js";
import { PENALTY_SHOOTOUT, REGULAR, SCORING_KINDS } from "./vocabulary.js";

/** @typedef {import("./facts.js").MatchEvent} MatchEvent */
/** @typedef {import("./facts.js").MatchFacts} MatchFacts */
/** @typedef {import("./facts.js").Player} Player */
/** @typedef {import("./facts.js").Team} Team */
/** @typedef {ReadonlyMap<string, Team>} Teams By id. */
/** @typedef {{players: ReadonlyMap<string, Player>, is_full: boolean}} Naming By full names, otherwise by shirt numbers. */
/** @typedef {{now_ms: number, with_score?: boolean | null}} How `with_score` null leaves it to the teams' age groups. */

export const SOMEBODY = "a player";

/** @type {Readonly<Record<import("./status.js").Status, string>>} */
export const WORDS = Object.freeze({
  scheduled: "Not started",
  live: "Being played",
  paused: "Being played, paused",
  half_time: "Between two periods",
  completed: "Full time",
  cancelled: "Cancelled",
  postponed: "Postponed",
});

/** @type {Readonly<Record<string, string>>} */
const CARDS = Object.freeze({ yellow_card: "yellow", red_card: "red" });

/**
 * Return the report, lines ended by line feeds.
 * @param {MatchFacts} facts
 * @param {Teams} teams
 * @param {Naming} naming
 * @param {How} how
 */
export function report(facts, teams, naming, { now_ms: nowMs, with_score: withScore = null }) {
  const shows = withScore ?? !isUnpublished(facts, teams);
  const lines = [
    title(facts, teams, shows),
    subtitle(facts, nowMs),
    ...(shows ? [...scores(facts), ...section("Goals", goals(facts, naming))] : []),
    ...section("Cards", cards(facts, naming)),
    ...section("Substitutions", changes(facts, teams, naming)),
    ...(shows ? [] : ["", "Results of this age group are not published."]),
  ];
  return `${lines.join("\n")}\n`;
}

/**
 * Say whether the age group of one of the teams keeps the result from being published.
 * @param {MatchFacts} facts
 * @param {Teams} teams
 */
export const isUnpublished = ({ match }, teams) =>
  [match.home_team_id, match.away_team_id].some((team) => YOUNG_GROUPS.includes(teams.get(team ?? "")?.age_group ?? ""));

/**
 * Return what a player is called in the report.
 * @param {Naming} naming
 * @param {string | null} playerId
 */
export function nameOf({ players, is_full: isFull }, playerId) {
  const player = players.get(playerId ?? "");
  if (!player || player.do_not_share) return SOMEBODY;
  if (isFull) return plain(player.full_name);
  return player.squad_number === null ? SOMEBODY : `no. ${player.squad_number}`;
}

/**
 * @param {MatchFacts} facts
 * @param {Teams} teams
 * @param {boolean} shows
 */
function title(facts, teams, shows) {
  const [home, away] = [facts.match.home_team_id, facts.match.away_team_id].map((team) => teamName(teams, team));
  return shows ? `${home} ${scoreText(scoreOf(facts))} ${away}` : `${home} - ${away}`;
}

/**
 * @param {MatchFacts} facts
 * @param {number} nowMs
 */
function subtitle(facts, nowMs) {
  const parts = [facts.match.kickoff_ts.slice(0, 10), facts.match.competition, WORDS[statusOf(facts, nowMs)]];
  return parts.flatMap((part) => (part ? plain(part) : [])).join(", ");
}

/**
 * Return the score at each break: `Half time: 1-0`.
 * @param {MatchFacts} facts
 */
function scores(facts) {
  const regular = periodsOf(facts).flatMap(({ key }) => (key.type === REGULAR ? key : []));
  const breaks = regular.slice(0, -1).map((key) => {
    const until = facts.events.filter((event) => compareKeys(keyOfEvent(event), key) <= 0);
    return { number: key.number, score: scoreText(until.reduce((score, event) => add(score, facts.match, event), NO_SCORE)) };
  });
  if (facts.match.period_format !== "half") return breaks.map(({ number, score }) => `After period ${number}: ${score}`);
  return breaks.filter(({ number }) => number === 1).map(({ score }) => `Half time: ${score}`);
}

/**
 * @param {MatchFacts} facts
 * @param {Naming} naming
 */
function goals(facts, naming) {
  let score = NO_SCORE;
  const assists = new Map(facts.participants.filter(({ kind }) => kind === "assist").map((each) => [each.event_id, each.player_id]));
  return eventsOf(facts, SCORING_KINDS).map((event) => {
    score = add(score, facts.match, event);
    const words = [minute(facts, event), scoreText(score), nameOf(naming, event.player_id)];
    const assist = assists.get(event.id);
    if (event.kind === "own_goal") words.push("(own goal)");
    else if (assist !== undefined) words.push(`(assist ${nameOf(naming, assist)})`);
    if (event.period_type === PENALTY_SHOOTOUT) words.push("(shootout)");
    else if (scoringSide(facts.match, event) === null) words.push("(team not recorded)");
    return words.join(" ");
  });
}

/**
 * @param {MatchFacts} facts
 * @param {Naming} naming
 */
const cards = (facts, naming) =>
  eventsOf(facts, Object.keys(CARDS)).map(
    (event) => `${minute(facts, event)} ${CARDS[event.kind]}: ${nameOf(naming, event.player_id)}`,
  );

/**
 * @param {MatchFacts} facts
 * @param {Teams} teams
 * @param {Naming} naming
 */
const changes = (facts, teams, naming) =>
  eventsOf(facts, ["substitution"]).map((event) => {
    const came = cameOn(facts, event.id);
    const on = came === null ? [] : [`${nameOf(naming, came)} on`];
    const off = event.player_id === null ? [] : [`${nameOf(naming, event.player_id)} off`];
    const team = sideOf(facts.match, event.team_id) === null ? "" : ` (${teamName(teams, event.team_id)})`;
    return `${minute(facts, event)} ${[...on, ...off].join(", ")}${team}`;
  });

/**
 * @param {string} heading
 * @param {string[]} lines
 */
const section = (heading, lines) => (lines.length ? ["", `${heading}:`, ...lines] : []);

/**
 * @param {MatchFacts} facts
 * @param {readonly string[]} kinds
 */
const eventsOf = ({ events }, kinds) => inOrder(events.filter((event) => kinds.includes(event.kind)));

/**
 * @param {MatchFacts} facts
 * @param {MatchEvent} event
 */
const minute = ({ match }, event) => formatMinute(match, keyOfEvent(event), event.clock_ms ?? 0);

/**
 * @param {Teams} teams
 * @param {string | null} teamId
 */
function teamName(teams, teamId) {
  const team = teams.get(teamId ?? "");
  return team ? plain(team.name) : "a team";
}

/**
 * Return a text in one line: what somebody typed cannot draw lines of its own into the report.
 * @param {string} text
 */
const plain = (text) => text.replace(/[\p{C}\p{Z}]/gu, " ").split(" ").filter(Boolean).join(" ");
