/** Squads: the teams and players of a club, as screens list and name them. */

import { nameless } from "./erased.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("../../sync/messages.js").Values & {id: string}} Row */

/** The greatest shirt number, and the longest name: as the server takes them. */
export const NUMBER_MAX = 99;
export const NAME_LENGTH_MAX = 100;

/**
 * Return the club's own teams by name: those that have players, that played a match as ours, or that nobody has played
 * against yet. Opponents are teams too, and are left out.
 * @param {Touchline} club
 * @returns {Row[]}
 */
export function ownTeams(club) {
  const isOwn = ownership(club);
  return club.all("teams").filter(isOwn).sort(byName("name"));
}

/**
 * Return the teams that the club only plays against, by name.
 * @param {Touchline} club
 * @returns {Row[]}
 */
export function opponents(club) {
  const isOwn = ownership(club);
  return club
    .all("teams")
    .filter((team) => !isOwn(team))
    .sort(byName("name"));
}

/**
 * @param {Touchline} club
 * @returns {(team: Row) => boolean}
 */
function ownership(club) {
  const withPlayers = new Set(club.all("players").map((player) => player.current_team));
  /** @type {Set<unknown>} */
  const ours = new Set();
  /** @type {Set<unknown>} */
  const theirs = new Set();
  for (const match of club.all("matches")) {
    const [mine, other] = match.our_side === "away" ? ["away_team_id", "home_team_id"] : ["home_team_id", "away_team_id"];
    ours.add(match[mine]);
    theirs.add(match[other]);
  }
  return ({ id }) => withPlayers.has(id) || ours.has(id) || !theirs.has(id);
}

/**
 * Return a team's players who have not left, by number and then by name.
 * @param {Touchline} club
 * @param {unknown} teamId
 * @returns {Row[]}
 */
export function playersOf(club, teamId) {
  return everPlayersOf(club, teamId).filter((player) => player.is_active !== false);
}

/**
 * Return a team's players who have left the club.
 * @param {Touchline} club
 * @param {unknown} teamId
 * @returns {Row[]}
 */
export function leaversOf(club, teamId) {
  return everPlayersOf(club, teamId).filter((player) => player.is_active === false);
}

/**
 * Return the players whose team is not there: it was deleted, or never named.
 * @param {Touchline} club
 * @returns {Row[]}
 */
export function withoutTeam(club) {
  const teams = new Set(club.all("teams").map(({ id }) => id));
  return club
    .all("players")
    .filter((player) => !teams.has(String(player.current_team)))
    .sort(byNumber);
}

/**
 * @param {Touchline} club
 * @param {unknown} teamId
 */
function everPlayersOf(club, teamId) {
  /** @type {Map<unknown, Row[]>} */
  const players = byTeam.get(club.view) ?? new Map();
  byTeam.set(club.view, players);
  const found = players.get(teamId) ?? club.all("players", { current_team: /** @type {string} */ (teamId ?? "") }).sort(byNumber);
  players.set(teamId, found);
  return found;
}

/** @type {WeakMap<object, Map<unknown, Row[]>>} view -> team -> its players: asked for with each drawing of a match */
const byTeam = new WeakMap();

/** @param {Row} player */
const number = (player) => Number(player.squad_number ?? 1_000);

/**
 * @param {Row} one
 * @param {Row} other
 */
const byNumber = (one, other) => number(one) - number(other) || byName("full_name")(one, other);

/**
 * Return the shirt numbers that several of these players wear.
 * @param {Row[]} players
 * @returns {Set<unknown>}
 */
export function sharedNumbers(players) {
  const seen = new Set();
  const shared = new Set();
  for (const { squad_number: worn } of players) {
    if (typeof worn !== "number") continue;
    if (seen.has(worn)) shared.add(worn);
    seen.add(worn);
  }
  return shared;
}

/**
 * Return the least number from `from` up that none of these players wears; null where all 99 are worn.
 * @param {Row[]} players
 * @param {number} [from]
 * @returns {number | null}
 */
export function freeNumber(players, from = 1) {
  const worn = new Set(players.map(({ squad_number: each }) => each));
  for (let each = from; each <= NUMBER_MAX; each += 1) if (!worn.has(each)) return each;
  return from > 1 ? freeNumber(players) : null;
}

/**
 * @param {string} field
 * @returns {(one: Row, other: Row) => number}
 */
export function byName(field) {
  return (one, other) => ORDER.compare(String(one[field] ?? ""), String(other[field] ?? ""));
}

/** Names as a reader would sort them, with numbers by their size: `U9` before `U10`. Made once, for that takes longest. */
const ORDER = new Intl.Collator(undefined, { numeric: true });

/**
 * Return a team's name; of one that is not there, what it is.
 * @param {Touchline} club
 * @param {unknown} teamId
 * @param {string} [otherwise]
 */
export function teamName(club, teamId, otherwise = "Team") {
  return String((teamId && club.get("teams", String(teamId))?.name) || otherwise);
}

/**
 * Return a player's name in full; of one who is not there, what they are called.
 * @param {Touchline} club
 * @param {unknown} playerId
 */
export function playerName(club, playerId) {
  return String((playerId && club.get("players", String(playerId))?.full_name) || nameless(club, playerId));
}

/**
 * Return a name as it is called across a pitch: the first word, and the initial of the last: `Sam P`.
 * @param {string} fullName
 */
export function shortName(fullName) {
  const [first = "", ...rest] = fullName.trim().split(/\s+/);
  const last = rest.at(-1);
  return last ? `${first} ${[...last][0]}` : first;
}

/**
 * Return an age group as people say it.
 * @param {unknown} group
 */
export function ageWords(group) {
  if (group === "adult") return "Adults";
  return group === "open" ? "Open age" : String(group ?? "");
}
