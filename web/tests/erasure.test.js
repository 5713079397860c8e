/** What a device forgets when somebody was erased: the fold, its own edits, in every tab and in both stores. */

import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryStore, Shelf } from "../sync/memory.js";
import { KEPT_MS } from "../sync/messages.js";
import { forgetKept, make } from "../sync/outbox.js";
import { pictured } from "../sync/picture.js";
import { pulled } from "../sync/pull.js";
import { nextPush, pushed, wake } from "../sync/push.js";
import { refusedIn } from "../sync/quarantine.js";
import { snapshotTaken } from "../sync/snapshot.js";
import { newMeta, State } from "../sync/state.js";
import { openStore } from "../sync/store.js";
import { open } from "../touchline.js";
import { FakeClock, FakeServer, NOW_MS, seededDice } from "./world.js";

const DEVICE = "de000000-0000-4000-8000-00000000000a";
const NAME = "Mira Okonkwo-Lindqvist";
const STAMP = "f".repeat(48);
let count = 0;

/** What opens a tab, and what reads all that lies in the store. */
const STORES = {
  memory() {
    const shelf = new Shelf();
    return {
      open: async () => new MemoryStore(shelf),
      dump: async () => JSON.stringify([shelf.meta, ...shelf.records, ...shelf.made, ...shelf.kept]),
    };
  },
  indexeddb() {
    const name = `erasure-${++count}`;
    return { open: () => openStore(name), dump: () => dumpOf(name) };
  },
};

/** Read every object store of a database whole, as text. */
async function dumpOf(name) {
  const { db } = await openStore(name);
  const tx = db.transaction([...db.objectStoreNames]);
  const all = [...db.objectStoreNames].map(
    (each) => new Promise((resolve, reject) => {
      const asked = tx.objectStore(each).getAll();
      asked.onsuccess = () => resolve(asked.result);
      asked.onerror = () => reject(asked.error);
    }),
  );
  const found = JSON.stringify(await Promise.all(all));
  db.close();
  return found;
}

const cursorOf = (version) => `${version}.${version.toString(16).padStart(16, "0")}`;

/** A device with a log that the test writes. */
async function device(kind) {
  const { open: openOne, dump } = STORES[kind]();
  const tab = async () => {
    const state = new State(await openOne(), newMeta(DEVICE));
    await state.refresh();
    return state;
  };
  const state = await tab();
  let run = null;
  const step = (act) => state.change((draft) => act(draft, (run ??= wake(draft))));
  let version = 0;
  const row = (collection, record, more) => ({ version: ++version, collection, record, stamp: STAMP, tag: cursorOf(version).split(".")[1], ...more });
  return {
    state,
    tab,
    dump,
    step,
    row,
    head: () => cursorOf(version),
    hear: (...changes) =>
      step((draft, at) => {
        const since = at.pullCursor;
        pulled(draft, at, { since, acked: draft.meta.acked }, { changes, timestamp: cursorOf(version), more: false });
      }),
    edit: (collection, record, fields, more = {}) =>
      step((draft) => make(draft, { op: "put", collection, record, wall: 1, fields, ...more })),
    /** Push all that waits, and answer it. */
    push: (others = () => ({ verdict: "applied" })) =>
      step((draft, at) => {
        at.syncCount += 1;
        const push = nextPush(draft, at, { sentAt: NOW_MS });
        const verdicts = push.mutations.map((each) => ({ n: each.n, stamp: STAMP, ...others(each) }));
        pushed(draft, at, push, { applied: [], others: verdicts, version, timestamp: cursorOf(version), server_time: NOW_MS, correction: 0 });
        return push.mutations;
      }),
    made: () => [...state.picture.made.values()].map((each) => each.mutation.n),
    sweep: (at = NOW_MS) => step((draft) => forgetKept(draft, at)),
  };
}

const PLAYER = { full_name: NAME, squad_number: 9, notes: "Asthma, inhaler in the blue bag" };

