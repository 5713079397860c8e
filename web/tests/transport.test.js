import assert from "node:assert/strict";
import { test } from "node:test";
import { waitMs } from "../sync/clock.js";
import { MemoryStore } from "../sync/memory.js";
import { Session, SignedOut } from "../sync/session.js";
import { Problem, Transport, Unreachable } from "../sync/transport.js";
import { FakeClock, FakeServer, html, json, NOW_MS, problem } from "./world.js";

function transportOf(fetch, clock = new FakeClock()) {
  return new Transport({ origin: "http://club.example", clock, fetch });
}

const answering = (response) => transportOf(async () => response);

test("a request is JSON both ways, and leaves no credentials behind", async () => {
  let sent;
  const transport = transportOf(async (url, init) => ((sent = { url, ...init }), json({ a: 1 })));
  const asked = { body: { b: 2 }, query: { since: "1.0", acked: null, past: "" }, token: "t" };
  assert.deepEqual(await transport.ask("POST", "/api/x", asked), { a: 1 });
  assert.equal(sent.url, "http://club.example/api/x?since=1.0");
  assert.equal(sent.headers.Authorization, "Bearer t");
  assert.equal(sent.headers["Content-Type"], "application/json");
  assert.deepEqual([sent.body, sent.credentials, sent.cache, sent.redirect], ['{"b":2}', "omit", "no-store", "error"]);
});

test("a text with a type goes as it is", async () => {
  let sent;
  const transport = transportOf(async (_url, init) => ((sent = init), json({})));
  await transport.ask("POST", "/api/x", { body: "name,number\nAda,9\n", type: "text/csv; charset=utf-8" });
  assert.deepEqual([sent.headers["Content-Type"], sent.body], ["text/csv; charset=utf-8", "name,number\nAda,9\n"]);
});

test("what is made once goes with its key", async () => {
  let sent;
  const transport = transportOf(async (_url, init) => ((sent = init), json({})));
  await transport.ask("POST", "/api/x", { body: {}, key: "k" });
  assert.equal(sent.headers["Idempotency-Key"], "k");
  await transport.ask("POST", "/api/x", { body: {} });
  assert.equal("Idempotency-Key" in sent.headers, false);
});

test("a file comes as it is; a hotel's page and a refusal are none", async () => {
  const bytes = Uint8Array.of(0x50, 0x4b, 0, 0xff);
  for (const type of ["application/zip", "text/csv; header=present; charset=utf-8", "application/json"]) {
    const file = await answering(new Response(bytes, { headers: { "Content-Type": type } })).ask("GET", "/", { isFile: true });
    assert.deepEqual(new Uint8Array(await file.arrayBuffer()), bytes);
  }
  await assert.rejects(answering(html(200)).ask("GET", "/", { isFile: true }), Unreachable);
  await assert.rejects(answering(problem(404, "not_found")).ask("GET", "/", { isFile: true }), Problem);
  await assert.rejects(answering(problem(503, "unavailable")).ask("GET", "/", { isFile: true }), Unreachable);
});

test("a captive portal is not the server, whatever status it says", async () => {
  for (const status of [200, 302, 401, 403, 404, 511]) await assert.rejects(answering(html(status)).ask("GET", "/"), Unreachable);
  const cut = new Response('{"changes": [', { headers: { "Content-Type": "application/json" } });
  await assert.rejects(answering(cut).ask("GET", "/"), Unreachable);
  const strange = json({ error: "proxy" }, { status: 403 });
  await assert.rejects(answering(strange).ask("GET", "/"), Unreachable);
});

test("4xx of the server is a refusal with its code; 5xx, 429 and silence are not", async () => {
  await assert.rejects(answering(problem(409, "log_diverged", { common: "1.0" })).ask("GET", "/"), (error) => {
    assert.ok(error instanceof Problem);
    return error.code === "log_diverged" && error.body.common === "1.0" && error.status === 409;
  });
  for (const [status, code] of [[429, "too_many_requests"], [500, "internal"], [503, "unavailable"]])
    await assert.rejects(answering(problem(status, code, {}, { "Retry-After": "7" })).ask("GET", "/"), (error) => {
      return error instanceof Unreachable && error.askedMs === 7_000;
    });
  await assert.rejects(transportOf(async () => Promise.reject(new TypeError("fetch failed"))).ask("GET", "/"), Unreachable);
});

test("Retry-After may be a date", async () => {
  const date = new Date(NOW_MS + 90_000).toUTCString();
  await assert.rejects(answering(problem(503, "unavailable", {}, { "Retry-After": date })).ask("GET", "/"), (error) => {
    return error.askedMs === 90_000;
  });
});

test("a hint to back off is kept from any answer, good ones too", async () => {
  const transport = answering(json({}, { headers: { "Touchline-Backoff": "30" } }));
  await transport.ask("GET", "/");
  assert.equal(transport.notBefore, NOW_MS + 30_000);
});

