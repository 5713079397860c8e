/** The sheet behind the sync line: what waits, what was refused, this phone's clock, and what can be done about it. */

import { h } from "../dom.js";
import { to } from "../route.js";
import { saveFile } from "./files.js";

/** @typedef {import("../app.js").App} App */

/** Milliseconds by which a phone's clock may be wrong before anybody is told. */
const SKEW_MS = 60_000;

/** @param {App} app */
export function openSync(app) {
  app.open({ title: "Is it saved?", draw: drawSync });
}

/**
 * @param {App} app
 * @param {() => void} close
 */
function drawSync(app, close) {
  const { status } = app.club;
  const goTo = (/** @type {string} */ address) => () => {
    close();
    app.go(address);
  };
  return h(
    "div.stack",
    null,
    h(
      "dl.facts",
      null,
      row("On this phone only", status.pending === 0 ? "nothing" : `${status.pending} ${status.pending === 1 ? "change" : "changes"}`),
      status.parked > 0 && row("On the server, waiting for what belongs to them", String(status.parked)),
      row("All saved on the server", status.saved_at === null ? "not yet" : when(status.saved_at)),
      status.retry_at !== null && row("Next try", when(status.retry_at)),
      Math.abs(status.correction) > SKEW_MS && row("This phone's clock", `${Math.round(Math.abs(status.correction) / 60_000)} minutes ${status.correction > 0 ? "slow" : "fast"}; times are corrected`),
    ),
    app.isScorer && status.refused > 0 && h("p.banner", null, `${status.refused} not accepted. A coach sees them and can put them right.`),
    !app.isScorer && status.conflicts + status.refused > 0 && h("button.button", { type: "button", onclick: goTo(to("questions")) }, "Answer what is open"),
    app.isSignedIn && status.state !== "signed_out"
      ? h("button.button.calm", { type: "button", onclick: () => void app.club.sync() }, "Sync now")
      : h("button.button", { type: "button", onclick: goTo(app.isScorer ? to() : to("sign-in")) }, app.isScorer ? "Open the link again" : "Sign in to share it"),
    status.pending + status.refused > 0 && h("button.button.calm", { type: "button", onclick: () => saveFile("touchline-unsent.json", "application/json", JSON.stringify(app.club.export(), null, 1)) }, "Save what is only here as a file"),
    h("p.hint", null, "What you record is stored on this phone at once, and sent when there is signal. Closing the app loses nothing."),
  );
}

/**
 * @param {string} name
 * @param {string} value
 */
function row(name, value) {
  return h("div", null, h("dt", null, name), h("dd", null, value));
}

/** @param {number} ms */
function when(ms) {
  const at = new Date(ms);
  const isToday = at.toDateString() === new Date().toDateString();
  return at.toLocaleString([], isToday ? { timeStyle: "short" } : { dateStyle: "medium", timeStyle: "short" });
}
