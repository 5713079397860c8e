/** A player erased for good, by an owner: what goes, what stays, and the name typed once more. Only the server can do it. */

import { h } from "../dom.js";
import { sameName } from "../model/erased.js";
import { to } from "../route.js";
import { openForm } from "./account.js";
import { textEntry } from "./form.js";
import { makeOnce } from "./online.js";
import { hindranceFor } from "./seasonexport.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/squads.js").Row} Row */

const GOES = [
  "The name, the number, the date of birth and the notes.",
  "The name in what others wrote: match notes, awards, answers to questions.",
  "All of it on every phone of the club, when that phone syncs next.",
];
const STAYS = [
  "The score, the goals and the minutes of past matches. In place of the name they say “Player”.",
  "Files that somebody saved or printed, and what is on a phone that never syncs again.",
  "Backups of the server, until they are deleted. What comes back from one is erased once more.",
];

/**
 * @param {App} app
 * @param {Row} player
 */
export function openErasing(app, player) {
  const own = {};
  const name = String(player.full_name);
  const send = async (/** @type {Record<string, string>} */ { confirm = "" }) => {
    if (!sameName(confirm, name)) throw notTheName();
    await makeOnce(app, own, "/api/erasures", { collection: "players", record: player.id, confirm });
    app.club.sync();
    app.go(player.current_team ? to("team", String(player.current_team)) : to("squad"), { replace: true });
    app.say("Erased for good. The other phones drop it when they sync");
  };
  openForm(app, "Erase this player for good?", "Erase for good", (filled) => sheet(app, name, filled), send, {
    fieldOf: ({ body }) => (body?.rule === "not_confirmed" ? "confirm" : ""),
    isBad: true,
    hindrance: () => hindranceFor(app, "The server erases"),
  });
}

/**
 * @param {App} app
 * @param {string} name
 * @param {import("./form.js").Filled} own
 */
function sheet(app, name, own) {
  const hindrance = hindranceFor(app, "The server erases");
  return [
    h("p", { key: "who" }, h("strong", null, name), " disappears from the club, for good. Nobody can undo this."),
    told("What goes", GOES),
    told("What stays", STAYS),
    hindrance
      ? h("p.banner", { key: "hindrance", role: "status" }, hindrance)
      : textEntry({ label: "Type the full name, to be sure", name: "confirm", autocomplete: "off", hint: name, most: 100 }, own),
  ];
}

/**
 * @param {string} title
 * @param {string[]} lines
 */
function told(title, lines) {
  return h("section.told-list", { key: title }, h("h3", null, title), h("ul", null, lines.map((line) => h("li", { key: line }, line))));
}

function notTheName() {
  return Object.assign(new Error("This is not the name."), { body: { rule: "not_confirmed", detail: "This is not the name above." } });
}
