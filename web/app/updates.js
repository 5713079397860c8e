/**
 * The app's own updates: a service worker keeps the app's files on this device, and a new version waits until the coach
 * says so, never in the middle of a match. Where there are no workers (a private window, plain http) nothing is kept and
 * nothing waits: the next load is the new version.
 *
 *     const updates = keepUpdated(() => tell("There is a new version"));
 *     button.onclick = () => updates.takeOver();
 */

/** Milliseconds between two looks for a new version while the page is open. */
export const LOOK_EACH_MS = 3_600_000;
/** Where the worker is, and what it takes care of. */
const WORKER = "/sw.js";
const SCOPE = "/";
const CONFIG = "/api/sync/config";

/**
 * @typedef {object} Means what the browser gives; tests give their own
 * @property {ServiceWorkerContainer | undefined} workers undefined where pages may have none
 * @property {Document} page
 * @property {() => void} reload
 * @property {(look: () => void, ms: number) => unknown} every
 */
/**
 * @typedef {object} Updates
 * @property {() => Promise<void>} look asks the server for a new version; without signal nothing happens
 * @property {() => void} takeOver has the version that waits take over, and loads the page anew, once
 */

/** @returns {Means} */
function browser() {
  return {
    workers: navigator.serviceWorker,
    page: document,
    reload: () => location.reload(),
    every: (look, ms) => setInterval(look, ms),
  };
}

/**
 * Keep the app on this device, and say when a new version waits. May say so again when another page took it over.
 * @param {() => void} onWaiting
 * @param {Means} [means]
 * @returns {Updates}
 */
export function keepUpdated(onWaiting, { workers, page, reload, every } = browser()) {
  if (!workers) return { look: async () => {}, takeOver: reload };
  const container = workers;
  /** @type {Promise<ServiceWorkerRegistration | undefined>} */
  const registered = container.register(WORKER, { scope: SCOPE, updateViaCache: "none" }).catch(() => undefined);
  let wasControlled = Boolean(container.controller);
  let isTakingOver = false;

  async function look() {
    const registration = await registered;
    await registration?.update().catch(() => {});
  }

  async function takeOver() {
    if (isTakingOver) return;
    isTakingOver = true;
    const waiting = (await registered)?.waiting;
    if (waiting) waiting.postMessage({ type: "take_over" });
    else reload();
  }

  container.addEventListener("controllerchange", () => {
    if (isTakingOver) reload();
    else if (wasControlled) onWaiting(); // another page took it over; this one goes on with what it has loaded
    wasControlled = true;
  });
  page.addEventListener("visibilitychange", () => page.visibilityState === "visible" && void look());
  every(() => void look(), LOOK_EACH_MS);
  void registered.then((registration) => registration && tellWaiting(registration, container, onWaiting));
  return { look, takeOver: () => void takeOver() };
}

/**
 * Say that a version waits, now or later. The first one to be installed here waits for nobody.
 * @param {ServiceWorkerRegistration} registration
 * @param {ServiceWorkerContainer} container
 * @param {() => void} onWaiting
 */
function tellWaiting(registration, container, onWaiting) {
  if (registration.waiting && container.controller) onWaiting();
  const watch = () => {
    const coming = registration.installing;
    coming?.addEventListener("statechange", () => coming.state === "installed" && container.controller && onWaiting());
  };
  registration.addEventListener("updatefound", watch);
  watch(); // one may have begun before anybody listened
}

/**
 * Return what the server's `/api/sync/config` answered when this version was kept here, for `open({ config })`; undefined
 * where nothing is kept, and the server tells it.
 * @returns {Promise<any>}
 */
export async function shippedConfig() {
  const kept = await globalThis.caches?.match(CONFIG, { ignoreVary: true }).catch(() => undefined);
  return kept?.json();
}
