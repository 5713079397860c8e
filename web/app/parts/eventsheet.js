/** The sheet of one event: to correct what was recorded, to take it back, or to add what was missed. Works offline. */

import { formatMinute, MINUTE_MS, periodKey } from "../../football/clock.js";
import { EVENT_KINDS } from "../../football/vocabulary.js";
import { kindWords } from "../../football/words.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { called, periodTitle, regularWord } from "../model/calling.js";
import { beginsMs, emptyForm, fieldsOf, formOf, isSame, otherKind, otherWrites, places, readClock } from "../model/eventform.js";
import { sidesOf } from "../model/sides.js";
import { playersOf } from "../model/squads.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchEvent} MatchEvent */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../model/eventform.js").Form} Form */
/** @typedef {{minutes: string, seconds: string, wrong: string, isOther: boolean, isSaving: boolean}} Typed */

const OFTEN = ["goal", "own_goal", "yellow_card", "red_card", "substitution"];
const NOTES_MAX = 500;

/**
 * Open an event; without an id, the form for one that was missed.
 * @param {App} app
 * @param {string} matchId
 * @param {string | null} [eventId]
 */
export function openEvent(app, matchId, eventId = null) {
  const facts = app.facts(matchId);
  const event = facts?.events.find(({ id }) => id === eventId) ?? null;
  if (!facts || (eventId && !event)) return app.say("That entry is not there any more.");
  const before = event ? formOf(facts, event) : null;
  const form = before ? { ...before } : emptyForm(facts, sidesOf(app.club, facts).ours.side);
  const typed = { ...clockOf(facts, form), wrong: "", isOther: !OFTEN.includes(form.kind), isSaving: false };
  app.open({
    title: event ? kindWords(event) : "Something that was missed",
    draw: (_, close) => drawForm({ app, matchId, event, before, form, typed, close }),
  });
}

/**
 * @typedef {object} Sheet
 * @property {App} app
 * @property {string} matchId
 * @property {MatchEvent | null} event
 * @property {Form | null} before
 * @property {Form} form
 * @property {Typed} typed
 * @property {() => void} close
 */

/** @param {Sheet} sheet */
function drawForm(sheet) {
  const { app, matchId, event, form, typed, close } = sheet;
  const facts = app.facts(matchId);
  if (!facts) return h("p.hint", null, "The match was deleted.");
  const isSwap = form.kind === "substitution";
  const other = otherKind(form.kind);
  return h(
    "form.stack.event-form",
    { novalidate: true, onsubmit: (/** @type {Event} */ submitted) => void save(submitted, sheet) },
    kindField(sheet),
    sideField(sheet, facts),
    playerField(sheet, facts, isSwap ? "Going off" : "Player", "player"),
    other && playerField(sheet, facts, isSwap ? "Coming on" : "Assist", "other"),
    whenFields(sheet, facts),
    h(
      "label.field",
      null,
      h("span", null, "Notes"),
      h("textarea", { rows: 2, maxlength: NOTES_MAX, value: form.notes, oninput: (/** @type {any} */ typing) => void (form.notes = typing.target.value) }),
    ),
    typed.wrong && h("p.wrong", { role: "alert" }, typed.wrong),
    h("button.button.wide", { disabled: typed.isSaving }, event ? "Save the changes" : "Add it"),
    event && h("button.button.bad.wide", { type: "button", onclick: () => void remove(app, event, close) }, icon("bin"), "Delete this entry"),
  );
}

/** @param {Sheet} sheet */
function kindField({ app, form, typed }) {
  const choose = (/** @type {string} */ kind, /** @type {boolean} */ isOther) => {
    Object.assign(form, { kind });
    typed.isOther = isOther;
    app.redraw();
  };
  return h(
    "fieldset.stack",
    null,
    h("legend", null, "What happened"),
    h(
      "div.choices",
      null,
      OFTEN.map((kind) => radio("kind", kindWords({ kind }), !typed.isOther && form.kind === kind, () => choose(kind, false))),
      radio("kind", "Something else", typed.isOther, () => choose(OFTEN.includes(form.kind) ? "foul" : form.kind, true)),
    ),
    typed.isOther &&
      h(
        "label.field",
        null,
        h("span.unseen", null, "What it was"),
        select(EVENT_KINDS.filter((kind) => !OFTEN.includes(kind)).map((kind) => [kind, kindWords({ kind })]), form.kind, (kind) => choose(kind, true)),
      ),
  );
}

/**
 * @param {Sheet} sheet
 * @param {MatchFacts} facts
 */
function sideField({ app, form }, facts) {
  const { home, away } = sidesOf(app.club, facts);
  const choose = (/** @type {"home" | "away" | ""} */ side) => {
    if (side !== form.side) Object.assign(form, { side, player: "", other: "" });
    app.redraw();
  };
  return h(
    "fieldset",
    null,
    h("legend", null, form.kind === "own_goal" ? "Who put it into their own net" : "Which team"),
    h(
      "div.choices",
      null,
      [home, away].map(({ side, name, id }) => (id || form.side === side) && radio("side", name, form.side === side, () => choose(side))),
      radio("side", "Not known", form.side === "", () => choose("")),
    ),
  );
}

/**
 * @param {Sheet} sheet
 * @param {MatchFacts} facts
 * @param {string} label
 * @param {"player" | "other"} name
 */
