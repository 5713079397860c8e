/** The sheet of a match's report, to be pasted into a chat. */

import { scoreOf, scoreText } from "../../football/scoreboard.js";
import { h } from "../dom.js";

/** @typedef {import("../app.js").App} App */

/**
 * @param {App} app
 * @param {string} matchId
 */
export function openReport(app, matchId) {
  app.open({
    title: "Report",
    draw: () => {
      const facts = app.facts(matchId);
      return h("p", null, facts ? scoreText(scoreOf(facts)) : "The match was deleted.");
    },
  });
}
