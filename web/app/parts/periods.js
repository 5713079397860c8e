/** The sheet of a match's periods and pauses: when each ran, in words, and the way to correct it. */

import { instantMs } from "../../sync/instants.js";
import { compareKeys, formatClock, periodKey } from "../../football/clock.js";
import { isPaused, isRunning, periodsOf } from "../../football/periods.js";
import { nth, timeOfDay } from "../../football/words.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { periodTitle, regularWord } from "../model/calling.js";
import { msOf, timeText } from "../model/times.js";
import { openTimes } from "./timesheet.js";
import { openNewPeriod } from "./newperiod.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../football/facts.js").PauseRecord} PauseRecord */
/** @typedef {import("../../football/facts.js").PeriodRecord} PeriodRecord */
/** @typedef {import("../../football/periods.js").Period} Period */

/**
 * @param {App} app
 * @param {string} matchId
 */
export function openPeriods(app, matchId) {
  app.open({ title: "Times of the match", ticks: true, draw: () => drawPeriods(app, matchId) });
}

/**
 * @param {App} app
 * @param {string} matchId
 */
function drawPeriods(app, matchId) {
  const facts = app.facts(matchId);
  if (!facts) return h("p.hint", null, "The match was deleted.");
  const played = periodsOf(facts, app.now());
  const records = [...facts.periods].sort((one, other) => compareKeys(keyOf(one), keyOf(other)));
  const regular = regularWord(facts.match);
  return h(
    "div.stack",
    null,
    records.length === 0 && h("p.hint", null, "No period has begun. If one was played and nobody pressed start, add it with its times."),
    records.map((record) => {
      const title = periodTitle(record, regular);
      const period = played.find(({ key }) => compareKeys(key, keyOf(record)) === 0);
      return h(
        "section.times-of",
        { key: record.id, "aria-label": title },
        h(
          "ul.list",
          null,
          periodItem(app, facts, record, period, title),
          pausesIn(facts, record).map((pause, n) => pauseItem(app, facts, record, pause, n)),
        ),
        h(
          "button.link",
          { type: "button", onclick: () => openTimes(app, matchId, { title: `A pause in the ${title.toLowerCase()}`, period: record }) },
          "Add a pause",
        ),
      );
    }),
    h(
      "button.button.calm.wide",
      { type: "button", onclick: () => openNewPeriod(app, matchId) },
      icon("plus"),
      "Add a period that was forgotten",
    ),
    h("p.hint", null, "What was recorded in a period stays where it is on the match's clock. Pauses are not played time."),
  );
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {PeriodRecord} record
 * @param {Period | undefined} period as it counts
 * @param {string} title
 */
function periodItem(app, facts, record, period, title) {
  const [start, end] = [msOf(record.started_at), msOf(record.ended_at)];
  return h(
    "li",
    { key: record.id },
    h(
      "button.item",
      { type: "button", onclick: () => openTimes(app, facts.match.id, { title, period: record, record }) },
      h(
        "span.grow",
        null,
        h("strong", null, title),
        h("small", null, spanWords(start, end, period)),
        period?.is_assumed && h("small.is-assumed", null, assumedWords(start, end, period)),
      ),
      icon("edit"),
    ),
  );
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {PeriodRecord} period
 * @param {PauseRecord} pause
 * @param {number} n
 */
function pauseItem(app, facts, period, pause, n) {
  const [start, end] = [msOf(pause.started_at), msOf(pause.ended_at)];
  const title = `${nth(n + 1)} pause`;
  const lasted =
    start !== null && end !== null && end >= start
      ? `, ${formatClock(end - start)} long`
      : end === null
        ? ", nobody pressed play again"
        : "";
  return h(
    "li",
    { key: pause.id },
    h(
      "button.item.is-pause",
      { type: "button", onclick: () => openTimes(app, facts.match.id, { title, period, record: pause, isPause: true }) },
      icon("pause"),
      h("span.grow", null, h("strong", null, title), h("small", null, `${rangeWords(start, end)}${lasted}`)),
      icon("edit"),
    ),
  );
}

/**
 * Return when a period ran, and how long was played.
 * @param {number | null} start
 * @param {number | null} end
 * @param {Period | undefined} period
 */
function spanWords(start, end, period) {
  const range = rangeWords(start, end);
  if (!period) return range;
  if (isPaused(period)) return `${range}, paused at ${formatClock(period.played_ms)}`;
  if (isRunning(period)) return `${range}, being played`;
  return `${range}, ${formatClock(period.played_ms)} played`;
}

/**
 * @param {number | null} start
 * @param {number | null} end
 */
export function rangeWords(start, end) {
  if (start === null) return end === null ? "No times" : `Ended at ${timeOfDay(end)}`;
  if (end === null) return `From ${timeOfDay(start)}`;
  const clock = timeOfDay(start) === timeOfDay(end) ? timeText : timeOfDay;
  return `${clock(start)} to ${clock(end)}`;
}

/**
 * Return why the length of a period is a guess.
 * @param {number | null} start
 * @param {number | null} end
 * @param {Period} period
 */
export function assumedWords(start, end, { played_ms: played }) {
  const length = `It counts as ${formatClock(played)}.`;
  if (start === null) return `Nobody pressed start. ${length}`;
  if (end === null) return `Nobody ended it. ${length}`;
  return end < start ? `It ends before it begins. ${length}` : `That is longer than can be believed. ${length}`;
}

/** @param {PeriodRecord} record */
const keyOf = ({ type, number }) => periodKey(type, number);

/**
 * @param {MatchFacts} facts
 * @param {PeriodRecord} period
 */
function pausesIn({ pauses }, period) {
  const at = (/** @type {PauseRecord} */ pause) => (pause.started_at === null ? 0 : instantMs(pause.started_at));
  return pauses.filter((each) => each.period_id === period.id).sort((one, other) => at(one) - at(other));
}
