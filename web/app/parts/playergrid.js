/** Players as the shirts they wear: number and name, each a way to the player. */

import { POSITIONS } from "../../football/vocabulary.js";
import { h } from "../dom.js";
import { sharedNumbers } from "../model/squads.js";
import { to } from "../route.js";
import { shirt } from "./shirt.js";

/** @typedef {import("../model/squads.js").Row} Row */

/**
 * @param {Row[]} players
 * @param {Row | undefined} team whose shirt they wear
 */
export function playerGrid(players, team) {
  const shared = sharedNumbers(players);
  return h(
    "ul.players",
    null,
    players.map((player) => h("li", { key: player.id }, tile(player, team, shared.has(player.squad_number)))),
  );
}

/**
 * @param {Row} player
 * @param {Row | undefined} team
 * @param {boolean} isShared
 */
function tile(player, team, isShared) {
  const position = String(player.preferred_pos ?? "");
  return h(
    "a",
    { href: to("player", player.id) },
    shirt({ ...wornBy(player, team) }),
    h("strong", null, player.squad_number != null && h("span.unseen", null, `${player.squad_number} `), String(player.full_name)),
    h("small", null, isShared ? "same number" : position && h("abbr", { title: POSITIONS[position] ?? position }, position)),
  );
}

/**
 * Return the shirt of a player: a keeper stands out from the others.
 * @param {Row} player
 * @param {Row | undefined} team
 */
export function wornBy(player, team) {
  const isKeeper = player.preferred_pos === "GK";
  const [cloth, trim] = isKeeper ? ["away_kit_primary", "away_kit_secondary"] : ["home_kit_primary", "home_kit_secondary"];
  const usual = [team?.home_kit_primary, team?.home_kit_secondary];
  return {
    number: typeof player.squad_number === "number" ? player.squad_number : "",
    cloth: /** @type {string | null} */ (team?.[cloth] ?? usual[0] ?? null),
    trim: /** @type {string | null} */ (team?.[trim] ?? usual[1] ?? null),
  };
}
