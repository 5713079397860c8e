/** The service worker: what it answers and what it lets pass, how a version is kept, and when it takes over. */

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { runInNewContext } from "node:vm";

const SOURCE = readFileSync(new URL("../sw.js", import.meta.url), "utf8");
const ORIGIN = "https://club.example";
const VERSION = "0123456789abcdef";
const MAIN = `/v/${VERSION}/app/main.js`;
const FILES = { "/": "sha256-page", [MAIN]: "sha256-main", "/icons/icon.svg": "sha256-icon", "/api/sync/config": "" };

/** The browser's caches, as far as the worker uses them. */
class Caches {
  /** @type {Map<string, Map<string, Response>>} */
  all = new Map();

  async open(name) {
    if (!this.all.has(name)) this.all.set(name, new Map());
    const kept = this.all.get(name);
    return {
      match: async (address) => kept.get(address)?.clone(),
      put: async (address, answer) => void kept.set(address, answer),
    };
  }

  keys = async () => [...this.all.keys()];
  delete = async (name) => this.all.delete(name);
}

/** Start a worker as the server writes it; the server's side is `serve`. */
function start({ serve = (address) => new Response(`server: ${address}`), caches = new Caches(), version = VERSION, files = FILES } = {}) {
  const listeners = {};
  const fetched = [];
  let skipped = 0;
  const self = {
    location: new URL(`${ORIGIN}/sw.js`),
    addEventListener: (name, listener) => (listeners[name] = listener),
    skipWaiting: () => (skipped += 1),
  };
  const fetch = async (asked, init) => {
    fetched.push({ address: asked.url ?? asked, ...init });
    return serve(asked.url ?? asked, init);
  };
  const source = SOURCE.replaceAll("{version}", version).replace('"{files}"', JSON.stringify(files));
  const context = { self, caches, fetch, URL, Object, Promise, Error };
  const keptAt = runInNewContext(`${source}\nkeptAt;`, context);
  const live = async (name) => {
    let work;
    listeners[name]({ waitUntil: (given) => (work = given) });
    await work;
  };
  const ask = (url, { method = "GET", mode = "no-cors" } = {}) => {
    let answer = null;
    listeners.fetch({ request: { method, mode, url: new URL(url, ORIGIN).href }, respondWith: (given) => (answer = given) });
    return answer;
  };
  return { caches, fetched, keptAt, live, ask, say: (data) => listeners.message({ data }), skipped: () => skipped };
}

const text = async (answer) => (await answer).text();

test("which request is answered from where", () => {
  const { keptAt } = start();
  const at = (url, method = "GET", mode = "no-cors") => keptAt({ method, mode, url: new URL(url, ORIGIN).href }, ORIGIN, FILES);
  for (const page of ["/", "/join", "/score", "/join#tli_abc", "/score?fbclid=1#tlm_abc", "/#/new", "/?source=pwa"])
    assert.equal(at(page, "GET", "navigate"), "/", page);
  assert.equal(at(MAIN), MAIN);
  assert.equal(at(MAIN, "GET", "cors"), MAIN);
  assert.equal(at("/icons/icon.svg"), "/icons/icon.svg");
  for (const page of ["/m", "/m/", "/m/#tls_abc", "/docs", "/joined", "/api", "/metrics", MAIN, "/icons/icon.svg"])
    assert.equal(at(page, "GET", "navigate"), null, page);
  for (const other of ["/", "/api/sync/config", "/api/sync/pull", "/ws/sync", "/health/live", "/v/fedcba9876543210/app/main.js",
    "/v/0123456789abcdef/viewer/page.js", "/icons/other.svg", "/toString", "/constructor", "/sw.js"])
    assert.equal(at(other), null, other);
  assert.equal(at(MAIN, "HEAD"), null);
  assert.equal(at("/", "POST", "navigate"), null);
  assert.equal(at(`https://elsewhere.example${MAIN}`), null);
  assert.equal(at("http://club.example/", "GET", "navigate"), null);
});

test("a version is kept whole, each file checked by its hash, and answers without a server", async () => {
  const worker = start();
  await worker.live("install");
  assert.deepEqual([...worker.caches.all.keys()], [`touchline-app-${VERSION}`]);
  const asked = Object.fromEntries(worker.fetched.map(({ address, integrity, cache }) => [address, [integrity, cache]]));
  assert.deepEqual(asked, {
    "/": ["sha256-page", "no-cache"],
    [MAIN]: ["sha256-main", "default"],
    "/icons/icon.svg": ["sha256-icon", "no-cache"],
    "/api/sync/config": ["", "no-cache"],
  });
  await worker.live("activate");
  assert.equal(await text(worker.ask("/score", { mode: "navigate" })), "server: /");
  assert.equal(await text(worker.ask(MAIN)), `server: ${MAIN}`);
  assert.equal(worker.fetched.length, 4);
  assert.equal(worker.ask("/api/sync/config"), null);
});

test("an install that fails leaves the version before, and goes on where it was", async () => {
  const older = start({ version: "0000000000000000", files: { "/": "sha256-old" } });
  await older.live("install");
  const { caches } = older;
  for (const serve of [
    (address) => (address === MAIN ? new Response("gone", { status: 404 }) : new Response(`new: ${address}`)),
    (address) => (address === MAIN ? Promise.reject(new TypeError("no signal")) : new Response(`new: ${address}`)),
  ]) {
    await assert.rejects(start({ caches, serve }).live("install"));
    assert.equal(await text(older.ask("/", { mode: "navigate" })), "server: /");
  }
  const again = start({ caches, serve: (address) => new Response(`new: ${address}`) });
  await again.live("install");
  assert.deepEqual(again.fetched.map(({ address }) => address).sort(), ["/api/sync/config", MAIN].sort());
  assert.equal(await text(older.ask("/", { mode: "navigate" })), "server: /");
  await again.live("activate");
  assert.deepEqual([...caches.all.keys()], [`touchline-app-${VERSION}`]);
  assert.equal(await text(again.ask("/", { mode: "navigate" })), "new: /");
});

test("the caches of others are left alone", async () => {
  const caches = new Caches();
  await caches.open("somebody-elses");
  await caches.open("touchline-app-0000000000000000");
  await start({ caches }).live("activate");
  assert.deepEqual([...caches.all.keys()], ["somebody-elses"]);
});

test("what the browser threw away is fetched from the server", async () => {
  const worker = start();
  assert.equal(await text(worker.ask(MAIN)), `server: ${ORIGIN}${MAIN}`);
});

test("it takes over when the page says so, and never by itself", async () => {
  const worker = start();
  await worker.live("install");
  await worker.live("activate");
  for (const said of [undefined, null, "take_over", { type: "other" }]) worker.say(said);
  assert.equal(worker.skipped(), 0);
  worker.say({ type: "take_over" });
  assert.equal(worker.skipped(), 1);
});
