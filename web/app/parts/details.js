/** The sheet of a match's details: what was planned, and what became of it. */

import { h } from "../dom.js";

/** @typedef {import("../app.js").App} App */

/**
 * @param {App} app
 * @param {string} matchId
 */
export function openMatchDetails(app, matchId) {
  app.open({ title: "Match details", draw: () => h("p.hint", null, String(app.facts(matchId)?.match.venue ?? "No venue yet")) });
}