test("an answer that does not come in a minute is given up", async () => {
  const clock = new FakeClock();
  const never = (_url, { signal }) =>
    new Promise((_, reject) => signal.addEventListener("abort", () => reject(new DOMException("aborted", "AbortError"))));
  const asked = assert.rejects(transportOf(never, clock).ask("GET", "/"), Unreachable);
  await clock.advance(60_000);
  await asked;
});

test("pauses double, by chance a little less, up to five minutes, and never undercut what was asked", () => {
  for (const share of [0, 0.5, 1]) {
    const waits = Array.from({ length: 40 }, (_, at) => waitMs({ failures: at + 1, share }));
    assert.ok(waits.every((each) => each >= 500 && each <= 300_000));
    assert.ok(waits.every((each, at) => at === 0 || each >= waits[at - 1]));
    assert.ok(waitMs({ failures: 1, share, askedMs: 60_000 }) >= 60_000);
  }
});

// -- sessions -----------------------------------------------------------------------------------------------------------

const DEVICE = "de000000-0000-4000-8000-00000000000a";

async function signedIn() {
  const clock = new FakeClock();
  const server = new FakeServer(clock);
  const store = new MemoryStore();
  const open = () => new Session({ store, clock, transport: transportOf(server.fetch, clock) });
  const session = open();
  await session.take(await session.transport.ask("POST", "/api/auth/login", { body: { email: "e", password: "p", device_id: DEVICE } }));
  return { clock, server, store, session, open };
}

const pull = (session) => session.ask(DEVICE, "GET", "/api/sync/pull");

test("a session outlives the page, and renews its token before it ends", async () => {
  const { clock, server, open } = await signedIn();
  const again = open();
  assert.deepEqual(await again.load(), { user_id: "u", club_id: "c", role: "owner" });
  await pull(again);
  await clock.advance(15 * 60_000);
  await pull(again);
  assert.deepEqual(server.paths(), ["login", "pull", "refresh", "pull"]);
});

test("a token that was refused is renewed, and the same is sent again", async () => {
  const { server, session } = await signedIn();
  for (const [token] of server.tokens) if (token.startsWith("a")) server.tokens.delete(token);
  assert.deepEqual((await pull(session)).changes, []);
  assert.deepEqual(server.paths(), ["login", "pull", "refresh", "pull"]);
});

test("a refresh whose reply was lost is sent again with the same token", async () => {
  const { clock, server, session } = await signedIn();
  await clock.advance(15 * 60_000);
  server.after = async ({ path }) => {
    if (path.endsWith("refresh")) throw new TypeError("cut");
  };
  await assert.rejects(pull(session), Unreachable);
  server.after = async () => {};
  await pull(session);
  const shown = server.requests.filter((each) => each.path.endsWith("refresh")).map((each) => each.body.refresh_token);
  assert.equal(shown.length, 2);
  assert.equal(shown[0], shown[1]);
});

test("an ended session wipes nothing: who is signed in stays known, and the tokens stay to be tried", async () => {
  const { server, session, store } = await signedIn();
  server.tokens.clear();
  await assert.rejects(pull(session), SignedOut);
  assert.equal(session.account.user_id, "u");
  assert.ok((await store.kept("session")).pairs[DEVICE].refresh_token);
});

test("what another tab got counts: two tabs refresh at once", async () => {
  const { server, session, open } = await signedIn();
  const other = open();
  await other.load();
  server.tokens.delete("a1");
  await pull(other);
  server.tokens.delete("r1");
  await pull(session);
  assert.equal(server.paths().filter((each) => each === "refresh").length, 1);
});

test("requests at one time share one refresh", async () => {
  const { server, session } = await signedIn();
  server.tokens.delete("a1");
  await Promise.all([pull(session), pull(session), pull(session)]);
  assert.equal(server.paths().filter((each) => each === "refresh").length, 1);
});

test("a second device id of the installation gets a token of its own, and the first stays good", async () => {
  const { server, session } = await signedIn();
  const fork = "de000000-0000-4000-8000-00000000000b";
  await session.ask(fork, "GET", "/api/sync/pull");
  assert.equal(server.requests.at(-2).body.device_id, fork);
  await pull(session);
  assert.deepEqual(server.paths(), ["login", "refresh", "pull", "pull"]);
});

test("nobody signed in is no error of the line", async () => {
  const clock = new FakeClock();
  const session = new Session({ store: new MemoryStore(), clock, transport: transportOf(async () => json({}), clock) });
  await assert.rejects(pull(session), SignedOut);
});

test("signing out forgets the tokens, also without signal", async () => {
  const { server, session, store } = await signedIn();
  server.before = async () => Promise.reject(new TypeError("no line"));
  await session.leave();
  assert.equal(session.account, null);
  assert.equal(await store.kept("session"), null);
});
