/** The client whole, against a small server: what a page sees of it. */

import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { MemoryStore, Shelf } from "../sync/memory.js";
import { open } from "../touchline.js";
import { FakeAir, FakeClock, FakeLocks, FakeServer, html, problem, seededDice } from "./world.js";

let seed = 0;

/** A browser with a server on its other end. */
function world({ config } = {}) {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const [locks, air, shelf] = [new FakeLocks(), new FakeAir(), new Shelf()];
  const tab = async (more = {}) => {
    const club = await open({
      origin: "http://club.example",
      store: new MemoryStore(shelf),
      fetch: server.fetch,
      clock,
      dice: seededDice(++seed),
      wires: [],
      locks,
      channel: air.channel(),
      config,
      ...more,
    });
    return club;
  };
  return { clock, server, tab, shelf };
}

const ACCOUNT = { email: "coach@club.example", password: "correct horse" };

async function signedIn(more) {
  const all = world();
  const club = await all.tab(more);
  await club.signIn(ACCOUNT);
  await all.clock.advance(1_000);
  return { ...all, club };
}

const offline = async () => Promise.reject(new TypeError("no line"));
const TITLE = { title: "Reds v Blues" };

test("without account and line a match is recorded, stored, and there after a restart", async () => {
  const { clock, server, tab } = world();
  server.before = offline;
  const club = await tab();
  const id = club.newId();
  await club.put("matches", id, TITLE);
  assert.deepEqual(club.all("matches"), [{ id, ...TITLE }]);
  assert.deepEqual([club.status.state, club.status.pending, club.status.saved_at], ["local", 1, null]);
  await club.close();
  const again = await tab();
  assert.deepEqual(again.get("matches", id), TITLE);
  await clock.advance(60_000);
  assert.deepEqual(server.requests, []);
});

test("what was made before the first sign-in is sent after it", async () => {
  const { clock, server, tab } = world();
  const club = await tab();
  await club.put("matches", club.newId(), TITLE);
  await club.signIn(ACCOUNT);
  await clock.advance(1_000);
  assert.equal(server.log.length, 1);
  const { state, pending, saved_at } = club.status;
  assert.deepEqual([state, pending], ["idle", 0]);
  assert.ok(saved_at > 0);
});

test("the status is told in words and numbers, and each only once", async () => {
  const { clock, server, club } = await signedIn();
  const told = [];
  club.on("status", ({ state, pending }) => told.push(`${state} ${pending}`));
  server.before = offline;
  await club.put("matches", club.newId(), TITLE);
  await clock.advance(400);
  server.before = async () => null;
  await clock.advance(5_000);
  assert.deepEqual(told, ["idle 1", "syncing 1", "offline 1", "syncing 1", "syncing 0", "idle 0"]);
});

test("edits made while a push is in flight are kept, shown on top, and go with the next", async () => {
  const { clock, server, club } = await signedIn();
  const id = club.newId();
  let meanwhile = true;
  server.after = async ({ path }) => {
    if (!path.endsWith("push") || !meanwhile) return;
    meanwhile = false;
    await club.put("matches", id, { title: "second" });
  };
  await club.put("matches", id, { title: "first" });
  await clock.advance(2_000);
  assert.equal(club.get("matches", id).title, "second");
  assert.equal(club.status.pending, 0);
  assert.deepEqual(server.log.map((each) => each.fields.title), ["first", "second"]);
});

test("a lost reply is repaired by sending the same again: one effect", async () => {
  const { clock, server, club } = await signedIn();
  let losses = 3;
  server.after = async () => {
    if (losses-- > 0) throw new TypeError("cut");
  };
  await club.put("matches", club.newId(), TITLE);
  await clock.advance(60_000);
  assert.equal(server.log.length, 1);
  assert.equal(club.status.pending, 0);
  const sent = server.requests.filter((each) => each.path.endsWith("push")).map((each) => each.body);
  assert.ok(sent.length > 1);
  assert.ok(sent.every((each) => JSON.stringify(each.mutations) === JSON.stringify(sent[0].mutations)));
  assert.ok(sent.at(-1).sent_at > sent[0].sent_at);
});

