/** The sheet by which a period is added that was played and that nobody started here. */

import { instantMs } from "../../sync/instants.js";
import { periodKey } from "../../football/clock.js";
import { periodId } from "../../football/ids.js";
import { periodRecord } from "../../football/presses.js";
import { EXTRA_TIME, PENALTY_SHOOTOUT } from "../../football/vocabulary.js";
import { h } from "../dom.js";
import { periodTitle, regularWord } from "../model/calling.js";
import { places } from "../model/eventform.js";
import { timesOf } from "../model/times.js";
import { timeFields } from "./timesheet.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */

/**
 * @param {App} app
 * @param {string} matchId
 */
export function openNewPeriod(app, matchId) {
  const typed = { start: "", end: "", wrong: "", place: 0 };
  app.open({
    title: "A period that was forgotten",
    draw: (_, close) => {
      const facts = app.facts(matchId);
      if (!facts) return h("p.hint", null, "The match was deleted.");
      const free = missing(facts);
      const regular = regularWord(facts.match);
      return h(
        "form.stack",
        { novalidate: true, onsubmit: (/** @type {Event} */ submitted) => void save(submitted, app, facts, typed, close) },
        h(
          "label.field",
          null,
          h("span", null, "Which one"),
          h(
            "select",
            { value: String(typed.place), onchange: (/** @type {any} */ chosen) => void (typed.place = Number(chosen.target.value)) },
            free.map((place, n) => h("option", { key: n, value: String(n) }, periodTitle(place, regular))),
          ),
        ),
        timeFields(typed, ["Began at", "Ended at"]),
        h("p.hint", null, "By the time of day, as near as you remember."),
        typed.wrong && h("p.wrong", { role: "alert" }, typed.wrong),
        h("button.button.wide", null, "Add the period"),
      );
    },
  });
}

/**
 * Return the periods that may have been played and are not recorded.
 * @param {MatchFacts} facts
 */
export function missing(facts) {
  const further = [1, 2].map((number) => ({ type: EXTRA_TIME, number }));
  const all = [...places({ ...facts, periods: [] }), ...further, { type: PENALTY_SHOOTOUT, number: 1 }];
  return all.filter(({ type, number }) => !periodRecord(facts, periodKey(type, number)));
}

/**
 * @param {Event} submitted
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {{start: string, end: string, wrong: string, place: number}} typed
 * @param {() => void} close
 */
async function save(submitted, app, facts, typed, close) {
  submitted.preventDefault();
  const place = missing(facts)[typed.place];
  if (!place) return close();
  const read = typed.end
    ? timesOf(null, typed, { near: instantMs(facts.match.kickoff_ts), correction: app.club.status.correction })
    : { wrong: "Say when it ended, such as 14:27." };
  typed.wrong = "wrong" in read ? read.wrong : "";
  if ("wrong" in read) return app.redraw();
  const { id } = facts.match;
  const worked = await app.attempt(() =>
    app.club.create("match_periods", periodId(id, place.type, place.number), {
      match_id: id,
      type: place.type,
      number: place.number,
      ...read.fields,
    }),
  );
  if (!worked) return;
  close();
  app.say(`${periodTitle(place, regularWord(facts.match))} added.`);
}
