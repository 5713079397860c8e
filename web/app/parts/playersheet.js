/** The sheet that changes a player: what they are called, where they play, and what may be told of them. */

import { POSITIONS } from "../../football/vocabulary.js";
import { h } from "../dom.js";
import { NAME_LENGTH_MAX, NUMBER_MAX, ownTeams, playersOf, teamName } from "../model/squads.js";
import { differing } from "./teamsheet.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/squads.js").Row} Row */
/** @typedef {Record<string, any>} Changed */

/** The longest note that the server takes. */
const NOTES_LENGTH_MAX = 1_000;

/**
 * @param {App} app
 * @param {Row} player
 */
export function openPlayer(app, player) {
  /** @type {Changed} */
  const changed = {};
  app.open({
    title: "Edit player",
    draw: (_app, close) =>
      h(
        "form.stack",
        { onsubmit: (/** @type {SubmitEvent} */ event) => save(app, player, changed, close, event) },
        h("div.adding", null, numberField(app, player, changed), nameField(player, changed)),
        wornTwice(app, player, changed),
        h("div.pair", null, teamField(app, player, changed), positionField(player, changed)),
        dayField(player, changed),
        notesField(player, changed),
        h("button.button.wide", { type: "submit" }, "Save"),
      ),
  });
}

/**
 * @param {App} app
 * @param {Row} player
 * @param {Changed} changed
 * @param {() => void} close
 * @param {SubmitEvent} event
 */
async function save(app, player, changed, close, event) {
  event.preventDefault();
  const fields = differing(player, changed);
  const isStored = await app.attempt(() => Object.keys(fields).length > 0 && app.club.put("players", player.id, fields));
  if (!isStored) return;
  close();
  if ("current_team" in fields) app.say(`${player.full_name} plays for ${teamName(app.club, fields.current_team, "no team")} now`, { undo: () => app.club.put("players", player.id, { current_team: player.current_team ?? null }) });
}

/**
 * @param {App} app
 * @param {Row} player
 * @param {Changed} changed
 */
function numberField(app, player, changed) {
  return h(
    "label.field",
    null,
    h("span", null, "Number"),
    h("input", {
      name: "number",
      type: "number",
      inputmode: "numeric",
      min: 1,
      max: NUMBER_MAX,
      value: player.squad_number ?? "",
      oninput: (/** @type {any} */ event) => {
        changed.squad_number = event.target.value === "" ? null : Number(event.target.value);
        app.redraw();
      },
    }),
  );
}

/**
 * @param {App} app
 * @param {Row} player
 * @param {Changed} changed
 */
function wornTwice(app, player, changed) {
  const worn = "squad_number" in changed ? changed.squad_number : player.squad_number;
  const mates = playersOf(app.club, changed.current_team ?? player.current_team);
  const other = worn != null && mates.find((mate) => mate.id !== player.id && mate.squad_number === worn);
  return other && h("p.hint", null, `${other.full_name} wears ${worn} too.`);
}

/**
 * @param {Row} player
 * @param {Changed} changed
 */
function nameField(player, changed) {
  const oninput = (/** @type {any} */ event) => (changed.full_name = event.target.value.trim());
  return h("label.field", null, h("span", null, "Name"), h("input", { name: "player", required: true, pattern: ".*\\S.*", maxlength: NAME_LENGTH_MAX, autocomplete: "off", value: player.full_name, oninput }));
}

/**
 * @param {App} app
 * @param {Row} player
 * @param {Changed} changed
 */
function teamField(app, player, changed) {
  const teams = ownTeams(app.club);
  const isElsewhere = player.current_team != null && !teams.some(({ id }) => id === player.current_team);
  const onchange = (/** @type {any} */ event) => {
    changed.current_team = event.target.value || null;
    app.redraw();
  };
  return h(
    "label.field",
    null,
    h("span", null, "Team"),
    h(
      "select",
      { name: "team", value: player.current_team ?? "", onchange },
      h("option", { value: "" }, "No team"),
      isElsewhere && h("option", { value: String(player.current_team) }, teamName(app.club, player.current_team, "A team that is gone")),
      teams.map((team) => h("option", { value: team.id }, String(team.name))),
    ),
  );
}

/**
 * @param {Row} player
 * @param {Changed} changed
 */
function positionField(player, changed) {
  const usual = String(player.preferred_pos ?? "");
  return h(
    "label.field",
    null,
    h("span", null, "Position"),
    h(
      "select",
      { name: "position", value: usual, onchange: (/** @type {any} */ event) => (changed.preferred_pos = event.target.value || null) },
      h("option", { value: "" }, "Any"),
      usual && !POSITIONS[usual] && h("option", { value: usual }, usual),
      Object.entries(POSITIONS).map(([code, name]) => code !== "SUB" && h("option", { value: code }, name)),
    ),
  );
}

/**
 * @param {Row} player
 * @param {Changed} changed
 */
function dayField(player, changed) {
  const oninput = (/** @type {any} */ event) => (changed.dob = event.target.value || null);
  return h("label.field", null, h("span", null, "Date of birth"), h("input", { name: "dob", type: "date", value: player.dob ?? "", oninput }), h("small.hint", null, "Shown to coaches only, and never by a shared link."));
}

/**
 * @param {Row} player
 * @param {Changed} changed
 */
function notesField(player, changed) {
  const oninput = (/** @type {any} */ event) => (changed.notes = event.target.value.trim() || null);
  return h("label.field", null, h("span", null, "Notes"), h("textarea", { name: "notes", rows: 3, maxlength: NOTES_LENGTH_MAX, value: player.notes ?? "", oninput }));
}
