/** The sheet in which a match's details are changed. */

import { PERIODS_BY_FORMAT } from "../../football/vocabulary.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { handedOver, matchFieldsOf, matchFormOf, swapped } from "../model/matchform.js";
import { byName } from "../model/squads.js";
import { choiceField, selectField, textField } from "./fields.js";
import { formFoot } from "./foot.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/matchform.js").MatchForm} MatchForm */
/** @typedef {"home" | "away"} Side */
/** @typedef {{form: MatchForm, fresh: Record<Side | "season", string>, wrong: string}} Typed */

const NAME_MAX = 100;
const LABEL_MAX = 50;
const NOTES_MAX = 1_000;
const NEW = "new";

/**
 * @param {App} app
 * @param {string} matchId
 */
export function openMatchForm(app, matchId) {
  const facts = app.facts(matchId);
  if (!facts) return;
  const before = matchFormOf(facts.match);
  const typed = { form: { ...before }, fresh: { home: "", away: "", season: "" }, wrong: "" };
  app.open({
    title: "Change the details",
    draw: (_, close) =>
      h(
        "form.stack",
        {
          novalidate: true,
          onsubmit: (/** @type {Event} */ submitted) => {
            submitted.preventDefault();
            void save(app, matchId, before, typed, close);
          },
        },
        teamFields(app, typed),
        plannedFields(app, typed),
        lengthFields(app, typed),
        (app.facts(matchId)?.events.length ?? 0) === 0 && resultFields(typed.form),
        textField("Notes", typed.form.notes, (value) => void (typed.form.notes = value), { rows: 3, maxlength: NOTES_MAX }),
        formFoot(typed.wrong, h("button.button.wide", null, "Save the details")),
      ),
  });
}

/**
 * @param {App} app
 * @param {Typed} typed
 */
function teamFields(app, typed) {
  const { form, fresh } = typed;
  const teams = app.club.all("teams").sort(byName("name"));
  const side = (/** @type {Side} */ name, /** @type {string} */ label) => [
    selectField(
      label,
      [
        ["", "Not known yet"],
        ...options(teams, "name"),
        .../** @type {[string, string][]} */ (app.may("coach") ? [[NEW, "Another team"]] : []),
      ],
      form[name],
      (id) => {
        form[name] = id;
        app.redraw();
      },
    ),
    form[name] === NEW &&
      textField(`Name of the ${name} team`, fresh[name], (value) => void (fresh[name] = value), { maxlength: NAME_MAX }),
  ];
  return [
    side("home", "Home"),
    side("away", "Away"),
    h(
      "button.button.calm",
      {
        key: "swap",
        type: "button",
        onclick: () => {
          typed.form = swapped(form);
          typed.fresh = { ...fresh, home: fresh.away, away: fresh.home };
          app.redraw();
        },
      },
      icon("swap"),
      "Home and away the other way round",
    ),
    choiceField(
      "We are",
      [
        ["home", "Home"],
        ["away", "Away"],
      ],
      form.side,
      (chosen) => {
        form.side = chosen === "away" ? "away" : "home";
        app.redraw();
      },
    ),
  ];
}

/**
 * @param {App} app
 * @param {Typed} typed
 */
function plannedFields(app, { form, fresh }) {
  const seasons = app.club.all("seasons").sort(byName("label"));
  return [
    textField("Kick-off", form.kickoff, (value) => void (form.kickoff = value), { type: "datetime-local" }),
    choiceField(
      "Is it on?",
      [
        ["", "It is on"],
        ["postponed", "Postponed"],
        ["cancelled", "Cancelled"],
      ],
      form.calledOff,
      (value) => {
        form.calledOff = value;
        app.redraw();
      },
    ),
    textField("Venue", form.venue, (value) => void (form.venue = value), { maxlength: NAME_MAX }),
    textField("Competition", form.competition, (value) => void (form.competition = value), { maxlength: NAME_MAX }),
    selectField(
      "Season",
      [
        ["", "None"],
        ...options(seasons, "label"),
        .../** @type {[string, string][]} */ (app.may("coach") ? [[NEW, "Another season"]] : []),
      ],
      form.season,
      (id) => {
        form.season = id;
        app.redraw();
      },
    ),
    form.season === NEW &&
      textField("Name of the season", fresh.season, (value) => void (fresh.season = value), {
        maxlength: LABEL_MAX,
        placeholder: "2026/27",
      }),
  ];
}

