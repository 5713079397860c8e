/** Calling: what players and periods are called on the coach's own screens. */

import { regularPeriods } from "../../football/clock.js";
import { periodWords } from "../../football/words.js";
import { nameless } from "./erased.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("../../football/facts.js").Match} Match */

/**
 * Return a player as a line-up lists them: `9 Sam Parker`.
 * @param {Touchline} club
 * @param {string} playerId
 */
export function called(club, playerId) {
  const player = club.get("players", playerId);
  if (!player) return nameless(club, playerId, "somebody who is not in the squad");
  const { squad_number: number, full_name: name } = player;
  return number === null || number === undefined ? String(name) : `${number} ${name}`;
}

/**
 * Return what a regular period of this match is called: a half, or a quarter.
 * @param {Match} match
 */
export const regularWord = (match) => (regularPeriods(match) === 4 ? "quarter" : "half");

/**
 * Return what a period is called, as a heading.
 * @param {{type: string, number: number}} period
 * @param {string} regular
 */
export const periodTitle = (period, regular) => (period.number < 1 ? "Period not known" : periodWords(period, regular));