test("a captive portal moves nothing, and is an offline line", async () => {
  const { clock, server, club } = await signedIn();
  const { cursor } = club.state.meta;
  server.before = async () => html();
  await club.put("matches", club.newId(), TITLE);
  await clock.advance(10_000);
  assert.deepEqual([club.status.state, club.status.pending, club.state.meta.cursor], ["offline", 1, cursor]);
});

test("a session that ended during the match wipes nothing, and all is sent after the next sign-in", async () => {
  const { clock, server, club } = await signedIn();
  server.tokens.clear();
  await club.put("matches", club.newId(), TITLE);
  await clock.advance(2_000);
  assert.deepEqual([club.status.state, club.status.pending], ["signed_out", 1]);
  await club.put("matches", club.newId(), TITLE);
  const asked = server.requests.length;
  await clock.advance(60_000);
  assert.equal(server.requests.length, asked, "it does not ask in vain");
  await club.signIn(ACCOUNT);
  await clock.advance(1_000);
  assert.deepEqual([club.status.state, club.status.pending, server.log.length], ["idle", 0, 2]);
});

test("access that ended clears the club's data and keeps what was not sent, for export", async () => {
  const { clock, server, club } = await signedIn();
  server.write("matches", club.newId(), TITLE);
  const id = club.newId();
  await club.put("matches", id, TITLE);
  await clock.advance(25_000);
  assert.equal(club.all("matches").length, 2);
  server.before = async () => problem(403, "access_ended", { forget: true });
  const last = await club.put("matches", id, { title: "unsent" });
  await clock.advance(2_000);
  assert.equal(club.status.state, "ended");
  assert.equal(club.all("matches").length, 1, "only the person's own unsent edit is left");
  assert.deepEqual(club.export().mutations.map((each) => each.mutation), [last]);
});

test("a role that may not push goes on pulling, and keeps its queue", async () => {
  const { clock, server, club } = await signedIn();
  server.before = async ({ path }) => (path.endsWith("push") ? problem(403, "forbidden") : null);
  await club.put("matches", club.newId(), TITLE);
  server.write("matches", club.newId(), TITLE);
  await clock.advance(2_000);
  const { state, problem: said, pending } = club.status;
  assert.deepEqual([state, said, pending], ["refused", "forbidden", 1]);
  assert.equal(club.all("matches").length, 2);
});

test("an app that is too old pushes what it has, and says that it must be updated", async () => {
  const { clock, server, club } = await signedIn();
  server.before = async ({ path }) => (path.endsWith("pull") ? problem(426, "protocol_unsupported") : null);
  await club.put("matches", club.newId(), TITLE);
  await clock.advance(2_000);
  assert.deepEqual([club.status.state, club.status.pending, server.log.length], ["update_needed", 0, 1]);
});

test("a push that is too large is cut smaller", async () => {
  const { clock, server, club } = await signedIn();
  server.before = async ({ path, body }) =>
    path.endsWith("push") && JSON.stringify(body).length > 6_000 ? problem(413, "too_large") : null;
  for (let at = 0; at < 20; at++) await club.put("matches", club.newId(), { title: "x".repeat(500) });
  await clock.advance(2_000);
  assert.deepEqual([club.status.pending, server.log.length], [0, 20]);
});

test("a fork takes a new identity with a token of its own; what is held stays under the old one", async () => {
  const { clock, server, club } = await signedIn();
  const old = club.state.meta.device_id;
  await club.put("matches", club.newId(), TITLE);
  server.before = async ({ path, body }) =>
    path.endsWith("push") && body.device_id === old ? problem(409, "device_forked", { held: [], timestamp: "" }) : null;
  await clock.advance(2_000);
  const { device_id, origins } = club.state.meta;
  assert.notEqual(device_id, old);
  assert.deepEqual(origins, [{ device_id: old, n: 0 }]);
  assert.equal(server.requests.findLast((each) => each.path.endsWith("push")).body.device_id, device_id);
  assert.equal(club.status.pending, 0);
});

