/** A player added in place: a name and a number, while the line-up is picked. */

import { ourSide } from "../../football/scoreboard.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { NAME_LENGTH_MAX, NUMBER_MAX } from "../model/squads.js";
import { teamOn } from "./record.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {(playerId: string) => void} added
 */
export function addPlayer(app, facts, added) {
  /** @param {SubmitEvent} event */
  const add = async (event) => {
    event.preventDefault();
    const form = /** @type {HTMLFormElement} */ (event.target);
    const [name, number] = ["full_name", "squad_number"].map((each) => String(new FormData(form).get(each) ?? "").trim());
    if (!name) return;
    const id = app.club.newId();
    const isStored = await app.attempt(async () => {
      const current_team = await teamOn(app, facts, ourSide(facts.match));
      await app.club.put("players", id, { full_name: name, current_team, ...(number && { squad_number: Number(number) }) });
    });
    if (!isStored) return;
    form.reset();
    form.querySelector("input")?.focus();
    added(id);
    app.redraw();
  };
  return h(
    "form.add-player",
    { key: "add", onsubmit: (/** @type {SubmitEvent} */ event) => void add(event) },
    h(
      "label.field",
      null,
      h("span", null, "No."),
      h("input", { name: "squad_number", type: "number", inputmode: "numeric", min: "1", max: String(NUMBER_MAX) }),
    ),
    h(
      "label.field.grow",
      null,
      h("span", null, "Name of a player"),
      h("input", { name: "full_name", type: "text", maxlength: NAME_LENGTH_MAX, autocomplete: "off", required: true }),
    ),
    h("button.button.calm", { type: "submit", "aria-label": "Add the player" }, icon("plus")),
  );
}
