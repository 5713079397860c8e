/** What the club holds about one player, to take away: the server writes the file, with nobody else in it. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { saveFile } from "./files.js";
import { hindranceFor } from "./seasonexport.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/squads.js").Row} Row */

const FORMATS = /** @type {const} */ ([
  { format: "csv", words: "CSV, for a spreadsheet" },
  { format: "json", words: "JSON, all of it" },
]);

/**
 * @param {App} app
 * @param {Row} player
 */
export function openPlayerExport(app, player) {
  app.open({ title: "Export what the club holds", draw: () => sheet(app, player) });
}

/**
 * @param {App} app
 * @param {Row} player
 */
function sheet(app, player) {
  const hindrance = hindranceFor(app);
  return h(
    "div.stack",
    null,
    h(
      "p",
      null,
      `All that is kept about ${player.full_name}: the entry with every change, events, minutes, awards, and notes that give the full name. For the player's family, when they ask.`,
    ),
    h(
      "p.hint",
      null,
      "Names of other players are taken out. Read the file before you hand it on: a note may call somebody by a first name.",
    ),
    hindrance && h("p.banner", { key: "hindrance", role: "status" }, hindrance),
    h(
      "div.side-by-side",
      null,
      FORMATS.map(({ format, words }) =>
        h(
          "button.button.calm",
          { key: format, type: "button", disabled: hindrance !== null, onclick: () => void download(app, player, format) },
          icon("save"),
          words,
        ),
      ),
    ),
  );
}

/**
 * The file's name does not tell whom it is about: it is seen by whoever looks over a shoulder.
 * @param {App} app
 * @param {Row} player
 * @param {string} format
 */
async function download(app, player, format) {
  await app.attempt(async () => {
    const file = await app.club.download(`/api/players/${player.id}/export?format=${format}`);
    saveFile(`player.${format}`, file.type, file);
  });
}