test("an identity that is another person's is given up, with all that waits", async () => {
  const { clock, server, club } = await signedIn();
  const old = club.state.meta.device_id;
  await club.put("matches", club.newId(), TITLE);
  server.before = async ({ path, body }) =>
    path.endsWith("push") && body.device_id === old ? problem(409, "device_taken") : null;
  await clock.advance(2_000);
  assert.notEqual(club.state.meta.device_id, old);
  assert.deepEqual([club.status.pending, server.log.length], [0, 1]);
});

test("a server restored from a backup gets back what it had acknowledged", async () => {
  const { clock, server, club } = await signedIn();
  const [kept, lost] = [club.newId(), club.newId()];
  await club.put("matches", kept, TITLE);
  await clock.advance(1_000);
  const backup = [server.log.slice(), new Map(server.outcomes)];
  await club.put("matches", lost, { title: "today" });
  await clock.advance(1_000);
  [server.log, server.outcomes] = backup;
  const seen = new Set();
  club.on("change", () => seen.add(club.get("matches", lost)?.title));
  await clock.advance(60_000);
  assert.deepEqual(server.log.map((each) => each.record), [kept, lost]);
  assert.deepEqual([...seen].filter((each) => each !== "today"), [], "it never left the screen");
  assert.equal(club.status.pending, 0);
});

test("a cursor older than the kept log takes a snapshot, and the queue is pushed as it is", async () => {
  const { clock, server, club } = await signedIn();
  const theirs = club.newId();
  server.write("matches", theirs, TITLE);
  let isOld = true;
  server.before = async ({ path, query }) =>
    path.endsWith("pull") && isOld && query.get("since").startsWith("0.") ? problem(410, "cursor_expired", { oldest: 2 }) : null;
  await club.put("matches", club.newId(), TITLE);
  await clock.advance(2_000);
  assert.ok(server.paths().includes("snapshot"));
  assert.equal(club.all("matches").length, 2);
  assert.equal(club.state.meta.phase, "pulling");
});

test("an edit settled a minute ago, before the beginning of the log, was settled in another history: it is sent again", async () => {
  const { clock, server, club } = await signedIn();
  const pushed = () => server.requests.filter((each) => each.path.endsWith("push") && each.body.again).map((each) => each.body.again);
  await club.put("matches", club.newId(), TITLE);
  await clock.advance(1_000);
  let refusals = 2;
  const ages = [15 * 24 * 3_600_000, 60_000];
  server.before = async ({ path }) => {
    if (!path.endsWith("pull") || refusals === 0) return null;
    return problem(410, "cursor_expired", { oldest: 9, server_time: club.state.meta.server_ms + ages[2 - refusals--] });
  };
  await clock.advance(60_000);
  assert.equal(refusals, 0);
  assert.deepEqual(pushed().map(([again]) => [again.n, again.common]), [[1, "0.0000000000000000"]]);
  assert.equal(club.status.pending, 0);
});

test("a snapshot on a bad line goes on where it was cut", async () => {
  const { clock, server, club } = await signedIn();
  for (let at = 0; at < 3; at++) server.write("matches", club.newId(), TITLE);
  await club.state.change((draft) => void (draft.meta.phase = "snapshot"));
  const pages = [];
  server.before = async ({ path, query }) => {
    if (!path.endsWith("snapshot")) return null;
    pages.push(query.get("page"));
    if (pages.length === 2) throw new TypeError("cut");
    return query.get("page") ? null : new Response(JSON.stringify({ records: [], page: "1.x~matches~", timestamp: server.head, until: server.head }), { headers: { "Content-Type": "application/json" } });
  };
  await clock.advance(30_000);
  assert.deepEqual(pages, [null, "1.x~matches~", "1.x~matches~"]);
  assert.equal(club.all("matches").length, 3);
});

