/** The app's updates: a new version waits until the coach says so; without workers nothing breaks. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { keepUpdated, LOOK_EACH_MS, shippedConfig } from "../app/updates.js";

const settled = () => new Promise((resolve) => setImmediate(resolve));

class Worker extends EventTarget {
  state = "installing";
  /** @type {unknown[]} */
  said = [];
  postMessage(data) {
    this.said.push(data);
  }
  become(state) {
    this.state = state;
    this.dispatchEvent(new Event("statechange"));
  }
}

class Registration extends EventTarget {
  waiting = null;
  installing = null;
  updates = 0;
  async update() {
    this.updates += 1;
    if (this.isOffline) throw new TypeError("no signal");
  }
  /** A new version comes. */
  find() {
    this.installing = new Worker();
    this.dispatchEvent(new Event("updatefound"));
    return this.installing;
  }
}

class Workers extends EventTarget {
  registered = [];
  constructor(registration, controller) {
    super();
    Object.assign(this, { registration, controller });
  }
  async register(address, options) {
    this.registered.push({ address, ...options });
    if (!this.registration) throw new DOMException("a private window", "SecurityError");
    return this.registration;
  }
  hand(controller) {
    this.controller = controller;
    this.dispatchEvent(new Event("controllerchange"));
  }
}

/** A page with workers; `told` counts what the coach was told, `loads` how often the page was loaded anew. */
async function page({ registration = new Registration(), controller = new Worker(), isWithout = false } = {}) {
  const workers = isWithout ? undefined : new Workers(registration, controller);
  const shown = Object.assign(new EventTarget(), { visibilityState: "visible" });
  const seen = { told: 0, loads: 0, timers: [] };
  const means = { workers, page: shown, reload: () => (seen.loads += 1), every: (look, ms) => seen.timers.push([look, ms]) };
  const updates = keepUpdated(() => (seen.told += 1), means);
  await settled();
  return { seen, updates, workers, registration, shown };
}

test("the worker is registered for the whole app, past the browser's cache", async () => {
  const { workers, seen } = await page();
  assert.deepEqual(workers.registered, [{ address: "/sw.js", scope: "/", updateViaCache: "none" }]);
  assert.equal(seen.told, 0);
});

test("the first version waits for nobody", async () => {
  const { seen, workers, registration } = await page({ controller: null });
  const first = registration.find();
  first.become("installed");
  first.become("activated");
  workers.hand(first);
  assert.deepEqual([seen.told, seen.loads], [0, 0]);
});

test("a new version waits, is told once, and takes over when the coach says so", async () => {
  const { seen, updates, workers, registration } = await page();
  const next = registration.find();
  next.become("installed");
  registration.waiting = next;
  assert.equal(seen.told, 1);
  assert.deepEqual(next.said, []);
  updates.takeOver();
  updates.takeOver();
  await settled();
  assert.deepEqual(next.said, [{ type: "take_over" }]);
  assert.equal(seen.loads, 0);
  workers.hand(next);
  assert.deepEqual([seen.told, seen.loads], [1, 1]);
});

test("a version that waits since before this page is told at once", async () => {
  const registration = new Registration();
  registration.waiting = new Worker();
  assert.equal((await page({ registration })).seen.told, 1);
});

test("an update that began before anybody listened is told too", async () => {
  const registration = new Registration();
  registration.installing = new Worker();
  const { seen } = await page({ registration });
  registration.installing.become("installed");
  assert.equal(seen.told, 1);
});

test("an update that fails is not told", async () => {
  const { seen, registration } = await page();
  registration.find().become("redundant");
  assert.equal(seen.told, 0);
});

test("where another page took it over, this one goes on, is told, and loads when the coach says so", async () => {
  const { seen, updates, workers } = await page();
  workers.hand(new Worker());
  assert.deepEqual([seen.told, seen.loads], [1, 0]);
  updates.takeOver();
  await settled();
  assert.equal(seen.loads, 1);
});

test("it looks when the page is shown and every hour, and bears having no signal", async () => {
  const { seen, updates, registration, shown } = await page();
  shown.dispatchEvent(new Event("visibilitychange"));
  await settled();
  assert.equal(registration.updates, 1);
  shown.visibilityState = "hidden";
  shown.dispatchEvent(new Event("visibilitychange"));
  await settled();
  assert.equal(registration.updates, 1);
  const [[look, ms]] = seen.timers;
  assert.deepEqual([ms, LOOK_EACH_MS], [3_600_000, 3_600_000]);
  registration.isOffline = true;
  look();
  await updates.look();
  assert.equal(registration.updates, 3);
});

test("without workers, or where they are refused, the page works and a reload is a reload", async () => {
  for (const given of [{ isWithout: true }, { registration: null, controller: null }]) {
    const { seen, updates } = await page(given);
    await updates.look();
    updates.takeOver();
    await settled();
    assert.deepEqual([seen.told, seen.loads], [0, 1]);
  }
});

test("the config that came with the version, where one is kept", async () => {
  assert.equal(await shippedConfig(), undefined);
  for (const [match, expected] of [
    [async (address) => (address === "/api/sync/config" ? Response.json({ protocol: { max: 1 } }) : undefined), { protocol: { max: 1 } }],
    [async () => undefined, undefined],
    [async () => Promise.reject(new DOMException("refused", "SecurityError")), undefined],
  ]) {
    globalThis.caches = /** @type {any} */ ({ match });
    assert.deepEqual(await shippedConfig(), expected);
  }
  delete globalThis.caches;
});
