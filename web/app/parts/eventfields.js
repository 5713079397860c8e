/** The fields of an event: what happened, to whom, and when. */

import { formatMinute, MINUTE_MS, periodKey } from "../../football/clock.js";
import { EVENT_KINDS, PENALTY_SHOOTOUT } from "../../football/vocabulary.js";
import { kindWords } from "../../football/words.js";
import { h } from "../dom.js";
import { called, periodTitle, regularWord } from "../model/calling.js";
import { beginsMs, isSame, otherKind, places, readClock } from "../model/eventform.js";
import { sidesOf } from "../model/sides.js";
import { playersOf } from "../model/squads.js";
import { choiceField, selectField, textField } from "./fields.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../model/eventform.js").Form} Form */
/**
 * @typedef {object} Typed
 * @property {Form} form
 * @property {string} minutes on the match's clock
 * @property {string} seconds
 * @property {boolean} isOther whether all kinds are offered
 * @property {string} wrong
 */

const OFTEN = ["goal", "own_goal", "yellow_card", "red_card", "substitution"];
const OTHERS = EVENT_KINDS.filter((kind) => !OFTEN.includes(kind));
const ELSE = "else";

/**
 * @param {MatchFacts} facts
 * @param {Form} form
 * @returns {Typed}
 */
export const typedOf = (facts, form) => ({ form, ...clockTexts(facts, form), isOther: !OFTEN.includes(form.kind), wrong: "" });

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {Typed} typed
 */
export function eventFields(app, facts, typed) {
  const { form } = typed;
  const isSwap = form.kind === "substitution";
  return [
    kindField(app, typed),
    sideField(app, facts, form),
    playerField(app, facts, form, isSwap ? "Going off" : "Player", "player"),
    otherKind(form.kind) && playerField(app, facts, form, isSwap ? "Coming on" : "Assist", "other"),
    whenFields(app, facts, typed),
  ];
}

/**
 * @param {App} app
 * @param {Typed} typed
 */
function kindField(app, typed) {
  const { form } = typed;
  const choose = (/** @type {string} */ chosen) => {
    typed.isOther = !OFTEN.includes(chosen);
    form.kind = chosen !== ELSE ? chosen : typed.isOther && OTHERS.includes(form.kind) ? form.kind : "foul";
    if (!otherKind(form.kind)) form.other = "";
    app.redraw();
  };
  /** @type {[string, string][]} */
  const often = OFTEN.map((kind) => [kind, kindWords({ kind })]);
  return [
    choiceField("What happened", [...often, [ELSE, "Something else"]], typed.isOther ? ELSE : form.kind, choose),
    typed.isOther &&
      selectField(
        "What it was",
        OTHERS.map((kind) => [kind, kindWords({ kind })]),
        form.kind,
        choose,
      ),
  ];
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {Form} form
 */
function sideField(app, facts, form) {
  const { home, away } = sidesOf(app.club, facts);
  /** @type {[string, string][]} */
  const teams = [home, away].filter(({ id, side }) => id || form.side === side).map(({ side, name }) => [side, name]);
  return choiceField(form.kind === "own_goal" ? "Into whose own net" : "Which team", [...teams, ["", "Not known"]], form.side, (side) => {
    Object.assign(form, { side, player: "", other: "" });
    app.redraw();
  });
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {Form} form
 * @param {string} label
 * @param {"player" | "other"} name
 */
function playerField({ club }, { match }, form, label, name) {
  const team = form.side ? match[`${form.side}_team_id`] : null;
  const ids = playersOf(club, team).map(({ id }) => id);
  const current = form[name];
  if (current && !ids.includes(current)) ids.push(current);
  if (ids.length === 0) return null;
  /** @type {[string, string][]} */
  const players = ids.map((id) => [id, called(club, id)]);
  return selectField(
    label,
    [["", label === "Assist" ? "Nobody, or not known" : "Not known"], ...players],
    current,
    (id) => void (form[name] = id),
  );
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {Typed} typed
 */
function whenFields(app, facts, typed) {
  const { match } = facts;
  const { form } = typed;
  const all = places(facts, form.period);
  const isTimed = form.period.type !== PENALTY_SHOOTOUT;
  const read = readClock(match, form.period, typed.minutes, typed.seconds);
  const move = (/** @type {string} */ n) => {
    form.period = all[Number(n)] ?? form.period;
    // It happened as long after the whistle as before: the clock of the match shows something else then.
    if ("ms" in read) Object.assign(typed, clockTexts(facts, { ...form, clock_ms: read.ms }));
    app.redraw();
  };
  const digits = (/** @type {"minutes" | "seconds"} */ name, /** @type {string} */ label) =>
    textField(
      label,
      typed[name],
      (value) => {
        typed[name] = value;
        app.redraw();
      },
      { inputmode: "numeric", maxlength: name === "minutes" ? 4 : 2, class: "numbers" },
    );
  return [
    selectField(
      "When",
      all.map((place, n) => [String(n), periodTitle(place, regularWord(match))]),
      String(all.findIndex((place) => isSame(place, form.period))),
      move,
    ),
    isTimed &&
      h(
        "div.pair",
        { key: `clock ${form.period.type} ${form.period.number}` },
        digits("minutes", "Clock: minutes"),
        digits("seconds", "Seconds"),
      ),
    isTimed &&
      h(
        "p.hint",
        { key: "shown", "aria-live": "polite" },
        "ms" in read ? `Shown as ${formatMinute(match, periodKey(form.period.type, form.period.number), read.ms)}` : read.wrong,
      ),
  ];
}

/**
 * Return the match's clock as it is typed.
 * @param {MatchFacts} facts
 * @param {Form} form
 */
function clockTexts({ match }, { period, clock_ms: clock }) {
  const at = beginsMs(match, period) + clock;
  return { minutes: String(Math.floor(at / MINUTE_MS)), seconds: String(Math.floor((at % MINUTE_MS) / 1_000)).padStart(2, "0") };
}
