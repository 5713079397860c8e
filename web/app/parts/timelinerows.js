/** The rows of a timeline: what happened with who did it and the score it made, and the edges of the periods. */

import { scoringSide } from "../../football/scoreboard.js";
import { PERIOD_START } from "../../football/timeline.js";
import { kindWords, timeOfDay } from "../../football/words.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { called } from "../model/calling.js";
import { to } from "../route.js";
import { openEvent } from "./eventsheet.js";
import { openPeriods } from "./periods.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchEvent} MatchEvent */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../football/timeline.js").Entry} Entry */
/** @typedef {import("../model/sides.js").Team} Team */
/**
 * @typedef {object} Told What the rows of one drawing share.
 * @property {App} app
 * @property {MatchFacts} facts
 * @property {{home: Team, away: Team, ours: Team}} sides
 * @property {Set<string>} unsent
 * @property {Set<string>} asked
 * @property {Map<string, MatchEvent>} events
 */

export const GOALS = new Set(["goal", "own_goal"]);
/** @type {Record<string, string>} */
const MARKS = {
  goal: "ball",
  own_goal: "ball",
  yellow_card: "card",
  red_card: "card",
  substitution: "swap",
  corner: "flag",
  foul: "whistle",
  offside: "whistle",
  penalty: "whistle",
  free_kick: "whistle",
};

/**
 * @param {Entry} entry
 * @param {Told} told
 */
export function eventRow(entry, told) {
  const { app, facts } = told;
  const isGoal = GOALS.has(entry.kind);
  const event = told.events.get(entry.id);
  const canOpen = app.may("scorer");
  return h(
    "li",
    {
      key: entry.id,
      class: [
        `is-${entry.kind}`,
        isGoal && "is-goal",
        isGoal && event && scoringSide(facts.match, event) === told.sides.ours.side && "is-ours",
      ]
        .filter(Boolean)
        .join(" "),
    },
    h(
      canOpen ? "button.entry" : "div.entry",
      canOpen ? { type: "button", onclick: () => openEvent(app, facts.match.id, entry.id) } : null,
      h("span.entry-when.numbers", null, entry.minute),
      MARKS[entry.kind] ? icon(MARKS[entry.kind] ?? "") : h("span.entry-dot", { "aria-hidden": "true" }),
      h(
        "span.entry-what",
        null,
        h("span.entry-kind", null, kindWords(entry)),
        whoLines(entry, told).map((line) => h("span.entry-who", null, line)),
        event?.notes && h("span.entry-said", null, event.notes),
        told.unsent.has(entry.id) && h("span.tag", null, "on this phone"),
      ),
      isGoal &&
        h("span.entry-after.numbers", { "aria-label": `the score is then ${afterWords(entry).replace("–", " to ")}` }, afterWords(entry)),
    ),
    told.asked.has(entry.id) && h("a.entry-asked", { href: to("questions") }, icon("question"), "A question is open about this"),
  );
}

/**
 * Return who did it, a line each.
 * @param {Entry} entry
 * @param {Told} told
 */
function whoLines({ kind, side, team_id: teamId, player_id: playerId, participants }, { app: { club }, sides }) {
  const team = side && !sides[side].isOurs ? sides[side].name : "";
  const other = (/** @type {string} */ wanted) => participants.find((each) => each.kind === wanted)?.player_id;
  const named = (/** @type {string | null | undefined} */ id) => (id ? called(club, id) : "");
  const on = kind === "substitution" ? other("substitution") : undefined;
  const who = kind === "substitution" ? [on && `${named(on)} on`, playerId && `${named(playerId)} off`].filter(Boolean) : [named(playerId)];
  const first = [team, ...who].filter(Boolean).join(", ") || (side ? sides[side].name : teamId ? "Another team" : "Team not recorded");
  const assist = other("assist");
  return [first, ...(assist ? [`Assist: ${named(assist)}`] : [])];
}

/** @param {Entry} entry */
function afterWords({ score, period_type: type }) {
  return type === "penalty_shootout" ? `${score.home_shootout}–${score.away_shootout}` : `${score.home}–${score.away}`;
}

/**
 * @param {Entry} entry
 * @param {string} title
 * @param {Told} told
 */
export function periodRow(entry, title, { app, facts, unsent }) {
  const words = `${title} ${entry.kind === PERIOD_START ? "began" : "ended"}`;
  const at = entry.happened_ms === null ? "" : timeOfDay(entry.happened_ms);
  const row = [
    h("span.entry-when.numbers", null, at),
    h("span.entry-what", null, words, unsent.has(entry.id) && h("span.tag", null, "on this phone")),
  ];
  return h(
    "li.is-edge",
    { key: `${entry.id} ${entry.kind}` },
    app.may("scorer")
      ? h("button.entry", { type: "button", onclick: () => openPeriods(app, facts.match.id) }, row)
      : h("div.entry", null, row),
  );
}