/**
 * @param {App} app
 * @param {Typed} typed
 */
function lengthFields(app, { form }) {
  const count = PERIODS_BY_FORMAT[form.format] ?? 2;
  const all = Number(form.minutes) * count;
  return [
    choiceField(
      "Format",
      [
        ["half", "2 halves"],
        ["quarter", "4 quarters"],
      ],
      form.format,
      (format) => {
        const minutes = Number(form.minutes) * count;
        form.format = format;
        if (minutes) form.minutes = String(minutes / (PERIODS_BY_FORMAT[format] ?? 2));
        app.redraw();
      },
    ),
    textField(
      "Minutes of each",
      form.minutes,
      (value) => {
        form.minutes = value;
        app.redraw();
      },
      { inputmode: "decimal", maxlength: 6 },
    ),
    all > 0 && h("p.hint", { key: "all" }, `${Math.round(all)} minutes together.`),
  ];
}

/** @param {MatchForm} form */
function resultFields(form) {
  const digits = { inputmode: "numeric", maxlength: 3 };
  return h(
    "fieldset",
    { key: "result" },
    h("legend", null, "Result, where nothing else was recorded"),
    h(
      "div.pair",
      null,
      textField("Our goals", form.ours, (value) => void (form.ours = value), digits),
      textField("Their goals", form.theirs, (value) => void (form.theirs = value), digits),
    ),
    h("p.hint", null, "It counts until the first event is recorded."),
  );
}

/**
 * @param {import("../model/squads.js").Row[]} rows
 * @param {string} field
 * @returns {[string, string][]}
 */
const options = (rows, field) => rows.map((row) => [row.id, String(row[field])]);

/**
 * @param {App} app
 * @param {string} matchId
 * @param {MatchForm} before
 * @param {Typed} typed
 * @param {() => void} close
 */
async function save(app, matchId, before, typed, close) {
  const missing = /** @type {const} */ (["home", "away", "season"]).find((name) => typed.form[name] === NEW && !typed.fresh[name].trim());
  const read = missing ? { wrong: "Give the new one a name." } : matchFieldsOf(before, typed.form);
  typed.wrong = "wrong" in read ? read.wrong : "";
  if ("wrong" in read) return app.redraw();
  const worked = await app.attempt(async () => {
    const made = { home_team_id: typed.fresh.home, away_team_id: typed.fresh.away, season_id: typed.fresh.season };
    for (const [field, name] of Object.entries(made))
      if (read.fields[field] === NEW)
        read.fields[field] = await named(app, field === "season_id" ? ["seasons", "label"] : ["teams", "name"], name.trim());
    if (Object.keys(read.fields).length === 0) return;
    const facts = app.facts(matchId);
    await app.club.put("matches", matchId, read.fields);
    for (const { collection, id, team_id } of facts ? handedOver(facts, read.fields) : []) await app.club.put(collection, id, { team_id });
  });
  if (!worked) return;
  close();
  app.say("Details saved.");
}

/**
 * Return the id of the team or season of a name; one that is not there yet is made.
 * @param {App} app
 * @param {[collection: string, field: string]} place
 * @param {string} name
 */
async function named({ club }, [collection, field], name) {
  const known = club.all(collection).find((each) => String(each[field]).toLocaleLowerCase() === name.toLocaleLowerCase());
  if (known) return known.id;
  const id = club.newId();
  await club.put(collection, id, { [field]: name });
  return id;
}
