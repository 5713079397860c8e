/** One match in a list: its day, who played, and what came of it. */

import { scoreOf, scoreText } from "../../football/scoreboard.js";
import { h } from "../dom.js";
import { letterOf } from "../model/fixtures.js";
import { sidesOf } from "../model/sides.js";
import { to } from "../route.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/fixtures.js").Fixture} Fixture */

const RESULTS = { W: "Won", D: "Drawn", L: "Lost" };

/**
 * @param {App} app
 * @param {Fixture} fixture
 */
export function fixtureRow(app, { facts, status }) {
  const { match } = facts;
  const { home, away } = sidesOf(app.club, facts);
  const at = new Date(match.kickoff_ts);
  const time = at.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
  const more = [status === "completed" ? null : time, match.competition, match.venue].filter(Boolean).join(" · ");
  return h(
    "li.fixture",
    { key: match.id },
    h(
      "a",
      { href: to("match", match.id) },
      h(
        "time.day",
        { datetime: match.kickoff_ts.slice(0, 10) },
        h("span.weekday", null, at.toLocaleDateString([], { weekday: "short" })),
        h("span.date.numbers", null, String(at.getDate())),
        status !== "completed" && h("span.month", null, at.toLocaleDateString([], { month: "short" })),
      ),
      h("span.grow", null, teamLine(home), teamLine(away), more && h("small", null, more)),
      outcome(facts, status),
    ),
  );
}

/** @param {{name: string, isOurs: boolean}} team */
const teamLine = ({ name, isOurs }) => h("span.team-line", { "data-ours": isOurs ? "" : null }, name);

/**
 * @param {import("../../football/facts.js").MatchFacts} facts
 * @param {import("../../football/status.js").Status} status
 */
function outcome(facts, status) {
  const score = scoreOf(facts);
  if (status === "cancelled") return h("span.tag", null, "Called off");
  if (status === "postponed") return h("span.tag", null, "Postponed");
  if (status !== "completed" && !score.is_by_hand) return null;
  const letter = letterOf(facts.match, score);
  return h(
    "span.outcome",
    { "data-result": letter },
    h("span.unseen", null, `${RESULTS[letter]} ${scoreText(score)}`),
    h("span.goals.numbers", { "aria-hidden": "true" }, h("b", null, score.home), h("b", null, score.away)),
    score.home_shootout + score.away_shootout > 0 && h("span.pens.numbers", { "aria-hidden": "true" }, `${score.home_shootout}–${score.away_shootout} pens`),
    h("span.letter", { "aria-hidden": "true" }, letter),
  );
}