function playerField({ app: { club }, form }, facts, label, name) {
  const team = form.side ? facts.match[`${form.side}_team_id`] : null;
  const ids = playersOf(club, team).map(({ id }) => id);
  const current = form[name];
  if (current && !ids.includes(current)) ids.push(current);
  if (ids.length === 0) return null;
  const nobody = name === "player" || form.kind === "substitution" ? "Not known" : "Nobody, or not known";
  /** @type {[string, string][]} */
  const options = [["", nobody], ...ids.map((id) => /** @type {[string, string]} */ ([id, called(club, id)]))];
  return h("label.field", { key: name }, h("span", null, label), select(options, current, (id) => void (form[name] = id)));
}

/**
 * @param {Sheet} sheet
 * @param {MatchFacts} facts
 */
function whenFields({ app, form, typed }, facts) {
  const { match } = facts;
  const all = places(facts, form.period);
  const regular = regularWord(match);
  const isShootout = form.period.type === "penalty_shootout";
  const number = (/** @type {"minutes" | "seconds"} */ name, /** @type {string} */ label) =>
    h(
      "label.field",
      { key: name },
      h("span", null, label),
      h("input.numbers", {
        key: `${name} ${form.period.type} ${form.period.number}`,
        inputmode: "numeric",
        autocomplete: "off",
        maxlength: name === "minutes" ? 4 : 2,
        value: typed[name],
        oninput: (/** @type {any} */ typing) => {
          typed[name] = typing.target.value;
          app.redraw();
        },
      }),
    );
  const read = readClock(match, form.period, typed.minutes, typed.seconds);
  return h(
    "div.stack",
    null,
    h(
      "label.field",
      null,
      h("span", null, "When"),
      select(
        all.map((place, n) => [String(n), periodTitle(place, regular)]),
        String(all.findIndex((place) => isSame(place, form.period))),
        (n) => {
          form.period = all[Number(n)] ?? form.period;
          if ("ms" in read) Object.assign(typed, clockOf(facts, { ...form, clock_ms: read.ms }));
          app.redraw();
        },
      ),
    ),
    !isShootout && h("div.pair", null, number("minutes", "Minutes on the clock"), number("seconds", "Seconds")),
    !isShootout && h("p.hint", { "aria-live": "polite" }, "ms" in read ? `Shown as ${formatMinute(match, periodKey(form.period.type, form.period.number), read.ms)}` : read.wrong),
  );
}

/**
 * Return the match's clock as it is typed.
 * @param {MatchFacts} facts
 * @param {Form} form
 */
function clockOf({ match }, { period, clock_ms: clock }) {
  const at = beginsMs(match, period) + clock;
  return { minutes: String(Math.floor(at / MINUTE_MS)), seconds: String(Math.floor((at % MINUTE_MS) / 1_000)).padStart(2, "0") };
}

/**
 * @param {string} name
 * @param {string} words
 * @param {boolean} checked
 * @param {() => void} choose
 */
function radio(name, words, checked, choose) {
  return h("label", { key: words }, h("input", { type: "radio", name, checked, onchange: choose }), words);
}

/**
 * @param {[value: string, words: string][]} options
 * @param {string} current
 * @param {(value: string) => void} choose
 */
function select(options, current, choose) {
  return h(
    "select",
    { value: current, onchange: (/** @type {any} */ chosen) => choose(chosen.target.value) },
    options.map(([value, words]) => h("option", { key: value, value }, words)),
  );
}

/**
 * @param {Event} submitted
 * @param {Sheet} sheet
 */
async function save(submitted, { app, matchId, event, before, form, typed, close }) {
  submitted.preventDefault();
  const facts = app.facts(matchId);
  if (!facts) return;
  const read = readClock(facts.match, form.period, typed.minutes, typed.seconds);
  typed.wrong = "ms" in read ? "" : read.wrong;
  if (!("ms" in read)) return app.redraw();
  // The clock is shown in whole seconds: what was not touched stays to the millisecond.
  const isTouched = !before || Math.floor(before.clock_ms / 1_000) !== Math.floor(read.ms / 1_000);
  const after = { ...form, clock_ms: isTouched ? read.ms : before.clock_ms };
  typed.isSaving = true;
  const { club } = app;
  const id = event?.id ?? club.newId();
  const worked = await app.attempt(async () => {
    const fields = fieldsOf(facts.match, before, after);
    if (!event) await club.put("events", id, { match_id: matchId, season_id: facts.match.season_id, ...fields });
    else if (Object.keys(fields).length) await club.put("events", id, fields);
    for (const each of otherWrites(facts, id, event, after)) {
      if (each.op === "delete") await club.delete(each.collection, each.id);
      else if (each.op === "create") await club.create(each.collection, each.id, each.fields ?? {});
      else await club.put(each.collection, each.id, each.fields ?? {});
    }
  });
  typed.isSaving = false;
  if (!worked) return;
  close();
  app.say(event ? "Corrected." : `${kindWords(after)} added.`);
}

/**
 * @param {App} app
 * @param {MatchEvent} event
 * @param {() => void} close
 */
async function remove(app, event, close) {
  if (!(await app.attempt(() => app.club.delete("events", event.id)))) return;
  close();
  app.say(`${kindWords(event)} deleted.`, { undo: () => app.club.restore("events", event.id) });
}
