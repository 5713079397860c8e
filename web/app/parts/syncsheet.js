/** The sheet behind the sync line: what waits, what was refused, this phone's clock, and what can be done about it. */

import { h } from "../dom.js";
import { whenWords } from "../model/days.js";
import { changes, clockSentence, syncSentence } from "../model/syncwords.js";
import { to } from "../route.js";
import { saveUnsent } from "./files.js";
import { openForget } from "./thisphone.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../sync/status.js").Status} Status */

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
  const clock = clockSentence(status.correction);
  return h(
    "div.stack",
    null,
    h("p", null, syncSentence(status, app.isSignedIn, app.isScorer, app.may("coach"))),
    facts(status),
    clock && h("p.banner", null, clock),
    acts(app, close),
  );
}

/** @param {Status} status */
function facts({ pending, parked, refused, conflicts, saved_at: saved, retry_at: retry, state }) {
  return h(
    "dl.facts",
    null,
    row("On this phone only", pending === 0 ? "nothing" : changes(pending)),
    refused > 0 && row("Not accepted", changes(refused)),
    parked > 0 && row("On the server, waiting for the rest", changes(parked)),
    conflicts > 0 && row("Questions", String(conflicts)),
    row("All saved on the server", saved === null ? "not yet" : whenWords(saved)),
    retry !== null && state === "offline" && row("Next try", whenWords(retry)),
  );
}

/**
 * @param {App} app
 * @param {() => void} close
 */
function acts(app, close) {
  const { status } = app.club;
  const { state, pending, refused, conflicts } = status;
  const goTo = (/** @type {string} */ address) => () => {
    close();
    app.go(address);
  };
  const after = (/** @type {() => unknown} */ act) => () => {
    close();
    act();
  };
  const mayAnswer = app.may("coach");
  const mustSignIn = !app.isSignedIn || state === "signed_out";
  const canSync = !mustSignIn && state !== "ended" && state !== "update_needed";
  return [
    state === "update_needed" && button("Load the app again", () => (app.hasUpdate ? app.takeOver() : location.reload()), true),
    state !== "ended" &&
      !app.isScorer &&
      conflicts + refused > 0 &&
      button(mayAnswer ? "Answer what is open" : "See what is open", goTo(to("questions")), mayAnswer),
    state !== "ended" &&
      mustSignIn &&
      (app.isScorer ? button("Open the link again", goTo(to()), true) : button("Sign in", goTo(to("sign-in")), true)),
    canSync && button("Sync now", () => void app.club.sync(), false),
    pending + refused > 0 && button("Save what is only here as a file", () => saveUnsent(app), state === "ended"),
    state === "ended" &&
      !app.isScorer &&
      button(
        "Forget this club on this phone",
        after(() => openForget(app)),
        pending + refused === 0,
      ),
    canSync && !app.isScorer && h("a.link", { key: "phones", href: to("club", "phones") }, "Is it saved on the other phones?"),
  ];
}

/**
 * @param {string} words
 * @param {() => unknown} onclick
 * @param {boolean} isFirst what is most likely wanted
 */
function button(words, onclick, isFirst) {
  return h("button.button.wide", { key: words, type: "button", class: isFirst ? "" : "calm", onclick }, words);
}

/**
 * @param {string} name
 * @param {string} value
 */
function row(name, value) {
  return h("div", { key: name }, h("dt", null, name), h("dd", null, value));
}
