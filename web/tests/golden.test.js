import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { isCursor, ORIGIN, thin, versionOf } from "../sync/cursors.js";
import { conflictId, namedId, randomId, sha1 } from "../sync/ids.js";
import { ProtocolFault, readPullAnswer, readPushAnswer, readSnapshotAnswer } from "../sync/messages.js";
import { MemoryStore } from "../sync/memory.js";
import { make } from "../sync/outbox.js";
import { readCatalogue, shown, View } from "../sync/overlay.js";
import { pulled } from "../sync/pull.js";
import { nextPush, pushed, wake } from "../sync/push.js";
import { lay, Records } from "../sync/records.js";
import { deviceOf, later, makeStamp, wallOf } from "../sync/stamps.js";
import { Draft, newMeta, State } from "../sync/state.js";
import { clean } from "../sync/values.js";
import { seededDice } from "./world.js";

const golden = (name) => JSON.parse(readFileSync(new URL(`../../tests/golden/${name}.json`, import.meta.url)));
const wire = golden("wire");

test("stamps are made and read as the server makes them", () => {
  const { clock, device_id, stamp } = golden("stamps").stamp;
  assert.equal(makeStamp(clock, device_id), stamp);
  assert.equal(deviceOf(stamp), device_id);
  const [{ wall_ms, clock: effective }] = golden("stamps").effective_clock;
  assert.equal(wallOf(makeStamp(effective, device_id)), wall_ms);
});

test("a greater stamp is a later one, and where two devices wrote a field the later of all writes stands", () => {
  for (const { name, pushes, records } of golden("merge"))
    for (const [key, { fields }] of Object.entries(records))
      for (const [field, value] of Object.entries(fields)) {
        const writes = pushes.flatMap(({ device_id, mutations, verdicts, stamps }) =>
          mutations
            .filter((each) => `${each.collection}/${each.record}` === key && verdicts[each.n] !== "rejected")
            .filter((each) => field in (each.fields ?? {}) || each.resolve?.field === field)
            .map((each) => ({ stamp: stamps[each.n], n: each.n, value: each.fields?.[field] ?? each.resolve?.value, device_id })),
        );
        const last = writes.reduce((one, other) =>
          one.stamp === other.stamp ? (other.n > one.n ? other : one) : later(one.stamp, other.stamp) === one.stamp ? one : other,
        );
        assert.deepEqual(value, last.value, `${name}: ${field}`);
      }
});

test("of a redacted change, as the server sends it, nothing is left but what it brings", () => {
  for (const name of ["Change, erased", "Change, with a name replaced"]) {
    const change = wire[name];
    const records = new Records();
    lay(records, { ...change, version: 1, redacted: undefined, deleted: undefined, fields: { note: "Mira scored", x: 1 } });
    lay(records, change);
    const { values, deleted } = records.get(change.collection, change.record);
    assert.deepEqual([values, deleted], [change.fields ?? {}, change.deleted ?? false], name);
  }
});

test("the id of a conflict is the server's", () => {
  const { id, collection, record, field } = wire.Conflict;
  assert.equal(conflictId(collection, record, field), id);
});