for (const kind of Object.keys(STORES))
  describe(kind, () => {
    test("a redacted change replaces what was held: nothing of the old is in the store, nor in another tab", async () => {
      const mine = await device(kind);
      const other = await mine.tab();
      await mine.hear(mine.row("players", "p", { fields: PLAYER }), mine.row("events", "e", { fields: { kind: "goal", notes: `By ${NAME}` } }));
      assert.match(await mine.dump(), /Okonkwo/);
      await mine.hear(
        mine.row("players", "p", { deleted: true, redacted: true }),
        mine.row("events", "e", { fields: { kind: "goal", notes: "By …" }, redacted: true }),
      );
      await other.refresh();
      for (const state of [mine.state, other, await mine.tab()]) {
        assert.deepEqual(state.picture.records.get("players", "p").values, {});
        assert.ok(state.picture.records.get("players", "p").deleted);
        assert.deepEqual(state.picture.records.get("events", "e").values, { kind: "goal", notes: "By …" });
      }
      assert.doesNotMatch(await mine.dump(), /Okonkwo|inhaler/);
    });

    test("own settled edits of the record are forgotten at once, in every tab, and so are those not sent yet", async () => {
      const mine = await device(kind);
      const other = await mine.tab();
      const created = mine.row("players", "p", { fields: PLAYER });
      await mine.edit("players", "p", PLAYER);
      await mine.edit("matches", "m", { title: "Reds v Blues" });
      await mine.push();
      await mine.hear(created);
      await mine.edit("players", "p", { notes: "Moved to Umeå in spring" });
      await other.refresh();
      await mine.hear(mine.row("players", "p", { deleted: true, redacted: true }));
      await other.refresh();
      assert.deepEqual(mine.made(), [2]);
      assert.deepEqual([...other.picture.made.keys()], [2]);
      assert.equal(mine.state.meta.let_go, 1); // one of the two was never sent: its author is told
      assert.doesNotMatch(await mine.dump(), /Okonkwo|inhaler|Umeå/);
    });

    test("a record that is only redacted keeps the edits that wait: they go once they are settled", async () => {
      const mine = await device(kind);
      await mine.hear(mine.row("events", "e", { fields: { notes: `Well done ${NAME}` } }));
      await mine.edit("events", "e", { notes: `Well done, ${NAME}!` });
      await mine.hear(mine.row("events", "e", { fields: { notes: "Well done …" }, redacted: true }));
      assert.deepEqual(mine.made(), [1]);
      await mine.push();
      await mine.hear(mine.row("events", "e", { fields: { notes: "Well done, …!" } }));
      await mine.sweep();
      assert.deepEqual(mine.made(), []);
      assert.doesNotMatch(await mine.dump(), /Okonkwo/);
    });

    test("a note elsewhere that names who was erased goes with the redacted change of its record", async () => {
      const mine = await device(kind);
      await mine.hear(mine.row("players", "p", { fields: PLAYER }));
      await mine.edit("matches", "m1", { notes: `${NAME} was late` });
      await mine.edit("matches", "m2", { notes: "It rained" });
      await mine.push();
      await mine.hear(mine.row("matches", "m1", { fields: { notes: `${NAME} was late` } }), mine.row("matches", "m2", { fields: { notes: "It rained" } }));
      await mine.hear(
        mine.row("players", "p", { deleted: true, redacted: true, more: true }),
        mine.row("matches", "m1", { fields: { notes: "… was late" }, redacted: true }),
      );
      assert.deepEqual(mine.made(), [2]);
      assert.doesNotMatch(await mine.dump(), /okonkwo/i);
      await mine.sweep(NOW_MS + KEPT_MS); // and the other went when its time came
      assert.deepEqual(mine.made(), []);
    });

    test("an edit that was refused since its record was erased is neither kept nor asked about", async () => {
      const mine = await device(kind);
      await mine.edit("players", "p", PLAYER);
      await mine.push(() => ({ verdict: "rejected", code: "erased", sentence: "It was erased." }));
      assert.deepEqual(mine.made(), []);
      assert.deepEqual(refusedIn(mine.state.picture, mine.state.picture.records), []);
      assert.equal(mine.state.meta.let_go, 1);
      assert.doesNotMatch(await mine.dump(), /Okonkwo/);
      assert.equal((await mine.edit("matches", "m", { title: "t" })).n, 2); // a counter is not given twice
    });

    test("what was applied without a name in it is not kept as it was written: it goes once the cleaned one is shown", async () => {
      const mine = await device(kind);
      await mine.edit("matches", "m", { notes: NAME });
      await mine.edit("matches", "n", { notes: "It rained" });
      await mine.push(({ n }) => ({ verdict: "applied", ...(n === 1 && { code: "cleaned", sentence: "Its name was taken out." }) }));
      assert.equal(mine.state.meta.let_go, undefined);
      await mine.hear(
        mine.row("matches", "m", { fields: { notes: "…" }, redacted: true }),
        mine.row("matches", "n", { fields: { notes: "It rained" } }),
      );
      await mine.sweep();
      assert.deepEqual(mine.made(), [2]);
      assert.doesNotMatch(await mine.dump(), /Okonkwo/);
    });

    test("what was parked about it goes with the server's word; one of a group is sent, so that the others are answered", async () => {
      const mine = await device(kind);
      await mine.edit("players", "p", { notes: NAME });
      await mine.push(() => ({ verdict: "parked" }));
      const group = { id: "9".repeat(8), count: 2 };
      await mine.edit("players", "p", { notes: `${NAME} two` }, { group });
      await mine.edit("matches", "m", { title: "t" }, { group });
      await mine.hear(mine.row("players", "p", { deleted: true, redacted: true }));
      assert.deepEqual(mine.made(), [1, 2, 3]);
      assert.equal(mine.state.picture.made.get(2).mutation.fields, undefined); // it was never sent, so nobody knows what it was
      assert.equal(mine.state.picture.made.get(1).mutation.fields.notes, NAME);
      await mine.push(({ collection }) => ({ verdict: "rejected", code: collection === "players" ? "erased" : "group_rejected" }));
      assert.deepEqual(mine.made(), [3]);
      assert.doesNotMatch(await mine.dump(), /Okonkwo/);
    });

    test("the answer to a push that was under way when its record was erased is taken, and the rest of it counts", async () => {
      const mine = await device(kind);
      await mine.edit("players", "p", PLAYER);
      await mine.edit("matches", "m", { title: "t" });
      const push = await mine.step((draft, run) => nextPush(draft, run, { sentAt: NOW_MS }));
      await mine.hear(mine.row("players", "p", { deleted: true, redacted: true }));
      const others = push.mutations.map(({ n }) => ({ n, verdict: "applied", stamp: STAMP }));
      const answer = { applied: [], others, version: 1, timestamp: mine.head(), server_time: NOW_MS, correction: 0 };
      assert.ok(await mine.step((draft, run) => pushed(draft, run, push, answer)));
      assert.equal(mine.state.picture.made.get(2).verdict.verdict, "applied");
      await mine.sweep(); // had the second named who was erased, the server had said so
      assert.deepEqual(mine.made(), [2]);
      assert.doesNotMatch(await mine.dump(), /Okonkwo/);
    });

    test("the contents of conflicts go", async () => {
      const mine = await device(kind);
      const sides = { stands: { value: NAME }, candidates: [{ value: `${NAME} II`, device_id: DEVICE, n: 1 }] };
      await mine.hear(mine.row("conflicts", "c", { fields: { kind: "field", status: "open", field: "full_name", ...sides } }));
      const closed = { kind: "field", status: "superseded", field: "full_name", stands: null, candidates: [] };
      await mine.hear(mine.row("conflicts", "c", { fields: closed, redacted: true }));
      assert.deepEqual(mine.state.picture.records.get("conflicts", "c").values, closed);
      assert.doesNotMatch(await mine.dump(), /Okonkwo/);
    });

    test("with the contents of a conflict go own edits of what it asks about, and the one that was refused", async () => {
      const mine = await device(kind);
      await mine.edit("events", "e", { notes: "By Mira" });
      await mine.edit("matches", "m", { title: "t", wrong: "Mira" });
      await mine.edit("matches", "m2", { title: "t" });
      await mine.push(({ n }) => (n === 2 ? { verdict: "rejected", code: "unknown_field" } : { verdict: "applied" }));
      const closed = { status: "superseded", stands: null, candidates: [] };
      await mine.hear(
        mine.row("conflicts", "c1", { fields: { kind: "field", collection: "events", record: "e", field: "notes", ...closed }, redacted: true }),
        mine.row("conflicts", "c2", { fields: { kind: "rejected", collection: "matches", record: "x", field: `rejected/${DEVICE}/2`, ...closed }, redacted: true }),
      );
      assert.deepEqual(mine.made(), [3]);
      assert.doesNotMatch(await mine.dump(), /Mira/);
    });

    test("a snapshot tells it too, once: what is written after the erasure is kept as ever", async () => {
      const mine = await device(kind);
      await mine.hear(mine.row("players", "p", { fields: PLAYER }));
      await mine.edit("players", "p", { notes: `${NAME} is ill` });
      const tombstone = mine.row("players", "p", { deleted: true, redacted: true });
      const pages = [{ records: [tombstone], page: null, timestamp: mine.head(), until: mine.head() }];
      const takeSnapshot = () =>
        mine.step((draft, run) => {
          draft.meta.phase = "snapshot";
          snapshotTaken(draft, run, structuredClone(pages));
        });
      await takeSnapshot();
      assert.deepEqual(mine.made(), []);
      assert.doesNotMatch(await mine.dump(), /Okonkwo/);
      await mine.edit("matches", "m", { title: "t" });
      await takeSnapshot();
      assert.equal(mine.state.picture.made.get(2).is_redacted, false);
    });

    test("whoever scores by link gets it with the picture", async () => {
      const mine = await device(kind);
      const lay = (records) =>
        mine.step((draft, run) => pictured(draft, run, { since: draft.meta.cursor, acked: draft.meta.acked, past: [] }, { records, timestamp: mine.head() }));
      await lay([mine.row("players", "p", { fields: PLAYER })]);
      await mine.edit("players", "p", { full_name: `${NAME}!` });
      await lay([mine.row("players", "p", { deleted: true, redacted: true })]);
      assert.deepEqual(mine.made(), []);
      assert.doesNotMatch(await mine.dump(), /Okonkwo/);
    });
  });

