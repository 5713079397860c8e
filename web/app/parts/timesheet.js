/** The sheet of the two times of one period or pause: to correct them, to take it back, or to add a pause. */

import { instantMs } from "../../sync/instants.js";
import { pauseId } from "../../football/ids.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { msOf, timesOf, timeText } from "../model/times.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../football/facts.js").PauseRecord} PauseRecord */
/** @typedef {import("../../football/facts.js").PeriodRecord} PeriodRecord */
/**
 * @typedef {object} What
 * @property {string} title
 * @property {PeriodRecord} period the period, or the one that the pause is in
 * @property {PeriodRecord | PauseRecord} [record] whose times they are; without it, a pause to be added
 * @property {boolean} [isPause]
 */

/**
 * @param {App} app
 * @param {string} matchId
 * @param {What} what
 */
export function openTimes(app, matchId, what) {
  const { record, period, isPause = !record } = what;
  const typed = { start: timeText(msOf(record?.started_at)), end: timeText(msOf(record?.ended_at)), wrong: "" };
  const collection = isPause ? "match_pauses" : "match_periods";
  app.open({
    title: what.title,
    draw: (_, close) => {
      /** @param {Event} submitted */
      const save = async (submitted) => {
        submitted.preventDefault();
        const facts = app.facts(matchId);
        if (!facts) return close();
        const near = msOf(period.started_at) ?? msOf(period.ended_at) ?? instantMs(facts.match.kickoff_ts);
        const read = timesOf(record ?? null, typed, { near, correction: app.club.status.correction });
        typed.wrong = "wrong" in read ? read.wrong : "";
        if ("wrong" in read) return app.redraw();
        if (!(await app.attempt(() => write(app, facts, { collection, record, period }, read.fields)))) return;
        close();
        app.say(record ? "Corrected." : "Pause added.");
      };
      return h(
        "form.stack",
        { novalidate: true, onsubmit: save },
        timeFields(typed, isPause ? ["Stopped at", "Went on at"] : ["Began at", "Ended at"]),
        h("p.hint", null, `By the time of day. Leave the end empty while ${isPause ? "the clock stands" : "it is being played"}.`),
        typed.wrong && h("p.wrong", { role: "alert" }, typed.wrong),
        h("button.button.wide", null, record ? "Save the times" : "Add the pause"),
        record &&
          h(
            "button.button.bad.wide",
            { type: "button", onclick: () => void remove(app, collection, record.id, what.title, close) },
            icon("bin"),
            isPause ? "Delete this pause" : "Delete this period",
          ),
        record &&
          h(
            "p.hint",
            null,
            isPause ? "Its time then counts as played." : "What was recorded in it stays. Starting it again brings it back.",
          ),
      );
    },
  });
}

/**
 * @param {{start: string, end: string}} typed changed as somebody types
 * @param {[start: string, end: string]} labels
 */
export function timeFields(typed, [start, end]) {
  const field = (/** @type {"start" | "end"} */ name, /** @type {string} */ words) =>
    h(
      "label.field",
      { key: name },
      h("span", null, words),
      h("input.numbers", {
        type: "time",
        step: 1,
        value: typed[name],
        oninput: (/** @type {any} */ typing) => void (typed[name] = typing.target.value),
      }),
    );
  return h("div.pair.times", null, field("start", start), field("end", end));
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {{collection: string, record?: PeriodRecord | PauseRecord, period: PeriodRecord}} place
 * @param {Record<string, string | null>} fields
 */
function write({ club }, { pauses }, { collection, record, period }, fields) {
  if (Object.keys(fields).length === 0) return null;
  if (record) return club.put(collection, record.id, fields);
  const ordinal = Math.max(0, ...pauses.filter((each) => each.period_id === period.id).map((each) => each.ordinal)) + 1;
  // One that was deleted under this ordinal comes back: it must not bring its old end along.
  return club.create(collection, pauseId(period.id, ordinal), { period_id: period.id, ordinal, ended_at: null, ...fields });
}

/**
 * @param {App} app
 * @param {string} collection
 * @param {string} id
 * @param {string} title
 * @param {() => void} close
 */
async function remove(app, collection, id, title, close) {
  if (!(await app.attempt(() => app.club.delete(collection, id)))) return;
  close();
  app.say(`${title} deleted.`, { undo: () => app.club.restore(collection, id) });
}
