/** Keys for a coach with a keyboard: g a goal for us, s a substitution, space the clock. They never take a key from a field. */

import { whistlesOf } from "../model/whistle.js";
import { ourSide } from "../../football/scoreboard.js";
import { blow } from "./blow.js";
import { openChange } from "./change.js";
import { record } from "./record.js";

/** @typedef {import("../app.js").App} App */

/**
 * Listen while an element is on the page.
 * @param {App} app
 * @param {string} matchId
 * @param {HTMLElement} place
 */
export function listenForKeys(app, matchId, place) {
  /** @param {KeyboardEvent} event */
  const listen = (event) => {
    if (!place.isConnected) return document.removeEventListener("keydown", listen);
    if (!isFree(event) || app.sheets.length > 0 || !app.may("scorer")) return;
    const act = actFor(app, matchId, event.key);
    if (!act) return;
    event.preventDefault();
    act();
  };
  document.addEventListener("keydown", listen);
}

/**
 * Say whether a key is nobody else's: no field, button or link has the focus, and it is no shortcut of the browser.
 * @param {KeyboardEvent} event
 */
function isFree({ target, ctrlKey, metaKey, altKey, defaultPrevented, repeat }) {
  if (defaultPrevented || ctrlKey || metaKey || altKey || repeat) return false;
  const focused = /** @type {Element | null} */ (target);
  return !focused?.closest?.("input, select, textarea, button, a, summary, dialog, [contenteditable]");
}

/**
 * @param {App} app
 * @param {string} matchId
 * @param {string} key
 * @returns {(() => unknown) | null}
 */
function actFor(app, matchId, key) {
  const facts = app.facts(matchId);
  if (!facts) return null;
  if (key === "g") return () => record(app, matchId, "goal", ourSide(facts.match));
  if (key === "s") return () => openChange(app, matchId);
  const { main, beside } = whistlesOf(facts, app.now());
  const going = [main, beside].find((each) => each?.act === "pause" || each?.act === "resume");
  return key === " " && going ? () => blow(app, matchId, going) : null;
}
