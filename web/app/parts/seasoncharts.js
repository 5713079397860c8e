/** Season charts: results over time, minutes across players, goals and assists by player. */

import { wholeMinutes } from "../model/seasons.js";
import { playerName, playersOf, shortName } from "../model/squads.js";
import { legendOf, lyingBars, standingBars } from "./chart.js";
import { againstWords, dayWords, scoreWords, TONES } from "./results.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/seasons.js").Played} Played */
/** @typedef {import("../../football/stats.js").Tally} Tally */
/** @typedef {ReadonlyMap<string, Tally>} Totals */

/**
 * @param {App} app
 * @param {Played[]} played
 */
export function resultsChart(app, played) {
  return standingBars({
    caption: "Goal difference: up is won, down is lost.",
    heads: ["Match", "Score", "Result"],
    columns: played.map((each) => ({
      key: each.facts.match.id,
      label: dayWords(each.facts, app.now()),
      sign: each.letter,
      tone: TONES[each.letter],
      value: each.difference,
      text: scoreWords(each),
      cells: [`${dayWords(each.facts, app.now())}, ${againstWords(app.club, each.facts, each.teamId)}`, scoreWords(each), TONES[each.letter]],
    })),
  });
}

/**
 * @param {App} app
 * @param {Played[]} played
 * @param {Totals} totals
 * @param {string | null} teamId
 */
export function minutesChart(app, played, totals, teamId) {
  const minutes = minutesOf(totals, benchOf(app, played, teamId));
  const average = Math.round(minutes.reduce((sum, [, each]) => sum + each, 0) / (minutes.length || 1));
  return lyingBars({
    caption: "Minutes of everybody, those who played most first.",
    heads: ["Player", "Minutes"],
    line: { value: average, text: `average ${average}'` },
    bars: minutes.map(([id, each]) => ({ ...named(app, id), parts: [each], text: `${each}'`, cells: [playerName(app.club, id), each] })),
  });
}

/**
 * Return who is in the squads that played: somebody who never came on belongs into a picture of fairness.
 * @param {App} app
 * @param {Played[]} played
 * @param {string | null} teamId
 */
function benchOf(app, played, teamId) {
  const teams = teamId === null ? new Set(played.map((each) => each.teamId)) : [teamId];
  return [...teams].flatMap((id) => playersOf(app.club, id).map((player) => player.id));
}

/**
 * Return the whole minutes of each player, the most first; who never played has none.
 * @param {Totals} totals
 * @param {string[]} squad
 * @returns {[playerId: string, minutes: number][]}
 */
export function minutesOf(totals, squad) {
  const all = new Set([...totals.keys(), ...squad]);
  const found = [...all].map((id) => /** @type {[string, number]} */ ([id, wholeMinutes(totals.get(id)?.played_ms ?? 0)]));
  return found.sort(([one, more], [other, less]) => less - more || (one < other ? -1 : 1));
}

/**
 * @param {App} app
 * @param {Totals} totals
 */
export function goalsChart(app, totals) {
  const scorers = [...totals].filter(([, { goals, assists }]) => goals + assists > 0);
  scorers.sort(([one, a], [other, b]) => b.goals - a.goals || b.assists - a.assists || (one < other ? -1 : 1));
  return lyingBars({
    caption: "Who scored, and who laid it on.",
    legend: legendOf([["goal", "goals"], ["assist", "assists"]]),
    heads: ["Player", "Goals", "Assists"],
    tones: ["goal", "assist"],
    bars: scorers.map(([id, { goals, assists }]) => ({ ...named(app, id), parts: [goals, assists], text: `${goals} + ${assists}`, cells: [playerName(app.club, id), goals, assists] })),
  });
}

/**
 * @param {App} app
 * @param {string} id
 */
function named(app, id) {
  const number = /** @type {number | null} */ (app.club.get("players", id)?.squad_number ?? null);
  return { key: id, label: shortName(playerName(app.club, id)), number };
}
