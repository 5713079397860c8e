/** The sheet that adds players one after another: number, name, enter, next. It stays open. */

import { h } from "../dom.js";
import { freeNumber, NAME_LENGTH_MAX, NUMBER_MAX, playersOf } from "../model/squads.js";
import { shirt } from "./shirt.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/squads.js").Row} Row */
/** @typedef {{id: string, number: number | null, name: string}} Added */

/**
 * @param {App} app
 * @param {Row} team
 */
export function openAdding(app, team) {
  const first = freeNumber(playersOf(app.club, team.id));
  /** @type {Added[]} the last first */
  const added = [];
  app.open({
    title: `Add to ${team.name}`,
    draw: (_app, close) => [
      h(
        "form.stack",
        { onsubmit: (/** @type {SubmitEvent} */ event) => add(app, team, added, event) },
        h(
          "div.adding",
          null,
          h("label.field", null, h("span", null, "Number"), h("input", { name: "number", type: "number", inputmode: "numeric", min: 1, max: NUMBER_MAX, value: first ?? "", onfocus: select, oninput: () => app.redraw() })),
          h("label.field", null, h("span", null, "Name"), h("input", { name: "player", required: true, maxlength: NAME_LENGTH_MAX, autocomplete: "off", autocapitalize: "words", enterkeyhint: "next", autofocus: true })),
        ),
        h("button.button.wide", { type: "submit" }, "Add, and next"),
      ),
      added.length > 0 && h("h3.unseen", null, "Just added"),
      added.length > 0 && h("ul.just-added", { "aria-label": "Just added" }, added.map((each) => h("li", { key: each.id }, line(team, each)))),
      added.length > 0 && h("button.button.calm.wide", { type: "button", onclick: close }, "Done"),
    ],
  });
}

/**
 * @param {App} app
 * @param {Row} team
 * @param {Added[]} added
 * @param {SubmitEvent} event
 */
async function add(app, team, added, event) {
  event.preventDefault();
  const { number: numberField, player: nameField } = /** @type {any} */ (event.currentTarget).elements;
  const name = nameField.value.trim();
  if (!name) return;
  const number = numberField.value === "" ? null : Number(numberField.value);
  const id = app.club.newId();
  const fields = { full_name: name, current_team: team.id, ...(number !== null && { squad_number: number }) };
  if (!(await app.attempt(() => app.club.put("players", id, fields)))) return;
  added.unshift({ id, number, name });
  app.say(`Added ${number === null ? "" : `${number} `}${name}`, { undo: () => takeBack(app, added, id) });
  nameField.value = "";
  numberField.value = freeNumber(playersOf(app.club, team.id), (number ?? 0) + 1) ?? "";
  nameField.focus();
}

/**
 * @param {App} app
 * @param {Added[]} added
 * @param {string} id
 */
async function takeBack(app, added, id) {
  await app.club.delete("players", id);
  added.splice(added.findIndex((each) => each.id === id), 1);
}

/**
 * @param {Row} team
 * @param {Added} added
 */
function line(team, { number, name }) {
  return [shirt({ number, cloth: /** @type {string} */ (team.home_kit_primary ?? null), trim: /** @type {string} */ (team.home_kit_secondary ?? null) }), h("span", null, name)];
}

/** @param {any} event */
function select(event) {
  event.target.select();
}
