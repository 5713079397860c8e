/** What was just made and is told once: an address, large, with the ways to hand it on. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { handOver } from "./files.js";

/** @typedef {import("../app.js").App} App */

/**
 * @param {App} app
 * @param {{title: string, text?: string, url?: string}} what
 * @param {string} [words] on the button
 */
export function handButtons(app, what, words = "Share") {
  const copied = () => app.say("Copied.");
  return h(
    "div.row.hand-over",
    { key: "hand" },
    "share" in navigator &&
      h(
        "button.button",
        { key: "share", type: "button", onclick: () => void app.attempt(async () => (await handOver(what)) === "copied" && copied()) },
        icon("share"),
        words,
      ),
    h(
      "button.button.calm",
      {
        key: "copy",
        type: "button",
        onclick: () =>
          void app.attempt(
            async () => {
              await navigator.clipboard.writeText(what.url ?? what.text ?? "");
              copied();
            },
            () => "This browser copies nothing by itself. Press on the text for long, and copy it.",
          ),
      },
      icon("link"),
      "Copy",
    ),
  );
}

/**
 * Bring what was just made to the top of its sheet, for eyes and for a screen reader.
 * @param {HTMLElement} card
 */
export function bringUp(card) {
  card.scrollIntoView({ block: "start" });
  card.focus({ preventScroll: true });
}