test("named ids are those of RFC 9562, of names of every length", () => {
  const digest = (text) => Buffer.from(sha1(new TextEncoder().encode(text))).toString("hex");
  assert.equal(digest("abc"), "a9993e364706816aba3e25717850c26c9cd0d89d");
  assert.equal(digest(""), "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  assert.equal(digest("abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq"), "84983e441c3bd26ebaae4aa1f95129e5e54670f1");
  assert.equal(namedId("6ba7b810-9dad-11d1-80b4-00c04fd430c8", "www.example.com"), "2ed6657d-e927-568b-95e1-2665a8aea6a2");
});

test("random ids are canonical UUIDs of version 4", () => {
  const dice = seededDice(1);
  for (let each = 0; each < 50; each++)
    assert.match(randomId(dice), /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
});

test("every mutation on the wire is made as the reference device makes it", async () => {
  for (const [name, sample] of Object.entries(wire).filter(([name]) => name.startsWith("Mutation"))) {
    const { n, base, after, origins = [], collection, record, ...edit } = sample;
    const meta = { ...newMeta(wire.PushRequest.device_id), next_n: n, cursor: base ?? ORIGIN, origins };
    const state = new State(new MemoryStore(), meta);
    const made = await state.change((draft) => {
      if (after) draft.records.set(collection, record, { values: {}, deleted: false, stamp: after, version: 1 });
      for (const { device_id, n: last } of origins) draft.setMade(unsettled(device_id, last));
      return make(draft, { collection, record, ...edit });
    });
    assert.deepEqual(made, { ...sample, base: meta.cursor }, name);
  }
});

function unsettled(device_id, n) {
  const mutation = { n, collection: "players", record: randomId(seededDice(n)), op: "delete", wall: 0 };
  return { device_id, mutation, verdict: null, timestamp: null, settled_ms: 0, again: null, correction: 0, sent_in: 1 };
}

test("every verdict is taken with its stamp and its correction", async () => {
  const answer = readPushAnswer(wire.PushAnswer);
  const state = new State(new MemoryStore(), newMeta(wire.PushRequest.device_id));
  let run;
  const push = await state.change((draft) => {
    run = wake(draft);
    for (let n = 1; n <= 5; n++) make(draft, { op: "delete", collection: "matches", record: randomId(seededDice(n)), wall: 0 });
    return nextPush(draft, run, { sentAt: 0 });
  });
  await state.change((draft) => pushed(draft, run, push, answer));
  const made = [...state.picture.made.values()];
  assert.deepEqual(made.map((each) => each.verdict.verdict), ["applied", "applied", "merged", "rejected", "parked"]);
  assert.deepEqual(made.map((each) => each.correction), [-7_000, -7_000, -7_000, -60_000, -7_000]);
  assert.deepEqual(made.map((each) => each.timestamp !== null), [true, true, true, true, false]);
  assert.equal(made[0].verdict.stamp, makeStamp(answer.applied[0][2][0], state.meta.device_id));
});

test("every change on the wire is laid over the fold", async () => {
  const { changes } = readPullAnswer({ ...wire.PullAnswer, changes: wire.PullAnswer.changes.filter((each) => each.tag) });
  const records = new Records();
  for (const change of changes) lay(records, change);
  const match = records.get("matches", changes[0].record);
  assert.deepEqual(match.values, { title: "t", minutes: 50 });
  assert.equal(match.deleted, false);
  assert.equal(readSnapshotAnswer(wire["SnapshotAnswer, the last"]).page, null);
});

test("an answer without its shape is a fault and moves nothing", () => {
  const broken = [null, [], "<html>", {}, { ...wire.PullAnswer, changes: [{}] }, { ...wire.PullAnswer, timestamp: "12" }];
  for (const each of broken) assert.throws(() => readPullAnswer(each), ProtocolFault);
  const { applied, ...rest } = wire.PushAnswer;
  for (const each of [rest, { ...rest, applied: [[1, 3, ["0"]]] }, { ...wire.PushAnswer, others: [{ n: 1, verdict: "so" }] }])
    assert.throws(() => readPushAnswer(each), ProtocolFault);
  assert.throws(() => readSnapshotAnswer({ ...wire.SnapshotAnswer, until: undefined }), ProtocolFault);
});

test("what would make a whole push malformed is refused at the edit", () => {
  const names = new Map(golden("decode").map((each) => [each.name, each]));
  assert.ok(["a lone surrogate", "not a number", "too great a number"].every((name) => names.get(name).malformed));
  assert.deepEqual(clean({ title: "Reds \ud800" }), { title: "Reds \ufffd" });
  assert.deepEqual(clean({ title: "🥅", left: undefined }), { title: "🥅" });
  for (const bad of [NaN, Infinity, 2 ** 53, {}, [], () => 1, 1n]) assert.throws(() => clean({ bad }), TypeError);
  assert.throws(() => clean({}), TypeError);
});

test("cursors are told from other texts", () => {
  assert.ok(isCursor("12.0123456789abcdef") && isCursor(ORIGIN));
  for (const each of ["12", "012.0123456789abcdef", "1.0123456789ABCDEF", "1.0123456789abcdef\n", null]) assert.ok(!isCursor(each));
});

test("past cursors are few, and their gaps double", () => {
  let past = [];
  for (let version = 1; version <= 700; version++) {
    past = thin([`${version}.${"0".repeat(16)}`, ...past]);
    const versions = past.map(versionOf);
    assert.ok(versions.length <= 32 && versions[0] === version);
    for (let behind = 1; behind < version; behind++) {
      const reach = Math.min(...versions.map((each) => version - each).filter((each) => each >= behind));
      assert.ok(reach === Infinity || reach <= 4 * behind);
    }
  }
});

test("unknown collections and fields are kept, and stop nothing", async () => {
  const state = new State(new MemoryStore(), newMeta(wire.PushRequest.device_id));
  const change = { version: 1, tag: "0123456789abcdef", collection: "pitches", record: "p", stamp: "", fields: { grass: true } };
  await state.change((draft) => pulled(draft, wake(draft), { since: ORIGIN, acked: null }, { changes: [change], timestamp: "", more: false }));
  assert.equal(state.meta.cursor, "1.0123456789abcdef");
  const view = new View(shown(state.picture), readCatalogue(null));
  assert.deepEqual(view.all("pitches"), [["p", { grass: true }]]);
  assert.deepEqual([...new Draft(state.picture).made()], []);
});
