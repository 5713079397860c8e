/** What only the server knows: asked for when a page opens, with words for the time until it is there, and for no signal. */

import { h } from "../dom.js";
import { refusalWords } from "../model/refusals.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../dom.js").Child} Child */
/** @typedef {{data: any, words: string}} Fetched Nothing in either: it was asked for, and is on its way. */

/**
 * Ask for a path; answers what a page keeps of it. The page is drawn again when the answer is there.
 * @param {App} app
 * @param {string} path
 * @returns {Fetched}
 */
export function fetched(app, path) {
  const own = { data: null, words: "" };
  void load(app, own, path);
  return own;
}

/**
 * @param {App} app
 * @param {Fetched} own
 * @param {string} path
 */
export async function load(app, own, path) {
  try {
    own.data = await app.club.request("GET", path);
    own.words = "";
  } catch (error) {
    own.words = wordsOf(app, error);
  }
  app.redraw();
}

/**
 * @param {App} app
 * @param {any} error
 */
function wordsOf({ club }, error) {
  if (error?.name === "Unreachable" && error.status !== 429) return "No connection. This page needs signal; all else works without it.";
  if (error?.name === "SignedOut") return "Sign in again to see this. Nothing on this phone is lost.";
  return refusalWords(error, club.clock.now()).words;
}

/**
 * Draw what was fetched, or what there is to say instead.
 * @param {App} app
 * @param {Fetched} own
 * @param {string} path
 * @param {(data: any) => Child} draw
 * @returns {Child}
 */
export function whenFetched(app, own, path, draw) {
  if (own.data !== null) return draw(own.data);
  if (!own.words) return h("p.hint", { role: "status" }, "One moment");
  return h(
    "div.empty",
    null,
    h("p", null, own.words),
    h("button.button.calm", { type: "button", onclick: () => void load(app, own, path) }, "Try again"),
  );
}

/**
 * Do something that needs the server; what went wrong is said in words. Answers whether it worked.
 * @param {App} app
 * @param {() => Promise<unknown>} act
 */
export function online(app, act) {
  return app.attempt(act, (error) => refusalWords(error, app.club.clock.now()).words);
}