test("what was refused can be mended, given up, or taken away", async () => {
  const { clock, server, club } = await signedIn();
  const [one, two] = [club.newId(), club.newId()];
  await club.put("matches", one, { title: "a", wrong: 1 });
  await club.put("matches", two, { title: "b", wrong: 1 });
  await clock.advance(1_000);
  assert.equal(club.all("matches").length, 0);
  assert.deepEqual([club.status.refused, club.status.conflicts], [2, 2]);
  const [first, second] = club.quarantine();
  assert.deepEqual([first.code, first.field, first.mine], ["unknown_field", "wrong", true]);
  assert.equal(club.export().mutations.length, 2);
  await club.mend(first, { wrong: undefined });
  await club.discard(second);
  assert.deepEqual(club.quarantine(), [], "also before the server has heard of it");
  await clock.advance(1_000);
  assert.deepEqual(club.all("matches"), [{ id: one, title: "a" }]);
  assert.deepEqual([club.status.refused, club.status.conflicts, club.quarantine().length], [0, 0, 0]);
  assert.deepEqual(server.log.filter((each) => each.record === one).map((each) => each.fields), [{ title: "a" }]);
});

test("a group is made whole, with its id and count", async () => {
  const { club } = await signedIn();
  const made = await club.group((group) => {
    group.put("matches", club.newId(), TITLE);
    group.delete("matches", club.newId());
  });
  assert.deepEqual(made.map((each) => each.group.count), [2, 2]);
  assert.equal(made[0].group.id, made[1].group.id);
  assert.throws(() => club.group(() => {}), RangeError);
});

test("a group brings back what is known to be deleted, and counts that too", async () => {
  const { club, clock, server } = await signedIn();
  const [one, other, fresh] = [club.newId(), club.newId(), club.newId()];
  for (const id of [one, other]) {
    await club.put("matches", id, TITLE);
    await club.delete("matches", id);
  }
  const made = await club.group((group) => {
    group.create("matches", one, { title: "again" });
    group.restore("matches", other);
    group.create("matches", fresh, { title: "new" });
  });
  assert.deepEqual(made.map(({ op, record, group }) => [op, record, group.count]), [
    ["restore", one, 4],
    ["put", one, 4],
    ["restore", other, 4],
    ["put", fresh, 4],
  ]);
  assert.equal(new Set(made.map((each) => each.group.id)).size, 1);
  assert.deepEqual([one, other, fresh].map((id) => club.get("matches", id)?.title), ["again", TITLE.title, "new"]);
  await clock.advance(1_000);
  assert.equal(club.status.pending, 0);
  assert.deepEqual(server.log.slice(-4).map((each) => each.record), [one, one, other, fresh]);
});

test("a group that grows too large by bringing back is refused, and nothing of it is stored", async () => {
  const { club } = await signedIn();
  const id = club.newId();
  await club.put("matches", id, TITLE);
  await club.delete("matches", id);
  const [pending, before] = [club.status.pending, club.all("matches")];
  const many = (group) => {
    for (let n = 0; n < 49; n++) group.put("matches", club.newId(), TITLE);
    group.create("matches", id, TITLE);
  };
  await assert.rejects(club.group(many), RangeError);
  assert.deepEqual([club.status.pending, club.all("matches")], [pending, before]);
});

test("creating what is known to be deleted brings it back", async () => {
  const { club } = await signedIn();
  const id = club.newId();
  await club.create("matches", id, TITLE);
  await club.delete("matches", id);
  assert.equal(club.get("matches", id), undefined);
  await club.create("matches", id, { title: "again" });
  assert.deepEqual(club.get("matches", id), { title: "again" });
  assert.deepEqual([...club.state.picture.made.values()].map((each) => each.mutation.op), ["put", "delete", "restore", "put"]);
});

test("an answer to a conflict carries the value, also where it keeps what stands", async () => {
  const { club } = await signedIn();
  const conflict = { collection: "matches", record: club.newId(), field: "venue", stands: { value: "A" }, candidates: [{ value: "B" }] };
  const value = async (...answer) => (await club.resolve(conflict, ...answer)).resolve.value;
  assert.deepEqual([await value("keep"), await value("take"), await value("set", null)], ["A", "B", null]);
  assert.throws(() => club.resolve({ ...conflict, candidates: [] }, "take"), TypeError);
});

