/** What a volunteer is told at the door, where a link or a code did not let them in. */

import { refusalWords } from "./refusals.js";

/** @typedef {import("./refusals.js").Wrong} Wrong */

/**
 * @param {any} error
 * @param {boolean} hasLink whether they opened a link, and typed no code
 * @param {number} now by this phone's clock
 * @returns {Wrong}
 */
export function doorWords(error, hasLink, now) {
  const { code, status } = error ?? {};
  if (code === "invitation_ended") return { field: "", words: `This ${hasLink ? "link" : "code"} has ended. Ask the coach for a new one.` };
  if (code === "not_found" && hasLink)
    return { field: "", words: "This link was not copied whole. Open it again from the message it came in." };
  if (code === "not_found") return { field: "code", words: "Nobody gave out this code. Look at it again." };
  if (code === "malformed") return { field: "name", words: "Say how you are called, in at most 100 letters." };
  if (error?.name === "Unreachable" && status !== 429)
    return { field: "", words: "No connection. You need signal once, to start; after that it works without." };
  return refusalWords(error, now);
}
