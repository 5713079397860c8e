/** The scoreboard: two shirts, the score, and the clock that ticks. The head of a match, and a live match in the list. */

import { scoreOf } from "../../football/scoreboard.js";
import { h } from "../dom.js";
import { dayAndTime } from "../model/days.js";
import { stageOf } from "../model/moment.js";
import { sidesOf } from "../model/sides.js";
import { shirt } from "./shirt.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../football/scoreboard.js").Score} Score */
/** @typedef {import("../model/moment.js").Stage} Stage */
/** @typedef {import("../model/sides.js").Team} Team */

/** What the others wear while nobody has said: not what we do. */
const THEIR_CLOTH = "#9fb4c6";

/**
 * @param {App} app
 * @param {MatchFacts} facts
 */
export function scoreboard(app, facts) {
  const { home, away } = sidesOf(app.club, facts);
  const score = scoreOf(facts);
  const stage = stageOf(facts, app.now());
  const isPlanned = stage.status === "scheduled" || stage.status === "postponed" || stage.status === "cancelled";
  return h(
    "div.scoreboard",
    { "data-status": stage.status },
    teamPlace(home),
    h(
      "div.scores",
      null,
      isPlanned && !score.is_by_hand && facts.events.length === 0
        ? h("p.score.numbers.versus", null, "v")
        : [
            h("p.unseen", { key: "said" }, `${score.home} to ${score.away}`),
            h(
              "p.score.numbers",
              { key: "score", "aria-hidden": "true" },
              digits("home", score.home),
              h("span.dash"),
              digits("away", score.away),
            ),
          ],
      shootout(score),
      stageLine(facts, stage),
    ),
    teamPlace(away),
  );
}

/**
 * A number that changes is a new element: it jumps up.
 * @param {string} side
 * @param {number} goals
 */
const digits = (side, goals) => h("span.digits", { key: `${side} ${goals}` }, goals);

/** @param {Score} score */
function shootout({ home_shootout: home, away_shootout: away }) {
  if (home + away === 0) return null;
  return h("p.pens.numbers", null, `${home} – ${away}`, h("small", null, " pens"));
}

/** @param {Team} team */
function teamPlace({ side, name, cloth, trim, isOurs }) {
  return h(
    `div.place.${side}`,
    null,
    shirt({ cloth: cloth ?? (isOurs ? null : THEIR_CLOTH), trim }),
    h("p.team", { "data-ours": isOurs ? "" : null }, name),
  );
}

/**
 * @param {MatchFacts} facts
 * @param {Stage} stage
 */
function stageLine({ match }, { status, words, clock, isRunning }) {
  if (status === "scheduled") return h("p.when", null, dayAndTime(new Date(match.kickoff_ts), new Date()));
  return [
    clock && h("p.time.numbers", { role: "timer", "aria-live": "off" }, clockParts(clock)),
    h("p.stage", { "data-tone": isRunning ? "live" : status === "paused" ? "paused" : null }, words),
  ];
}

/**
 * Stoppage time stands below where it is long: beside the clock it would reach into the names.
 * @param {string} clock `45:00 +1:07`
 */
function clockParts(clock) {
  const [shown, added] = clock.split(" ");
  return [h("span", null, shown), added && [" ", h("span.added", null, added)]];
}
