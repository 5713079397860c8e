/** The team in a match: who starts, who is on, and how long everybody has played. */

import { ourSide } from "../../football/scoreboard.js";
import { statusOf } from "../../football/status.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { hasLineup } from "../model/changes.js";
import { startersMax, startersOf } from "../model/lineup.js";
import { squadOf } from "../model/matchsquad.js";
import { openChange } from "./change.js";
import { openLineup } from "./lineup.js";
import { minutes } from "./minutes.js";
import { crowdNotes } from "./notices.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */

/**
 * @param {App} app
 * @param {MatchFacts} facts
 */
export function teamPart(app, facts) {
  const matchId = facts.match.id;
  const mayWrite = app.may("scorer");
  if (!hasLineup(facts)) return noLineup(app, facts, mayWrite);
  const { on } = squadOf(app.club, facts, ourSide(facts.match));
  const [starting, most] = [startersOf(facts).size, startersMax(app.club, facts)];
  const isOver = statusOf(facts, app.now()) === "completed";
  const words = isOver
    ? "Time played, the least first."
    : facts.periods.length > 0
      ? `${on.length} on the pitch, least time first.`
      : `${starting} of ${most} start.`;
  return h(
    "div.stack",
    null,
    crowdNotes(app, facts),
    mayWrite &&
      h(
        "div.row",
        null,
        h("button.button.grow", { type: "button", onclick: () => openChange(app, matchId) }, icon("swap"), "Substitution"),
        h("button.button.calm", { type: "button", onclick: () => openLineup(app, matchId) }, icon("people"), "Line-up"),
      ),
    h("p.hint", null, words),
    minutes(app, facts, isOver),
  );
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {boolean} mayWrite
 */
function noLineup(app, facts, mayWrite) {
  return h(
    "div.empty",
    null,
    icon("pitch"),
    h("p", null, h("strong", null, "No line-up yet")),
    h("p", null, "Say who starts, and Touchline counts everybody’s minutes."),
    mayWrite && h("button.button", { type: "button", onclick: () => openLineup(app, facts.match.id) }, "Pick the line-up"),
  );
}
