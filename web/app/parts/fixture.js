/** One match in a list: its day, who played, and what came of it. */

import { ourSide, scoreOf, scoreText } from "../../football/scoreboard.js";
import { letterOf, resultOn } from "../../football/stats.js";
import { h } from "../dom.js";
import { shortMonth, time, weekday } from "../model/days.js";
import { sidesOf } from "../model/sides.js";
import { to } from "../route.js";
import { letterChip, LETTERS } from "./results.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/fixtures.js").Fixture} Fixture */

/**
 * @param {App} app
 * @param {Fixture} fixture
 */
export function fixtureRow(app, { facts, status }) {
  const { match } = facts;
  const { home, away } = sidesOf(app.club, facts);
  const at = new Date(match.kickoff_ts);
  const more = [status === "completed" ? null : time(at), match.competition, match.venue].filter(Boolean).join(" · ");
  return h(
    "li.fixture",
    { key: match.id },
    h(
      "a",
      { href: to("match", match.id) },
      h(
        "time.day",
        { datetime: match.kickoff_ts.slice(0, 10) },
        h("span", null, weekday(at)),
        h("span.date.numbers", null, String(at.getDate())),
        status !== "completed" && h("span", null, shortMonth(at)),
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
  const letter = letterOf(resultOn(facts, ourSide(facts.match)));
  return h(
    "span.outcome",
    null,
    h("span.unseen", null, `${LETTERS[letter]} ${scoreText(score)}`),
    h("span.counts.numbers", { "aria-hidden": "true" }, h("b", null, score.home), h("b", null, score.away)),
    score.home_shootout + score.away_shootout > 0 &&
      h("span.pens.numbers", { "aria-hidden": "true" }, `${score.home_shootout}–${score.away_shootout} pens`),
    h("span", { "aria-hidden": "true" }, letterChip(letter)),
  );
}
