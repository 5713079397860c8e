/**
 * The app's service worker: keeps all files of one version on the device, and answers from them.
 *
 * The server writes the version and the list of files into it, so that any changed file makes another worker. A version
 * is kept whole or not at all: each file is checked by its hash, and where one fails, the version before goes on. Page
 * and modules come from the same version, always. A new version waits until the page says `take_over`. The API, live
 * sockets, the viewer's page and everything else pass by as if there were no worker.
 */

/** @typedef {Event & {waitUntil: (work: Promise<unknown>) => void}} LifeEvent */
/** @typedef {Event & {request: Request, respondWith: (answer: Promise<Response>) => void}} FetchEvent */

const VERSION = "{version}";
/**
 * Address -> the hash that its content has; no hash where the content depends on the server's settings.
 * @type {Record<string, string>}
 */
const FILES = /** @type {any} */ ("{files}");
const NAMED = "touchline-app-";
const CACHE = NAMED + VERSION;
/** The addresses of the app's page. */
const PAGES = ["/", "/join", "/score"];
/** What the page takes out of the cache by itself: requests for it are for the server. */
const LEFT_ALONE = "/api/";

const worker = /** @type {any} */ (self);

/**
 * Return the address under which the answer to a request is kept, null for a request that passes by.
 * @param {{method: string, mode: string, url: string}} request
 * @param {string} origin
 * @param {Record<string, string>} files
 */
function keptAt(request, origin, files) {
  const url = new URL(request.url);
  if (request.method !== "GET" || url.origin !== origin) return null;
  if (request.mode === "navigate") return PAGES.includes(url.pathname) ? "/" : null;
  if (url.pathname.startsWith(LEFT_ALONE)) return null;
  return url.pathname !== "/" && Object.hasOwn(files, url.pathname) ? url.pathname : null;
}

/** Fetch all that is not kept yet; an install that was cut off goes on where it was. */
async function keepAll() {
  const cache = await caches.open(CACHE);
  await Promise.all(Object.entries(FILES).map(([address, hash]) => keep(cache, address, hash)));
}

/** @param {Cache} cache @param {string} address @param {string} hash */
async function keep(cache, address, hash) {
  if (hash && (await cache.match(address, { ignoreVary: true }))) return;
  const answer = await fetch(address, { integrity: hash, cache: address.startsWith("/v/") ? "default" : "no-cache" });
  if (!answer.ok) throw new Error(`${address} was answered ${answer.status}`);
  await cache.put(address, answer);
}

async function dropOthers() {
  const names = await caches.keys();
  await Promise.all(names.filter((name) => name.startsWith(NAMED) && name !== CACHE).map((name) => caches.delete(name)));
}

/** @param {string} address @param {Request} request */
async function answerFrom(address, request) {
  const cache = await caches.open(CACHE);
  return (await cache.match(address, { ignoreVary: true })) ?? fetch(request);
}

worker.addEventListener("install", (/** @type {LifeEvent} */ event) => event.waitUntil(keepAll()));
worker.addEventListener("activate", (/** @type {LifeEvent} */ event) => event.waitUntil(dropOthers()));
worker.addEventListener("fetch", (/** @type {FetchEvent} */ event) => {
  const address = keptAt(event.request, worker.location.origin, FILES);
  if (address !== null) event.respondWith(answerFrom(address, event.request));
});
worker.addEventListener("message", (/** @type {MessageEvent} */ event) => {
  if (event.data?.type === "take_over") worker.skipWaiting();
});
