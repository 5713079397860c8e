/** This phone: what is only on it, whether the browser keeps it, and how it is emptied. */

import { h } from "../dom.js";
import { forgetHere } from "../entry.js";
import { online } from "./fetched.js";
import { saveUnsent } from "./files.js";
import { installHint } from "./install.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {{isKept: boolean | null}} Keeping Whether the browser keeps the store when space is short; null: not known. */

/**
 * @param {App} app
 * @returns {Keeping}
 */
export function beginPhone(app) {
  /** @type {Keeping} */
  const own = { isKept: null };
  void navigator.storage?.persisted?.().then((isKept) => {
    own.isKept = isKept;
    app.redraw();
  });
  return own;
}

/**
 * Ask the browser once to keep what is stored, after something worth keeping was recorded.
 * @param {App} app
 */
export async function keepSafe({ club, prefs }) {
  if (prefs.all.isPersisted || club.all("match_periods").length === 0) return;
  prefs.keep({ isPersisted: true });
  await club.persist();
}

/**
 * @param {App} app
 * @param {Keeping} own
 */
export function drawPhone(app, own) {
  const { pending, refused } = app.club.status;
  const ask = async () => {
    own.isKept = await app.club.persist();
    app.say(own.isKept ? "The browser keeps it" : "The browser did not agree. Put the app on the home screen, then ask again", {
      tone: own.isKept ? "calm" : "bad",
    });
  };
  return h(
    "section.stack.club-part",
    { key: "phone" },
    h("h2", null, "This phone"),
    installHint(app),
    own.isKept === false &&
      h(
        "div.banner",
        { key: "keep" },
        h("span.grow", null, "The browser may clear what is stored when space is short."),
        h("button.button", { type: "button", onclick: () => void app.attempt(ask) }, "Keep it"),
      ),
    own.isKept && h("p.hint", { key: "kept" }, "The browser keeps what is stored here, also when space is short."),
    pending + refused > 0 &&
      h("button.button.calm.wide", { key: "save", type: "button", onclick: () => saveUnsent(app) }, "Save what is only here as a file"),
    h("button.button.bad.wide", { key: "forget", type: "button", onclick: () => openForget(app) }, "Forget everything on this phone"),
  );
}

/** @param {App} app */
export function openForget(app) {
  app.open({ title: "Forget everything here?", draw: (_, close) => forgetSheet(app, close) });
}

/**
 * @param {App} app
 * @param {() => void} close
 */
function forgetSheet(app, close) {
  const { pending, refused, state } = app.club.status;
  const unsent = pending + refused;
  const forget = (/** @type {boolean} */ evenUnsent) => () => {
    close();
    void online(app, () => forgetHere(app, { evenUnsent }));
  };
  const isOnlyHere = app.club.clubId === null;
  return h(
    "div.stack",
    null,
    h(
      "p",
      null,
      state === "ended"
        ? "What is left of this club goes from this phone."
        : isOnlyHere
          ? "Nobody signed in on this phone: all that it holds is on it alone, and goes for good."
          : "The club's matches leave this phone. They stay on the server, and come back when you sign in again.",
    ),
    unsent > 0 &&
      h(
        "p.banner",
        { "data-tone": "bad" },
        h("span.grow", null, `${unsent} ${unsent === 1 ? "change is" : "changes are"} on this phone only.`),
      ),
    unsent > 0 &&
      !isOnlyHere &&
      state !== "ended" &&
      h(
        "button.button.wide",
        {
          type: "button",
          onclick: () => {
            close();
            app.club.sync();
          },
        },
        "Send them first",
      ),
    unsent > 0 && h("button.button.calm.wide", { type: "button", onclick: () => saveUnsent(app) }, "Save them as a file first"),
    h(
      "button.button.bad.wide",
      { type: "button", onclick: forget(unsent > 0) },
      unsent > 0 ? "Forget it all the same" : "Forget everything here",
    ),
    h("button.button.calm.wide", { type: "button", onclick: close }, "Cancel"),
  );
}
