/** The sheet of a match's share links: who may watch it, and until when. */

import { h } from "../dom.js";

/** @typedef {import("../app.js").App} App */

/**
 * @param {App} app
 * @param {string} matchId
 */
export function openShare(app, matchId) {
  app.open({ title: "Share this match", draw: () => h("p.hint", null, app.facts(matchId) && app.isSignedIn ? "" : "Sign in to share a match.") });
}
