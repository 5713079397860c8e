/**
 * The pad: what happens in a match, a press each. Goals first and largest; of everything else the count of both teams
 * stands on its two buttons, so the pad is the match's statistics as well. Home is on the left, as on the scoreboard.
 */

import { keyOfEvent } from "../../football/clock.js";
import { sideOf } from "../../football/scoreboard.js";
import { PENALTY_SHOOTOUT } from "../../football/vocabulary.js";
import { kindWords } from "../../football/words.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { momentOf } from "../model/moment.js";
import { sidesOf } from "../model/sides.js";
import { changeButton } from "./change.js";
import { record } from "./record.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../football/facts.js").Side} Side */
/** @typedef {import("../model/sides.js").Team} Team */

/** The frequent ones, in the order in which a match has them. */
const FREQUENT = ["shot_on_target", "shot_off_target", "corner", "save", "foul", "yellow_card"];
/** The rest of what may be recorded; a substitution has its own button. */
const RARE = [
  "free_kick",
  "offside",
  "penalty",
  "own_goal",
  "red_card",
  "block",
  "tackle",
  "interception",
  "clearance",
  "key_pass",
  "assist",
  "ball_out",
];
/** What a shootout has beside its goals. */
const SHOOTOUT = ["shot_off_target", "save"];
const SIDES = /** @type {const} */ (["home", "away"]);

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {{isRestOpen: boolean}} own
 */
export function pad(app, facts, own) {
  const sides = sidesOf(app.club, facts);
  const { key } = momentOf(facts, app.now());
  const isShootout = key.type === PENALTY_SHOOTOUT;
  const here = isShootout ? { ...facts, events: facts.events.filter((event) => keyOfEvent(event).type === PENALTY_SHOOTOUT) } : facts;
  const counts = countsOf(here);
  /** @param {string} kind */
  const row = (kind) => padRow(app, facts, sides, kind, counts, isShootout);
  return h(
    "section.pad",
    { "aria-label": "What happened" },
    h(
      "div.goal-row",
      null,
      SIDES.map((side) => goalButton(app, facts, sides[side], key.type)),
    ),
    !isShootout && changeButton(app, facts),
    (isShootout ? SHOOTOUT : FREQUENT).map(row),
    !isShootout && own.isRestOpen && RARE.map(row),
    !isShootout &&
      h(
        "button.button.calm.wide",
        {
          key: "more",
          type: "button",
          "aria-expanded": String(own.isRestOpen),
          onclick: () => {
            own.isRestOpen = !own.isRestOpen;
            app.redraw();
          },
        },
        own.isRestOpen ? "Fewer" : "More: offside, free kick, penalty …",
      ),
  );
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {Team} team
 * @param {string} periodType
 */
function goalButton(app, facts, { side, name, isOurs }, periodType) {
  const words = kindWords({ kind: "goal", period_type: periodType });
  return h(
    "button.goal-button",
    {
      key: side,
      type: "button",
      "data-ours": isOurs ? "" : null,
      "aria-label": `${words}, ${name}`,
      onclick: () => void record(app, facts.match.id, "goal", side),
    },
    h("span.big", null, isOurs && icon("ball"), words),
    " ",
    h("span.small-name", null, name),
  );
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {Record<Side, Team>} sides
 * @param {string} kind
 * @param {Map<string, number>} counts
 * @param {boolean} isShootout
 */
function padRow(app, facts, sides, kind, counts, isShootout) {
  const words = isShootout && kind === "shot_off_target" ? "Missed" : kindWords({ kind });
  /** @param {Side} side */
  const button = (side) => {
    const count = counts.get(`${kind} ${side}`) ?? 0;
    return h(
      "button.tally",
      {
        key: side,
        type: "button",
        "data-ours": sides[side].isOurs ? "" : null,
        "aria-label": `${words}, ${sides[side].name}: ${count} so far`,
        onclick: () => void record(app, facts.match.id, kind, side),
      },
      h("span.plus", { "aria-hidden": "true" }, "+"),
      h("span.numbers", { key: `n ${count}` }, count),
    );
  };
  return h(
    "div.pad-row",
    { key: kind, "data-kind": kind },
    button("home"),
    h("span.kind", { "aria-hidden": "true" }, words),
    button("away"),
  );
}

/**
 * Return how often each kind was recorded for each side.
 * @param {MatchFacts} facts
 * @returns {Map<string, number>} by `kind side`
 */
function countsOf({ match, events }) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const event of events) {
    const key = `${event.kind} ${sideOf(match, event.team_id)}`;
    counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  return counts;
}
