/** The line that tells of the sync, on every screen, in words: is what I did saved, and where? */

import { h } from "../dom.js";
import { openSync } from "./syncsheet.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../sync/status.js").Status} Status */
/** @typedef {"live" | "calm" | "waiting" | "bad"} Tone */

/** @param {App} app */
export function syncLine(app) {
  const { tone, text } = syncWords(app.club.status, app.isSignedIn, app.isScorer);
  return h(
    "button.syncline",
    { type: "button", "data-tone": tone, onclick: () => openSync(app) },
    h("span.lamp", { "aria-hidden": "true" }),
    h("span", null, text),
  );
}

/**
 * Return how things stand with the sync.
 * @param {Status} status
 * @param {boolean} isSignedIn
 * @param {boolean} [isScorer] by link, of one match
 * @returns {{tone: Tone, text: string}}
 */
export function syncWords(status, isSignedIn, isScorer = false) {
  const { state, pending, parked, refused, saved_at: savedAt } = status;
  const waiting = pending === 1 ? "1 waiting" : `${pending} waiting`;
  if (refused > 0) return { tone: "bad", text: `${refused} not accepted, have a look` };
  if (state === "ended") return { tone: "bad", text: isScorer ? "This link has ended" : "Access to this club has ended" };
  if (state === "update_needed") return { tone: "bad", text: "Load the app again to go on" };
  if (state === "refused") return { tone: "bad", text: pending ? `${waiting}, the server does not take them` : "The server refuses this phone" };
  if (state === "signed_out") return { tone: "waiting", text: pending ? `${waiting}, ${isScorer ? "open the link again" : "sign in"} to send` : "Signed out, saved on this phone" };
  if (!isSignedIn) return { tone: "calm", text: pending ? "Saved on this phone only" : "On this phone only" };
  if (state === "offline") return pending ? { tone: "waiting", text: `${waiting}, saved on this phone` } : { tone: "calm", text: `No signal, all saved ${clock(savedAt)}`.trimEnd() };
  if (pending > 0) return { tone: "waiting", text: state === "syncing" ? `Saving ${pending}` : `${waiting}, saved on this phone` };
  if (parked > 0) return { tone: "calm", text: `Saved, ${parked} wait for what belongs to them` };
  if (state === "syncing") return { tone: "calm", text: "Looking for news" };
  return { tone: "live", text: `All saved ${clock(savedAt)}`.trimEnd() };
}

/** @param {number | null} ms */
function clock(ms) {
  return ms === null ? "" : new Date(ms).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
}
