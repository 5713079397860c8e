/** One match, scored by link (U27): the client whole, against a small server, with its own store and no log. */

import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore } from "../sync/memory.js";
import { wakingWire } from "../sync/picture.js";
import { openStore } from "../sync/store.js";
import { open } from "../touchline.js";
import { FakeClock, FakeServer, problem, SCORED, seededDice } from "./world.js";

const LINK = { secret: "tlm_secret", name: "Sam" };
const STORE = `touchline-score-${SCORED}`;
const offline = async () => Promise.reject(new TypeError("no line"));
let seed = 100;

/** A phone that has opened a scorer's link, and a server with one match. */
async function scoring({ wires = [] } = {}) {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  server.write("matches", SCORED, { title: "Reds v Blues" });
  const means = { origin: "http://club.example", fetch: server.fetch, clock, wires, locks: null, channel: null };
  await (await openStore(STORE)).erase();
  const door = await open({ ...means, store: new MemoryStore(), dice: seededDice(++seed) });
  const club = await door.score(LINK);
  await pass(clock, 1_000);
  const again = () => open({ ...means, matchId: SCORED, dice: seededDice(++seed) });
  return { clock, server, door, club, again };
}

/** Let time pass, in steps: IndexedDB takes its turns between. */
async function pass(clock, ms) {
  for (let step = 0; step < 20; step++) await clock.advance(ms / 20);
}

const pictures = (server) => server.requests.filter((each) => each.path.endsWith("/records"));

test("U27: a link opens a store of the match alone, beside whatever the phone holds of a club", async () => {
  const { server, door, club } = await scoring();
  assert.notEqual(club, door);
  assert.equal(door.account, null);
  assert.deepEqual([club.account.role, club.account.match_id, club.matchId], ["scorer", SCORED, SCORED]);
  assert.ok(club.account.ends_at > 0);
  assert.equal(club.get("matches", SCORED).title, "Reds v Blues");
  assert.equal(club.state.meta.cursor, server.head);
  assert.ok(!server.paths().some((path) => path === "pull" || path === "snapshot"), "a link reads no log");
  const { device_id } = server.requests.find((each) => each.path.endsWith("scorer")).body;
  assert.equal(club.state.meta.device_id, device_id);
  assert.equal(await club.score({ code: "4K7M-X2PQ", name: "Sam" }), club, "once more is the same match on the same phone");
  assert.equal(club.state.meta.device_id, device_id);
  await club.close();
});

test("U27: what is recorded without signal is stored, outlives the page, and is sent when the line is back", async () => {
  const { clock, server, club, again } = await scoring();
  server.before = offline;
  const goal = club.newId();
  await club.put("events", goal, { match_id: SCORED, kind: "goal" });
  await pass(clock, 2_000);
  assert.deepEqual([club.status.state, club.status.pending], ["offline", 1]);
  await club.close();
  const reloaded = await again();
  assert.equal(reloaded.get("events", goal).kind, "goal");
  assert.equal(reloaded.account.match_id, SCORED);
  server.before = async () => null;
  await pass(clock, 5_000);
  assert.deepEqual([reloaded.status.pending, server.log.at(-1).record], [0, goal]);
  assert.equal(reloaded.state.meta.cursor, server.head);
  assert.equal(reloaded.state.meta.acked, null);
  await reloaded.close();
});

test("an edit stays on top until the picture has passed its answer, and others' later words show then", async () => {
  const { clock, server, club } = await scoring();
  const note = club.newId();
  server.before = async ({ path }) => (path.endsWith("/records") ? problem(503, "unavailable") : null);
  await club.put("match_notes", note, { notes: "mine" });
  await pass(clock, 1_500);
  server.write("match_notes", note, { notes: "the coach's" });
  assert.deepEqual([club.status.pending, club.get("match_notes", note).notes], [0, "mine"]);
  server.before = async () => null;
  await pass(clock, 60_000);
  assert.equal(club.get("match_notes", note).notes, "the coach's");
  const made = await club.put("match_notes", note, { notes: "mine again" });
  assert.equal(made.base, server.head);
  assert.equal(made.after, server.log.at(-1).stamp, "it ranks after what it has seen");
  await club.close();
});

test("what is in the picture no more is gone, and what is unsent stays", async () => {
  const { clock, server, club } = await scoring();
  const [theirs, mine] = [club.newId(), club.newId()];
  server.write("players", theirs, { full_name: "Ada" });
  await pass(clock, 11_000);
  assert.equal(club.all("players").length, 1);
  server.before = async ({ path }) => (path.endsWith("push") ? problem(503, "unavailable") : null);
  await club.put("events", mine, { match_id: SCORED, kind: "goal" });
  server.log.splice(1, 1, { ...server.log[1], collection: "teams" });
  server.write("teams", club.newId(), { name: "Blues" });
  server.before = async ({ path }) => (path.endsWith("push") ? problem(403, "forbidden") : null);
  await pass(clock, 60_000);
  assert.deepEqual([club.all("players").length, club.all("teams").length, club.all("events").length], [0, 2, 1]);
  await club.close();
});

