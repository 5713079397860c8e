/**
 * Drives the client's pure steps from another process, one JSON line in and one out, so that the reference device in
 * Python and this client can be led through the same story and compared (tests/web/twin.py).
 */

import { createInterface } from "node:readline";
import { CONFLICTS, readCatalogue, shown, View } from "../sync/overlay.js";
import { MemoryStore } from "../sync/memory.js";
import { forgetKept, make, overlay } from "../sync/outbox.js";
import { needsSnapshot, pulled, pullQuery } from "../sync/pull.js";
import { beginSync, nextPush, pushed, wake } from "../sync/push.js";
import { diverged, expired, forked } from "../sync/recovery.js";
import { snapshotTaken } from "../sync/snapshot.js";
import { Draft, newMeta, State } from "../sync/state.js";
import { Records } from "../sync/records.js";

const MIRRORED = ["device_id", "next_n", "cursor", "acked", "past", "origins", "phase"];

const devices = new Map();
let catalogue = new Map();
/** Pushes and queries keep their identity over the wire by a number. */
const sent = new Map();

const steps = {
  catalogue: ({ config }) => void (catalogue = readCatalogue(config)),
  async open({ device, state }) {
    const opened = { state: new State(new MemoryStore(), newMeta(state.device_id)), run: null };
    devices.set(device, opened);
    await load(opened, state);
    opened.run = wake(new Draft(opened.state.picture));
  },
  load: ({ device, state }) => load(devices.get(device), state),
  close: ({ device }) => void devices.delete(device),
  make: ({ device, edit }) => step(device, (draft) => make(draft, edit)),
  beginSync: ({ device }) => beginSync(devices.get(device).run),
  async nextPush({ device, key, ...limits }) {
    const push = await step(device, (draft, run) => nextPush(draft, run, limits));
    if (push) sent.set(`${device}/${key}`, push);
    return push;
  },
  pushed: ({ device, key, answer }) => step(device, (draft, run) => pushed(draft, run, sent.get(`${device}/${key}`), answer)),
  forked: ({ device, key, held, newId }) =>
    step(device, (draft, run) => forked(draft, run, sent.get(`${device}/${key}`), held, newId)),
  forgetKept: ({ device, nowMs }) => step(device, (draft) => forgetKept(draft, nowMs)),
  pullQuery: ({ device }) => pullQuery(devices.get(device).state.meta, devices.get(device).run),
  needsSnapshot: ({ device }) => needsSnapshot(devices.get(device).state.meta, devices.get(device).run),
  pulled: ({ device, query, answer }) => step(device, (draft, run) => pulled(draft, run, query, answer)),
  diverged: ({ device, common }) => step(device, (draft, run) => diverged(draft, run, common)),
  expired: ({ device, told }) => step(device, (draft, run) => expired(draft, run, told)),
  snapshotTaken: ({ device, pages }) => step(device, (draft, run) => snapshotTaken(draft, run, pages)),
  overlay: ({ device }) => [...overlay(new Draft(devices.get(device).state.picture))].map((made) => made.mutation.n),
  view: ({ device }) => {
    const view = viewOf(device);
    return Object.fromEntries([...catalogue.keys()].map((name) => [name, Object.fromEntries(view.all(name))]));
  },
  conflicts: ({ device }) => viewOf(device).conflicts(),
  shown: ({ device }) => dumpRecords(shown(devices.get(device).state.picture)),
};

function viewOf(device) {
  return new View(shown(devices.get(device).state.picture), catalogue);
}

function step(device, act) {
  const { state, run } = devices.get(device);
  return state.change((draft) => act(draft, run));
}

/** Store a device's whole state, in the form in which the reference device stores it. */
async function load({ state }, { records, made, ...meta }) {
  await state.change((draft) => {
    Object.assign(draft.meta, meta);
    for (const each of draft.made()) draft.forget(each.mutation.n);
    const all = new Records();
    for (const [name, found] of Object.entries(records))
      for (const [id, held] of Object.entries(found)) all.set(name, id, held);
    draft.replaceRecords(all);
  });
  await state.change((draft) => made.forEach((each) => draft.setMade(each)));
}

function dump({ state }) {
  const { meta, records, made } = state.picture;
  const own = Object.fromEntries(MIRRORED.map((name) => [name, meta[name]]));
  return { ...own, records: dumpRecords(records), made: [...made.values()] };
}

function dumpRecords(records) {
  const names = [...records.collections()].filter((name) => name !== CONFLICTS || [...records.of(name)].length);
  return Object.fromEntries(names.map((name) => [name, Object.fromEntries(records.of(name))]));
}

for await (const line of createInterface({ input: process.stdin })) {
  const asked = JSON.parse(line);
  let told;
  try {
    const result = await steps[asked.do](asked);
    told = { result: result ?? null, state: asked.wantsState ? dump(devices.get(asked.device)) : null };
  } catch (error) {
    told = { fault: error.name, message: String(error.stack) };
  }
  process.stdout.write(`${JSON.stringify(told)}\n`);
}
