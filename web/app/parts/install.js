/** The app on the home screen: asked of the browser where it can, and told in words where a person must do it. */

import { h } from "../dom.js";
import { icon } from "../icons.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {Event & {prompt: () => Promise<unknown>}} Offer */

/** @type {Offer | null} */
let offer = null;
globalThis.addEventListener?.("beforeinstallprompt", (event) => {
  event.preventDefault(); // asked when a person presses, not when the browser thinks of it
  offer = /** @type {Offer} */ (event);
});
globalThis.addEventListener?.("appinstalled", () => {
  offer = null;
});

/** @param {App} app */
export function installHint(app) {
  if (matchMedia("(display-mode: standalone)").matches) return null;
  const { standalone } = /** @type {{standalone?: boolean}} */ (navigator);
  if (standalone) return null;
  if (offer) {
    const press = async () => {
      const asked = offer;
      offer = null;
      await asked?.prompt();
      app.redraw();
    };
    return h(
      "button.button.calm.wide",
      { key: "install", type: "button", onclick: () => void app.attempt(press) },
      icon("plus"),
      "Put Touchline on the home screen",
    );
  }
  if (standalone === undefined) return null;
  return h(
    "p.card.install-hint",
    { key: "install" },
    icon("share"),
    h(
      "span",
      null,
      "Tap the share sign of the browser, then “Add to Home Screen”. Touchline then opens like an app, with or without signal, and the phone keeps its data.",
    ),
  );
}
