/** One contract, and every store that there is. */

import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { MemoryStore, Shelf } from "../sync/memory.js";
import { make } from "../sync/outbox.js";
import { Records } from "../sync/records.js";
import { newMeta, State } from "../sync/state.js";
import { openStore, StoreFault } from "../sync/store.js";

const DEVICE = "de000000-0000-4000-8000-00000000000a";
const HELD = { values: { title: "t" }, deleted: false, stamp: "s", version: 1 };
let count = 0;

const STORES = {
  memory() {
    const shelf = new Shelf();
    return async () => new MemoryStore(shelf);
  },
  indexeddb() {
    const name = `test-${++count}`;
    return () => openStore(name);
  },
};

/** Return what opens one more tab on the same data. */
function tabs(kind) {
  const open = STORES[kind]();
  return async () => {
    const state = new State(await open(), newMeta(DEVICE));
    await state.refresh();
    return state;
  };
}

const put = (state, record, fields = { title: "t" }) =>
  state.change((draft) => make(draft, { op: "put", collection: "matches", record, wall: 1, fields }));
const made = (state) => [...state.picture.made.values()].map((each) => each.mutation.n);

for (const kind of Object.keys(STORES))
  describe(kind, () => {
    test("what a step stored is there after a restart: mutation, counter and fold in one", async () => {
      const open = tabs(kind);
      const first = await open();
      await first.change((draft) => {
        make(draft, { op: "put", collection: "matches", record: "m", wall: 1, fields: { title: "t" } });
        draft.records.set("matches", "m", HELD);
        draft.meta.cursor = "1.0123456789abcdef";
      });
      const again = await open();
      assert.deepEqual(again.meta, first.meta);
      assert.deepEqual(again.meta.next_n, 2);
      assert.deepEqual(again.picture.records.get("matches", "m"), HELD);
      assert.deepEqual([...again.picture.made], [...first.picture.made]);
    });

    test("a step that fails leaves no trace, neither stored nor shown", async () => {
      const open = tabs(kind);
      const state = await open();
      await put(state, "m");
      await assert.rejects(
        state.change((draft) => {
          make(draft, { op: "delete", collection: "matches", record: "m", wall: 2 });
          draft.records.set("matches", "x", HELD);
          throw new RangeError("no");
        }),
        RangeError,
      );
      for (const each of [state, await open()]) {
        assert.deepEqual(made(each), [1]);
        assert.equal(each.meta.next_n, 2);
        assert.equal(each.picture.records.get("matches", "x"), undefined);
      }
    });

    test("a value that cannot be stored fails the whole step", async () => {
      const open = tabs(kind);
      const state = await open();
      await assert.rejects(put(state, "m", { title: () => 1 }));
      assert.deepEqual(made(state), []);
      await put(state, "m");
      assert.deepEqual(made(await open()), [1]);
    });

    test("two tabs count as one device: no counter is given twice, and each sees the other's edits", async () => {
      const open = tabs(kind);
      const [one, other] = [await open(), await open()];
      const all = await Promise.all(Array.from({ length: 20 }, (_, at) => put(at % 2 ? one : other, `m${at}`)));
      assert.deepEqual(all.map((each) => each.n).sort((a, b) => a - b), Array.from({ length: 20 }, (_, at) => at + 1));
      await one.refresh();
      await other.refresh();
      assert.deepEqual(made(one), made(other));
      assert.deepEqual(made(one), [...made(one)].sort((a, b) => a - b));
      assert.equal(one.revision, other.revision);
    });

    test("an edit in one tab has the base of the other's first edit of that record", async () => {
      const open = tabs(kind);
      const [one, other] = [await open(), await open()];
      const first = await put(one, "m");
      await other.change((draft) => void (draft.meta.cursor = "5.0123456789abcdef"));
      assert.equal((await put(other, "m")).base, first.base);
      assert.equal((await put(one, "n")).base, "5.0123456789abcdef");
    });

    test("what was replaced and what was forgotten goes in every tab", async () => {
      const open = tabs(kind);
      const [one, other] = [await open(), await open()];
      await put(one, "m");
      await one.change((draft) => draft.records.set("matches", "old", HELD));
      await other.refresh();
      await one.change((draft) => {
        const records = new Records();
        records.set("matches", "new", HELD);
        draft.replaceRecords(records);
        draft.forget(1);
      });
      await other.refresh();
      for (const each of [one, other, await open()]) {
        assert.deepEqual([...each.picture.records.of("matches")], [["new", HELD]]);
        assert.deepEqual(made(each), []);
      }
    });

    test("a step that changes nothing stores nothing", async () => {
      const state = await tabs(kind)();
      await put(state, "m");
      const { revision } = state;
      assert.equal(await state.change(() => 7), 7);
      assert.equal(state.revision, revision);
    });

    test("nothing is shown before it is stored, and it is told once", async () => {
      const state = await tabs(kind)();
      const told = [];
      state.onChange = (touched) => told.push([...touched]);
      const storing = put(state, "m");
      assert.deepEqual(made(state), []);
      await storing;
      assert.deepEqual(told, [["matches"]]);
    });

    test("what is kept beside is there for every tab, and goes with all else", async () => {
      const open = tabs(kind);
      const [one, other] = [await open(), await open()];
      assert.equal(await one.store.kept("session"), undefined);
      await one.store.keep("session", { a: 1 });
      assert.deepEqual(await other.store.kept("session"), { a: 1 });
      other.store.close();
      await one.store.erase();
      assert.equal(await (await open()).store.kept("session"), undefined);
    });
  });

test("a closed store refuses with a word for it", async () => {
  const state = await tabs("indexeddb")();
  state.store.close();
  await assert.rejects(put(state, "m"), StoreFault);
});

test("a newer version of the app gets the store, and the older tab is told", async () => {
  let isOutdated = false;
  const old = await openStore("upgrade", { onOutdated: () => (isOutdated = true) });
  const newer = indexedDB.open("upgrade", old.db.version + 1);
  await new Promise((resolve) => (newer.onsuccess = resolve));
  assert.ok(isOutdated);
  newer.result.close();
});
