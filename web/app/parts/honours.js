/** Honours: a player's awards, of matches and of seasons. */

import { h } from "../dom.js";
import { ALL } from "../model/seasons.js";
import { againstWords, dayWords } from "./results.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {{id: string, category: string, at: string, words: string}} Honour */

/**
 * @param {App} app
 * @param {string} playerId
 * @param {string} season a season's id, or `ALL`
 */
export function honours(app, playerId, season) {
  const found = [...ofSeasons(app, playerId, season), ...ofMatches(app, playerId, season)];
  if (found.length === 0) return null;
  return [h("h2", null, "Awards"), h("ul.list.honours", null, found.map(({ id, category, words }) => h("li", { key: id }, h("strong", null, category), h("small", null, words))))];
}

/**
 * @param {App} app
 * @param {string} playerId
 * @param {string} season
 * @returns {Honour[]}
 */
function ofSeasons({ club }, playerId, season) {
  return club
    .all("awards", { player_id: playerId })
    .filter((award) => season === ALL || award.season_id === season)
    .map((award) => ({ id: award.id, category: String(award.category), at: "", words: String((award.season_id && club.get("seasons", String(award.season_id))?.label) || "") }));
}

/**
 * @param {App} app
 * @param {string} playerId
 * @param {string} season
 * @returns {Honour[]}
 */
function ofMatches(app, playerId, season) {
  const found = app.club.all("match_awards", { player_id: playerId }).flatMap((award) => {
    const facts = app.facts(String(award.match_id));
    if (!facts || (season !== ALL && facts.match.season_id !== season)) return [];
    return [{ id: award.id, category: String(award.category), at: facts.match.kickoff_ts, words: `${dayWords(facts, app.now())}, ${againstWords(app.club, facts)}` }];
  });
  return found.sort((one, other) => (one.at < other.at ? 1 : -1));
}