test("an edit that the server could not keep is refused before it is stored", async () => {
  const { club } = await signedIn();
  await assert.rejects(club.put("matches", club.newId(), { title: "é".repeat(8_000) }), RangeError);
  assert.throws(() => club.put("matches", club.newId(), { title: NaN }), TypeError);
  assert.equal(club.state.meta.next_n, 1);
});

test("two tabs are one device: one syncs, both show the same, and the other takes over", async () => {
  const { clock, server, tab } = world();
  const [one, two] = [await tab(), await tab()];
  await one.signIn(ACCOUNT);
  await clock.advance(1_000);
  const id = two.newId();
  await two.put("matches", id, TITLE);
  await clock.advance(1_000);
  assert.deepEqual([one.get("matches", id), two.get("matches", id)], [TITLE, TITLE]);
  assert.deepEqual([one.status.pending, two.status.pending, server.log.length], [0, 0, 1]);
  assert.equal(two.status.state, "idle");
  assert.equal(server.paths().filter((each) => each === "push").length, 1);
  await one.close();
  await clock.advance(1_000);
  await two.put("matches", id, { title: "by the second" });
  await clock.advance(1_000);
  assert.equal(server.log.length, 2);
});

test("tabs that cannot agree on a leader both sync, and lose and double nothing", async () => {
  const { clock, server, tab } = world();
  const [one, two] = [await tab({ locks: null }), await tab({ locks: null })];
  await one.signIn(ACCOUNT);
  await two.online.resume();
  for (let at = 0; at < 6; at++) {
    await (at % 2 ? one : two).put("matches", one.newId(), { title: `match ${at}` });
    server.write("matches", one.newId(), { title: `theirs ${at}` });
    await clock.advance(700);
  }
  await clock.advance(60_000);
  assert.equal(server.log.length, 12);
  assert.deepEqual(one.all("matches"), two.all("matches"));
  assert.equal(one.all("matches").length, 12);
  assert.deepEqual([one.status.pending, two.status.pending], [0, 0]);
  const before = server.requests.length;
  await clock.advance(60_000);
  assert.ok(server.requests.length - before < 10, "they do not wake each other for ever");
});

test("the tail brings changes without a pull, and says that it is live", async () => {
  let heard;
  const wire = { name: "test", open: (hello, told) => ((heard = { hello, ...told }), { close() {} }) };
  const { clock, server, club } = await signedIn({ wires: [wire] });
  assert.equal(heard.hello.since, club.state.meta.cursor);
  heard.frame({ type: "hello" });
  assert.equal(club.status.state, "live");
  const asked = server.requests.length;
  const id = club.newId();
  heard.frame({ type: "changes", changes: [server.write("matches", id, TITLE)] });
  await clock.advance(10);
  assert.deepEqual(club.get("matches", id), TITLE);
  assert.equal(club.state.meta.cursor, server.head);
  await clock.advance(50_000);
  assert.equal(server.requests.length, asked, "the poll rests");
  server.write("matches", club.newId(), TITLE);
  heard.frame({ type: "changes", changes: [server.write("matches", club.newId(), TITLE)] });
  await clock.advance(2_000);
  assert.equal(club.all("matches").length, 3, "a gap is pulled");
});

test("a sync that was under way at the end opens no line afterwards", async () => {
  const opened = [];
  const wire = { name: "test", open: () => (opened.push(1), { close() {} }) };
  const { clock, server, club } = await signedIn({ wires: [wire] });
  const before = opened.length;
  server.before = async ({ path }) => (path.endsWith("pull") && (await club.signOut()), null);
  club.sync();
  await clock.advance(10_000);
  assert.deepEqual([club.status.state, opened.length, club.account], ["local", before, null]);
});

