/** The line that tells of the sync, on every screen, in words: is what I did saved, and where? */

import { h } from "../dom.js";
import { isPlaying } from "../model/playing.js";
import { syncWords } from "../model/syncwords.js";
import { openSync } from "./syncsheet.js";

/** @typedef {import("../app.js").App} App */

/** @param {App} app */
export function syncLine(app) {
  const { tone, text } = syncWords(app.club.status, app.isSignedIn, app.isScorer, app.may("coach"));
  return [
    h(
      "button.syncline",
      { key: "sync", type: "button", "data-tone": tone, onclick: () => openSync(app) },
      h("span.lamp", { "aria-hidden": "true" }),
      h("span", null, text),
    ),
    app.hasUpdate && !isPlaying(app.club, app.now()) && updateLine(app),
  ];
}

/**
 * A new version is offered, never forced, and not while a match is played.
 * @param {App} app
 */
function updateLine(app) {
  return h(
    "button.syncline.update",
    { key: "update", type: "button", onclick: () => app.takeOver() },
    h("span", null, "A new version is ready"),
    h("strong", null, "Load it"),
  );
}
