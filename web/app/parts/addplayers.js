/** The sheet that adds players one after another: number, name, enter, next. It stays open. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { freeNumber, NAME_LENGTH_MAX, NUMBER_MAX, playersOf } from "../model/squads.js";
import { wornBy } from "./playergrid.js";
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
      added.length > 0 && h("ul.just-added", { "aria-label": "Just added" }, added.map((each) => h("li", { key: each.id }, line(app, team, added, each)))),
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
  app.news = `Added ${number === null ? "" : `${number} `}${name}`; // told, not shown: it would lie over the list
  nameField.value = "";
  numberField.value = freeNumber(playersOf(app.club, team.id), (number ?? 0) + 1) ?? "";
  nameField.focus();
}

/**
 * @param {App} app
 * @param {Row} team
 * @param {Added[]} added
 * @param {Added} player
 */
function line(app, team, added, player) {
  const { id, number, name } = player;
  const takeBack = async () => {
    if (await app.attempt(() => app.club.delete("players", id))) added.splice(added.indexOf(player), 1);
    app.redraw();
  };
  return [
    shirt({ ...wornBy({ id, squad_number: number }, team) }),
    h("span.grow", null, name),
    h("button.quiet", { type: "button", "aria-label": `Take ${name} back`, onclick: () => void takeBack() }, icon("bin")),
  ];
}

/** @param {any} event */
function select(event) {
  event.target.select();
}