test("looking again costs a 304, and moves nothing", async () => {
  const { clock, server, club } = await scoring();
  const { revision } = club.state;
  const asked = pictures(server).length;
  await pass(clock, 35_000);
  const later = pictures(server).slice(asked);
  assert.equal(later.length, 3, "every 10 s where nothing wakes it");
  assert.ok(later.every((each) => each.headers["If-None-Match"] === `"${server.head}"`));
  assert.equal(club.state.revision, revision);
  await club.close();
});

test("a picture that could not be stored is asked for anew", async () => {
  const { clock, server, club } = await scoring();
  const { change } = club.state.store;
  server.write("match_notes", club.newId(), { notes: "new" });
  club.state.store.change = async () => Promise.reject(new Error("full"));
  await pass(clock, 11_000);
  club.state.store.change = change.bind(club.state.store);
  await pass(clock, 60_000);
  assert.equal(club.all("match_notes").length, 1);
  await club.close();
});

test("a match's feed wakes it: what it tells is asked for, and its own cursor counts for nothing", async () => {
  let heard;
  const inner = { name: "socket", open: (opening, told) => ((heard = { opening, ...told }), { close() {}, renew: (token) => (heard.renewed = token) }) };
  const { clock, server, club } = await scoring({ wires: [wakingWire(inner)] });
  assert.deepEqual(Object.keys(heard.opening).sort(), ["protocol", "token"]);
  heard.frame({ type: "hello", cursor: "0.6b1d0c5f2e7a9384", heartbeat_s: 30, expires_in: 120 });
  heard.frame({ type: "snapshot", cursor: "0.6b1d0c5f2e7a9384", match: {} });
  await pass(clock, 1_000);
  assert.equal(club.status.state, "live");
  server.write("events", club.newId(), { match_id: SCORED, kind: "goal" });
  heard.frame({ type: "event_logged", cursor: "1.6b1d0c5f2e7a9384" });
  heard.frame({ type: "heartbeat", cursor: "1.6b1d0c5f2e7a9384" });
  await pass(clock, 1_000);
  assert.equal(club.all("events").length, 1);
  assert.equal(club.status.state, "live", "the line stays open");
  const asked = pictures(server).length;
  await pass(clock, 20_000);
  assert.equal(pictures(server).length, asked, "the poll rests");
  heard.frame({ type: "heartbeat", cursor: "1.6b1d0c5f2e7a9384" });
  await pass(clock, 58_000);
  assert.ok(heard.renewed, "a fresh token goes before the one that was shown ends");
  await club.close();
});

test("a server restored from a backup gets back what it had acknowledged to a scorer", async () => {
  const { clock, server, club } = await scoring();
  const backup = [server.log.slice(), new Map(server.outcomes)];
  const goal = club.newId();
  await club.put("events", goal, { match_id: SCORED, kind: "goal" });
  await pass(clock, 1_000);
  [server.log, server.outcomes] = backup;
  server.log.push({ version: 2, tag: "00000000000000bb", collection: "teams", record: club.newId(), stamp: "", fields: {} });
  await pass(clock, 60_000);
  assert.ok(server.log.some((each) => each.record === goal));
  assert.deepEqual([club.status.pending, club.state.meta.cursor, club.state.meta.phase], [0, server.head, "pulling"]);
  await club.close();
});

test("a link that ended: what is pushed late goes to the coach, and what cannot go there can be taken away", async () => {
  const { clock, server, club } = await scoring();
  server.before = offline;
  const [early, late] = [club.newId(), club.newId()];
  await club.put("events", early, { match_id: SCORED, kind: "goal" });
  await club.put("events", late, { match_id: SCORED, kind: "goal" });
  await pass(clock, 1_000);
  server.before = async ({ path, body }) =>
    problem(403, "access_ended", { forget: true, kept: path.endsWith("push") ? body.mutations.filter(({ record }) => record === early).map(({ n }) => n) : [] });
  await pass(clock, 10_000);
  assert.deepEqual([club.status.state, club.status.pending], ["ended", 1]);
  assert.equal(club.get("matches", SCORED), undefined);
  assert.deepEqual(club.export().mutations.map((each) => each.mutation.record), [late]);
  server.before = async () => null;
  await club.score(LINK);
  await pass(clock, 2_000);
  assert.deepEqual([club.status.state, club.status.pending], ["idle", 0], "a new link sends it after all");
  assert.equal(club.get("matches", SCORED).title, "Reds v Blues");
  await club.close();
});
