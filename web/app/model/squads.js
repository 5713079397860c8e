/** Squads: the teams and players of a club, as screens list and name them. */

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("../../sync/messages.js").Values & {id: string}} Row */

/**
 * Return the club's own teams by name: those that have players, that played a match as ours, or that nobody has played
 * against yet. Opponents are teams too, and are left out.
 * @param {Touchline} club
 * @returns {Row[]}
 */
export function ownTeams(club) {
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
  return club
    .all("teams")
    .filter(({ id }) => withPlayers.has(id) || ours.has(id) || !theirs.has(id))
    .sort(byName("name"));
}

/**
 * Return a team's players who have not left, by number and then by name.
 * @param {Touchline} club
 * @param {unknown} teamId
 * @returns {Row[]}
 */
export function playersOf(club, teamId) {
  return club
    .all("players", { current_team: /** @type {string} */ (teamId ?? "") })
    .filter((player) => player.is_active !== false)
    .sort((one, other) => number(one) - number(other) || byName("full_name")(one, other));
}

/** @param {Row} player */
const number = (player) => Number(player.squad_number ?? 1_000);

/**
 * @param {string} field
 * @returns {(one: Row, other: Row) => number}
 */
export function byName(field) {
  return (one, other) => String(one[field] ?? "").localeCompare(String(other[field] ?? ""));
}

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
 * Return a player's name in full.
 * @param {Touchline} club
 * @param {unknown} playerId
 */
export function playerName(club, playerId) {
  return String((playerId && club.get("players", String(playerId))?.full_name) || "Somebody");
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
