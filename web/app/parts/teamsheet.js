/** The sheet that makes or changes a team: its name, its age group and its two kits, with the shirts as they will look. */

import { AGE_GROUPS } from "../../football/vocabulary.js";
import { h } from "../dom.js";
import { ageWords, NAME_LENGTH_MAX } from "../model/squads.js";
import { shirt } from "./shirt.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/squads.js").Row} Row */

/** What a colour input shows while none was chosen. */
const UNCHOSEN = "#e9efe9";
const KITS = /** @type {const} */ ([
  { name: "Home kit", cloth: "home_kit_primary", trim: "home_kit_secondary" },
  { name: "Away kit", cloth: "away_kit_primary", trim: "away_kit_secondary" },
]);

/**
 * Open the sheet.
 * @param {App} app
 * @param {Row} [team] the one to change; a new one without it
 * @param {(id: string) => void} [made] called with the id once it is stored
 */
export function openTeam(app, team, made) {
  /** @type {Record<string, any>} */
  const changed = {};
  const value = (/** @type {string} */ field) => changed[field] ?? team?.[field] ?? null;
  app.open({
    title: team ? "Edit team" : "New team",
    draw: (_app, close) => {
      const save = async (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        const id = team?.id ?? app.club.newId();
        const fields = team ? differing(team, changed) : changed;
        const isStored = await app.attempt(() => Object.keys(fields).length > 0 && app.club.put("teams", id, fields));
        if (!isStored) return;
        close();
        if (!team) app.say(`Made ${changed.name}`);
        made?.(id);
      };
      return h(
        "form.stack",
        { onsubmit: save },
        nameField(app, team, changed),
        ageField(value("age_group"), changed),
        KITS.map((kit) => kitFields(app, kit, value, changed)),
        h("button.button.wide", { type: "submit" }, team ? "Save" : "Make the team"),
      );
    },
  });
}

/**
 * @param {App} app
 * @param {Row | undefined} team
 * @param {Record<string, any>} changed
 */
function nameField(app, team, changed) {
  const name = String(changed.name ?? team?.name ?? "")
    .trim()
    .toLowerCase();
  const isTaken = name !== "" && app.club.all("teams").some((each) => each.id !== team?.id && String(each.name).toLowerCase() === name);
  return h(
    "label.field",
    null,
    h("span", null, "Name"),
    h("input", {
      name: "name",
      required: true,
      maxlength: NAME_LENGTH_MAX,
      value: team?.name ?? "",
      autocomplete: "off",
      placeholder: "Redbridge U12",
      oninput: (/** @type {any} */ event) => {
        changed.name = event.target.value.trim();
        app.redraw();
      },
    }),
    isTaken && h("small.wrong", null, "Another team has this name."),
  );
}

/**
 * @param {unknown} chosen
 * @param {Record<string, any>} changed
 */
function ageField(chosen, changed) {
  return h(
    "label.field",
    null,
    h("span", null, "Age group"),
    h(
      "select",
      { name: "age_group", value: chosen ?? "", onchange: (/** @type {any} */ event) => (changed.age_group = event.target.value || null) },
      h("option", { value: "" }, "Not said"),
      AGE_GROUPS.map((group) => h("option", { value: group }, ageWords(group))),
    ),
    h("small.hint", null, "It sets how many play, and what a shared link may show."),
  );
}

/**
 * @param {App} app
 * @param {typeof KITS[number]} kit
 * @param {(field: string) => any} value
 * @param {Record<string, any>} changed
 */
function kitFields(app, { name, cloth, trim }, value, changed) {
  const colour = (/** @type {string} */ field, /** @type {string} */ words) =>
    h(
      "label.colour",
      null,
      h("input", {
        type: "color",
        value: value(field) ?? UNCHOSEN,
        "aria-label": `${name}, ${words.toLowerCase()}`,
        oninput: (/** @type {any} */ event) => {
          changed[field] = event.target.value;
          app.redraw();
        },
      }),
      h("span", { "aria-hidden": "true" }, words),
    );
  return h(
    "fieldset",
    null,
    h("legend", null, name),
    h(
      "div.row",
      null,
      h("span.kit-shirt", null, shirt({ number: 10, cloth: value(cloth), trim: value(trim) })),
      colour(cloth, "Shirt"),
      colour(trim, "Trim"),
    ),
  );
}

/**
 * Return the fields that are not as they were.
 * @param {Row} row
 * @param {Record<string, any>} changed
 */
export function differing(row, changed) {
  return Object.fromEntries(Object.entries(changed).filter(([field, value]) => (row[field] ?? null) !== value));
}
