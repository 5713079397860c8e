/** What only the server can do: it is asked, waited for, and where it cannot be reached that is said in words. */

import { h } from "../dom.js";
import { unsentIn } from "../model/unsent.js";
import { to } from "../route.js";

/** @typedef {import("../app.js").App} App */
/**
 * @template T
 * @typedef {object} Asked
 * @property {T | null} answer
 * @property {"" | "offline" | "signed_out" | "refused"} problem
 * @property {string} words of a refusal
 * @property {boolean} isBusy
 */

/** Milliseconds that a record has to reach the server before somebody is told that it did not. */
const SENT_MS = 15_000;

/**
 * @template T
 * @returns {Asked<T>}
 */
export const nothingAsked = () => ({ answer: null, problem: "", words: "", isBusy: false });

/**
 * Ask the server, and note what became of it. Answers whether it worked.
 * @template T
 * @param {App} app
 * @param {Asked<T>} asked
 * @param {() => Promise<T>} request
 */
export async function ask(app, asked, request) {
  Object.assign(asked, { isBusy: true });
  app.redraw();
  try {
    Object.assign(asked, { answer: await request(), problem: "", words: "" });
    return true;
  } catch (error) {
    const { name, body, message } = /** @type {any} */ (error);
    const problem = name === "Unreachable" ? "offline" : name === "SignedOut" ? "signed_out" : "refused";
    Object.assign(asked, { problem, words: body?.detail ?? message ?? "" });
    return false;
  } finally {
    Object.assign(asked, { isBusy: false });
    app.redraw();
  }
}

/**
 * Ask the server to make something. Asked again after a reply that was lost, it is asked for the same thing by its key.
 * @param {App} app
 * @param {{key?: string}} own keeps the key until an answer is there
 * @param {string} path
 * @param {unknown} body
 * @returns {Promise<any>}
 */
export async function makeOnce({ club }, own, path, body) {
  own.key ??= club.newId();
  try {
    const made = await club.request("POST", path, body, { key: own.key });
    delete own.key;
    return made;
  } catch (error) {
    if (/** @type {any} */ (error).name !== "Unreachable") delete own.key;
    throw error;
  }
}

/**
 * Return why something cannot be done just now, and what to do about it; nothing where it can.
 * @param {App} app
 * @param {Asked<any> | null} asked
 * @param {string} what `Links are made by the server`
 * @param {() => void} [again]
 */
export function needs(app, asked, what, again) {
  const { state } = app.club.status;
  if (!app.isSignedIn || asked?.problem === "signed_out" || state === "signed_out") {
    const goTo = () => {
      app.closeAll();
      app.go(to("sign-in"));
    };
    return told(
      `${what}, so sign in first. What you recorded stays on this phone either way.`,
      h("button.button", { type: "button", onclick: goTo }, "Sign in"),
    );
  }
  const retry = again && h("button.button.calm", { type: "button", onclick: again }, "Try again");
  if (asked?.problem === "offline")
    return told(`${what}, and there is no signal. Recording goes on without it; try again when there is signal.`, retry);
  return asked?.problem ? told(asked.words, retry) : null;
}

/**
 * @param {string} words
 * @param {import("../dom.js").Child} button
 */
const told = (words, button) => h("div.banner.needs-line", { key: "needs" }, h("p.grow", null, words), button);

/**
 * Wait until a match, and what belongs to it, is on the server: nothing can be made of what it does not know.
 * @param {App} app
 * @param {string} matchId
 */
export async function sentFirst({ club }, matchId) {
  if (!unsentIn(club).has(matchId)) return;
  club.sync();
  /** @type {(() => void) | undefined} */
  let end;
  const sent = new Promise((resolve) => {
    end = club.on("status", () => !unsentIn(club).has(matchId) && resolve(true));
    setTimeout(() => resolve(false), SENT_MS);
  });
  const isSent = await sent;
  end?.();
  if (!isSent)
    throw Object.assign(new Error("The match has not reached the server yet. Try again when there is signal."), { name: "Unreachable" });
}

/**
 * A button for what nothing brings back: the first press asks, the second does it.
 * @param {App} app
 * @param {{sure: string}} own
 * @param {string} id
 * @param {[first: string, second: string]} words
 * @param {() => void} act
 * @param {string} [kind]
 */
export function sureButton(app, own, id, [first, second], act, kind = "") {
  const isSure = own.sure === id;
  const press = () => {
    own.sure = isSure ? "" : id;
    if (isSure) act();
    app.redraw();
  };
  return h("button.button.bad", { key: `sure ${id}`, class: kind, type: "button", onclick: press }, isSure ? second : first);
}