test("of the client whole: the person is told how many edits were not kept, until they have seen it", async () => {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const shelf = new Shelf();
  const tab = (seed) => open({ origin: "http://club.example", store: new MemoryStore(shelf), fetch: server.fetch, clock, dice: seededDice(seed), wires: [], locks: null, channel: null });
  const club = await tab(1);
  await club.signIn({ email: "coach@club.example", password: "correct horse" });
  await clock.advance(1_000);
  server.write("players", "p", PLAYER);
  await clock.advance(60_000);
  assert.equal(club.get("players", "p").full_name, NAME);
  server.before = async () => Promise.reject(new TypeError("no line"));
  await club.put("players", "p", { notes: `${NAME} called` });
  await club.put("matches", "m", { title: "Reds v Blues" });
  await clock.advance(1_000);
  server.erase("players", "p");
  server.before = async () => null;
  await clock.advance(10 * 60_000);
  assert.equal(club.get("players", "p"), undefined);
  assert.deepEqual(club.get("matches", "m"), { title: "Reds v Blues" });
  assert.ok(server.log.some((each) => each.record === "m"));
  assert.deepEqual([club.status.pending, club.status.let_go, club.quarantine().length], [0, 1, 0]);
  assert.doesNotMatch(JSON.stringify([shelf.meta, ...shelf.records, ...shelf.made]), /Okonkwo/);
  await club.noted();
  assert.equal(club.status.let_go, 0);
  assert.equal((await tab(2)).status.let_go, 0);
});
