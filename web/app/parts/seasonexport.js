/** A season to take away: the server writes the file, so it needs signal, an account and what is here to be saved there. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { saveFile } from "./files.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/squads.js").Row} Row */

const FORMATS = /** @type {const} */ ([
  { format: "csv", words: "CSV, for a spreadsheet", ending: "zip" },
  { format: "json", words: "JSON, all of it", ending: "json" },
]);

/**
 * @param {App} app
 * @param {Row} season
 */
export function takeAway(app, season) {
  const hindrance = hindranceFor(app);
  return [
    h("h2", null, "Take it away"),
    h(
      "div.side-by-side",
      null,
      FORMATS.map(({ format, words, ending }) =>
        h(
          "button.button.calm",
          {
            key: format,
            type: "button",
            disabled: hindrance !== null,
            "aria-describedby": "export-hint",
            onclick: () => void download(app, season, format, ending),
          },
          icon("save"),
          words,
        ),
      ),
    ),
    h(
      "p.hint.export-hint",
      { id: "export-hint" },
      hindrance ?? "Matches, events, minutes and players with their names: keep the file as you would a list of children.",
    ),
  ];
}

/**
 * Return why the server cannot do something now; null where it can.
 * @param {App} app
 * @param {string} [what] it does
 */
export function hindranceFor(app, what = "The server writes this file") {
  const { state, pending } = app.club.status;
  if (!app.isSignedIn || state === "signed_out") return `${what}: sign in first.`;
  if (!app.may("coach")) return "Only coaches and owners may do this.";
  if (state === "offline") return `${what}, and there is no signal now.`;
  return pending > 0 ? "Wait until all is saved: the server does not have everything yet." : null;
}

/**
 * @param {App} app
 * @param {Row} season
 * @param {string} format
 * @param {string} ending
 */
async function download(app, season, format, ending) {
  await app.attempt(async () => {
    const file = await app.club.download(`/api/seasons/${season.id}/export?format=${format}`);
    saveFile(`season-${fileWords(String(season.label))}.${ending}`, file.type, file);
  });
}

/**
 * Return a season's name as a part of a file's: `2026-27`.
 * @param {string} label
 */
export const fileWords = (label) => label.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "touchline";
