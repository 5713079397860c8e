/** The sheet of a match's details: what was planned, what became of it, awards and notes. Works offline. */

import { regularPeriods } from "../../football/clock.js";
import { scoreOf, scoreText } from "../../football/scoreboard.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { sidesOf } from "../model/sides.js";
import { awardsList } from "./awards.js";
import { openMatchForm } from "./matchform.js";
import { notesList } from "./notes.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */

const CALLED_OFF = new Map([
  ["cancelled", "Cancelled"],
  ["postponed", "Postponed"],
]);

/**
 * @param {App} app
 * @param {string} matchId
 */
export function openMatchDetails(app, matchId) {
  app.open({ title: "Match details", draw: () => drawDetails(app, matchId) });
}

/**
 * @param {App} app
 * @param {string} matchId
 */
function drawDetails(app, matchId) {
  const facts = app.facts(matchId);
  if (!facts) return h("p.hint", null, "The match was deleted.");
  const mayWrite = app.may("scorer");
  return h(
    "div.stack",
    null,
    planned(app, facts),
    mayWrite &&
      h("button.button.calm.wide", { type: "button", onclick: () => openMatchForm(app, matchId) }, icon("edit"), "Change the details"),
    awardsList(app, facts),
    notesList(app, facts),
  );
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 */
function planned({ club }, facts) {
  const { match } = facts;
  const { home, away } = sidesOf(club, facts);
  const score = scoreOf(facts);
  const season = match.season_id && club.get("seasons", match.season_id)?.label;
  const count = regularPeriods(match);
  const rows = [
    ["Home", `${home.name}${home.isOurs ? " (us)" : ""}`],
    ["Away", `${away.name}${away.isOurs ? " (us)" : ""}`],
    [
      "Kick-off",
      new Date(match.kickoff_ts).toLocaleString("en-GB", {
        weekday: "short",
        day: "numeric",
        month: "short",
        year: "numeric",
        hour: "2-digit",
        minute: "2-digit",
      }),
    ],
    ["Is it on?", CALLED_OFF.get(match.called_off ?? "") ?? ""],
    ["Result, by hand", score.is_by_hand ? scoreText(score) : ""],
    ["Venue", match.venue],
    ["Competition", match.competition],
    ["Season", season],
    ["Length", `${count} × ${match.duration_mins / count} minutes`],
    ["Notes", match.notes],
  ];
  return h(
    "dl.facts",
    null,
    rows.map(([name, words]) => words && h("div", { key: name }, h("dt", null, name), h("dd", null, String(words)))),
  );
}
