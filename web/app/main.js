/** Main: opens the club's data on this device and keeps the page drawn. The one module that meets the window. */

import { open } from "../touchline.js";
import { App } from "./app.js";
import { draw } from "./dom.js";
import { keepSafe } from "./parts/thisphone.js";
import { Prefs } from "./prefs.js";
import { readRoute } from "./route.js";
import { openScoring, SCORE } from "./scoring.js";
import { isTicking, shell } from "./shell.js";
import { keepUpdated, shippedConfig } from "./updates.js";

const TICK_MS = 1_000;
/** Milliseconds that the server has to say which collections there are, when the app is opened for the first time. */
const CONFIG_MS = 4_000;

/** Return what the app was shipped with of the server's collections; before it is kept here, what the server says. */
async function config() {
  const shipped = await shippedConfig();
  if (shipped) return shipped;
  const answer = await fetch("/api/sync/config", { signal: AbortSignal.timeout(CONFIG_MS) }).catch(() => null);
  return answer?.ok ? answer.json() : undefined;
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
  const isScoring = location.pathname === SCORE;
  const club = isScoring
    ? await openScoring(prefs, readRoute(location).secret ?? "", await config())
    : await open({ name: prefs.all.store ?? "touchline", config: await config() });
  let isAsked = false;
  const app = new App(club, prefs, () => {
    if (isAsked) return;
    isAsked = true;
    requestAnimationFrame(() => {
      isAsked = false;
      app.drawNow(() => draw(root, shell(app)));
      if (app.isNewPlace) beginAtTop();
      app.isNewPlace = false;
    });
  });
  app.enter(club);
  club.on("change", () => void keepSafe(app));
  addEventListener("popstate", () => app.arrive()); // the way back; the browser restores where it was scrolled to
  document.addEventListener("click", (event) => follow(app, event));
  setInterval(() => isTicking(app) && document.visibilityState === "visible" && app.redraw(), TICK_MS);
  const updates = keepUpdated(() => {
    app.hasUpdate = true;
    app.redraw();
  });
  app.takeOver = updates.takeOver;
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
