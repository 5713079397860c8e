/** Sync words: is what I did saved, and where? In one line for the head of each screen, and in sentences for the sheet. */

import { time } from "./days.js";

/** @typedef {import("../../sync/status.js").Status} Status */
/** @typedef {"live" | "calm" | "waiting" | "bad"} Tone */

/** Milliseconds by which a phone's clock may be wrong before anybody is told. */
export const SKEW_MS = 60_000;

/**
 * Return how things stand, in a line. Who cannot mend what was refused is told calmly that somebody else can.
 * @param {Status} status
 * @param {boolean} isSignedIn
 * @param {boolean} [isScorer] by link, of one match
 * @param {boolean} [mayMend]
 * @returns {{tone: Tone, text: string}}
 */
export function syncWords(status, isSignedIn, isScorer = false, mayMend = !isScorer) {
  const { state, pending, parked, refused, saved_at: savedAt } = status;
  const waiting = `${pending} waiting`;
  if (state === "ended") {
    const unsent = pending + refused > 0 ? `, ${pending + refused} not sent` : "";
    return {
      tone: "bad",
      text: isScorer ? `This link has ended${unsent}` : unsent ? `Access has ended${unsent}` : "Access to this club has ended",
    };
  }
  if (state === "update_needed")
    return { tone: "bad", text: pending > 0 ? `${waiting}, load the app again` : "Load the app again to go on" };
  if (refused > 0 && mayMend) return { tone: "bad", text: `${refused} not accepted, have a look` };
  if (state === "refused")
    return { tone: "bad", text: pending > 0 ? `${waiting}, the server does not take them` : "The server does not take changes" };
  if (state === "signed_out")
    return {
      tone: "waiting",
      text: pending > 0 ? `${waiting}, ${isScorer ? "open the link again" : "sign in"} to send` : "Signed out, all is saved",
    };
  if (!isSignedIn) return { tone: "calm", text: pending > 0 ? "Saved on this phone only" : "On this phone only" };
  if (pending > 0) return { tone: "waiting", text: state === "syncing" ? `Sending ${pending}` : `${waiting}, saved on this phone` };
  if (refused > 0) return { tone: "calm", text: `${refused} not accepted, a coach sees ${refused === 1 ? "it" : "them"}` };
  if (state === "offline") return { tone: "calm", text: `No signal, all saved ${clock(savedAt)}`.trimEnd() };
  if (parked > 0) return { tone: "calm", text: `All sent, ${parked} wait for the rest` };
  if (state === "syncing") return { tone: "calm", text: "Looking for news" };
  return { tone: "live", text: `All saved ${clock(savedAt)}`.trimEnd() };
}

/**
 * Return what that means, and what to do about it.
 * @param {Status} status
 * @param {boolean} isSignedIn
 * @param {boolean} [isScorer] by link, of one match
 * @param {boolean} [mayMend]
 * @returns {string}
 */
export function syncSentence({ state, pending, refused, problem }, isSignedIn, isScorer = false, mayMend = !isScorer) {
  const unsent = pending + refused;
  if (isScorer && state === "signed_out") return "Go on recording; open the link again when you can, and all that waits is sent.";
  if (isScorer && state === "ended")
    return unsent > 0
      ? "The link has ended. What was not sent is still here: save it as a file and give that to the coach."
      : "The link has ended. Everything that you recorded was sent.";
  if (state === "ended")
    return unsent > 0
      ? "You are no longer a member of this club. What was not sent is still here: save it as a file and give that to the club, then forget the rest."
      : "You are no longer a member of this club. Everything that you recorded was sent.";
  if (state === "update_needed") return "This app is older than the server, or another tab of it is newer. Load it again; nothing is lost.";
  if (state === "refused")
    return problem === "forbidden"
      ? "Your role in the club does not let you change this. What waits is kept: ask an owner for another role."
      : "The server does not understand this app. What waits is kept: load the app again.";
  if (state === "signed_out") return "Your session has ended. Go on recording; sign in when you can, and all that waits is sent.";
  if (!isSignedIn) return "Everything is stored on this phone, and on it alone. With an account it is saved on the server as well.";
  if (state === "offline")
    return pending > 0
      ? "There is no signal. All that you record is stored on this phone, and sent by itself when there is."
      : "There is no signal. All that you recorded before is on the server, too.";
  if (pending > 0) return "Stored on this phone, and on its way to the server.";
  if (refused > 0 && !mayMend)
    return `${changes(refused)} not accepted. A coach sees ${refused === 1 ? "it" : "them"} and can put ${refused === 1 ? "it" : "them"} right.`;
  return state === "live"
    ? "All is on the server. What others record appears here by itself."
    : "All is on the server. What others record is asked for now and then.";
}

/**
 * Return how wrong this phone's clock is; nothing where that is of no matter.
 * @param {number} correction milliseconds that the server adds
 */
export function clockSentence(correction) {
  if (Math.abs(correction) <= SKEW_MS) return "";
  const minutes = Math.round(Math.abs(correction) / 60_000);
  const much = minutes < 120 ? `${minutes} ${minutes === 1 ? "minute" : "minutes"}` : `${Math.round(minutes / 60)} hours`;
  return `This phone's clock is ${much} ${correction > 0 ? "slow" : "fast"}. Times are corrected; let the phone set its clock by itself.`;
}

/** @param {number} count */
export const changes = (count) => (count === 1 ? "1 change" : `${count} changes`);

/** @param {number | null} ms */
function clock(ms) {
  return ms === null ? "" : time(new Date(ms));
}
