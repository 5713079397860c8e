/** Main: opens the club's data on this device and keeps the page drawn. The one module that meets the window. */

import { open } from "../touchline.js";
import { App } from "./app.js";
import { draw } from "./dom.js";
import { keepSafe } from "./parts/thisphone.js";
import { Prefs } from "./prefs.js";
import { isTicking, shell } from "./shell.js";

const TICK_MS = 1_000;

/** Milliseconds that the server has to tell which collections there are, before what was kept of that must do. */
const CONFIG_MS = 4_000;

/** Return what the server says of the collections; offline, what the service worker kept of it. */
async function readConfig() {
  const path = "/api/sync/config";
  try {
    const answer = await fetch(path, { signal: AbortSignal.timeout(CONFIG_MS) });
    if (answer.ok) return await answer.json();
  } catch {
    // No line: what was kept will do.
  }
  const kept = await globalThis.caches?.match(path).catch(() => undefined);
  return kept ? kept.json() : undefined;
}

/** @returns {Pick<Storage, "getItem" | "setItem"> | null} */
function habits() {
  try {
    return globalThis.localStorage;
  } catch {
    return null; // a browser may refuse even to name it
  }
}

/** Begin a screen at its top, for eyes and for a screen reader. */
function beginAtTop() {
  document.getElementById("main")?.focus({ preventScroll: true });
  scrollTo(0, 0);
}

/**
 * Follow a link to a screen: it begins at its top.
 * @param {App} app
 * @param {MouseEvent} event
 */
function follow(app, event) {
  if (event.defaultPrevented || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
  const link = /** @type {Element} */ (event.target).closest?.('a[href^="#/"]');
  if (!link) return;
  event.preventDefault();
  app.go(String(link.getAttribute("href")));
}

async function begin() {
  const root = /** @type {HTMLElement} */ (document.getElementById("app"));
  const prefs = new Prefs(habits());
  const name = prefs.all.store ?? "touchline";
  const club = await open({ name });
  if (club.view.catalogue.size === 0) club.know(await readConfig());
  let isAsked = false;
  const app = new App(club, prefs, () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      draw(root, shell(app));
      if (app.isNewPlace) beginAtTop();
      app.isNewPlace = false;
    });
  });
  club.on("change", app.redraw);
  club.on("change", () => void keepSafe(app));
  club.on("status", app.redraw);
  addEventListener("popstate", () => app.arrive()); // the way back; the browser restores where it was scrolled to
  document.addEventListener("click", (event) => follow(app, event));
  setInterval(() => isTicking(app) && document.visibilityState === "visible" && app.redraw(), TICK_MS);
  app.arrive();
  return app;
}

begin().catch((error) => {
  const root = /** @type {HTMLElement} */ (document.getElementById("app"));
  root.textContent = "";
  const words = document.createElement("p");
  words.className = "fatal";
  words.textContent = `Touchline cannot keep anything in this browser (${error?.message ?? error}). Leave private browsing, or free some space, and load the page again.`;
  root.append(words);
});