test("what is asked for after the end, or was about to begin, finds no store and says nothing", async () => {
  const { clock, club } = await signedIn();
  await clock.advance(1_000);
  /** @type {string[]} */
  const touched = [];
  const { store } = club.state;
  const kept = store.kept.bind(store);
  let isClosed = false;
  store.kept = async (key) => {
    if (isClosed) touched.push(key);
    return kept(key);
  };
  const late = club.online.resume(); // reads who is signed in, and is to start the pace then
  await club.close();
  isClosed = true;
  await late;
  club.sync();
  await club.online.resume();
  await clock.advance(60_000);
  assert.deepEqual(touched, []);
  assert.equal(club.online.pace.isStopped, true);
});

test("a store is of one club; another club's sign-in is refused and changes nothing", async () => {
  const { server, club } = await signedIn();
  const fetch = server.fetch;
  club.online.transport.fetch = async (...asked) => {
    const response = await fetch(...asked);
    return asked[0].endsWith("login") ? new Response(JSON.stringify({ ...(await response.json()), club_id: "other" }), { headers: { "Content-Type": "application/json" } }) : response;
  };
  await assert.rejects(club.signIn(ACCOUNT), /another club/);
  assert.equal(club.account.club_id, "c");
});

test("forgetting everything is refused while something is on this device alone", async () => {
  const { clock, server, club, shelf } = await signedIn();
  server.before = offline;
  await club.put("matches", club.newId(), TITLE);
  await clock.advance(1_000);
  await assert.rejects(club.forget(), /on this device alone/);
  await club.forget({ evenUnsent: true });
  assert.equal(shelf.made.size, 0);
});

test("a page on IndexedDB does all of this too", async () => {
  const { clock, server } = world();
  const open1 = () => open({ origin: "http://club.example", name: "page", fetch: server.fetch, clock, wires: [], locks: new FakeLocks(), channel: null, dice: seededDice(99) });
  const club = await open1();
  const id = club.newId();
  await club.put("matches", id, TITLE);
  await club.signIn(ACCOUNT);
  await clock.advance(1_000);
  assert.equal(club.status.pending, 0);
  await club.close();
  const again = await open1();
  assert.deepEqual(again.get("matches", id), TITLE);
  assert.equal(again.account.user_id, "u");
  await again.close();
});

test("a club that was switched to is entered with tokens of another device, and asks for its own with them", async () => {
  const { clock, server, tab } = world();
  const club = await tab();
  await club.put("matches", club.newId(), TITLE);
  const elsewhere = { email: "e", password: "p", device_id: "de000000-0000-4000-8000-00000000000b" };
  const tokens = await club.online.transport.ask("POST", "/api/auth/login", { body: elsewhere });
  assert.equal(club.clubId, null);
  await club.enter(tokens);
  await clock.advance(1_000);
  assert.deepEqual([club.clubId, club.account.user_id, club.status.pending], ["c", "u", 0]);
  const push = server.requests.find(({ path }) => path === "/api/sync/push");
  assert.deepEqual([push.body.device_id, server.log.length], [club.deviceId, 1]);
});

test("tokens that were asked for and not taken change nothing", async () => {
  const { server, tab } = world();
  const club = await tab();
  const tokens = await club.knock("login", ACCOUNT);
  assert.equal(tokens.device_id, club.deviceId);
  assert.deepEqual([club.account, club.clubId, club.status.state], [null, null, "local"]);
  assert.deepEqual(server.paths(), ["login"]);
});

test("a file is fetched, and a text is sent, as the person who is signed in", async () => {
  const { club, server } = await signedIn();
  let heard;
  server.before = async (request) => {
    if (!request.path.startsWith("/api/seasons/") && !request.path.startsWith("/api/teams/")) return null;
    heard = request;
    return request.method === "GET" ? new Response("PK", { headers: { "Content-Type": "application/zip" } }) : Response.json({ created: 1 });
  };
  const file = await club.download("/api/seasons/s/export?format=csv");
  assert.deepEqual([await file.text(), file.type], ["PK", "application/zip"]);
  assert.match(heard.headers.Authorization, /^Bearer ./);
  assert.deepEqual(await club.request("POST", "/api/teams/t/players/import", "name\nAda\n", { type: "text/csv" }), { created: 1 });
  assert.deepEqual([heard.headers["Content-Type"], heard.body], ["text/csv", "name\nAda\n"]);
});
