/** What tests stand on: a clock that they turn, dice that they know, and a small server of the protocol. */

import { namedId } from "../sync/ids.js";
import { makeStamp } from "../sync/stamps.js";

export const NOW_MS = 1_790_000_000_000;

/** Let everything run that waits for nothing but its turn. */
export async function settle() {
  for (let turn = 0; turn < 30; turn++) await new Promise((resolve) => setImmediate(resolve));
}

export class FakeClock {
  #now = NOW_MS;
  #timers = new Set();

  now() {
    return this.#now;
  }

  after(ms, then) {
    const timer = { due: this.#now + ms, then };
    this.#timers.add(timer);
    return () => this.#timers.delete(timer);
  }

  /** Turn the clock on, letting each timer fire at its time. */
  async advance(ms) {
    const end = this.#now + ms;
    for (;;) {
      await settle();
      const next = [...this.#timers].filter((each) => each.due <= end).sort((one, other) => one.due - other.due)[0];
      if (!next) break;
      this.#now = Math.max(this.#now, next.due);
      this.#timers.delete(next);
      next.then();
    }
    this.#now = end;
  }
}

/** Dice that give the same bytes in each run. */
export function seededDice(seed) {
  let state = seed;
  return (count) =>
    Uint8Array.from({ length: count }, () => {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
      return state >>> 24;
    });
}

/** The match that a scorer's link of the small server is for. */
export const SCORED = "5c000000-0000-4000-8000-0000000000aa";

/** The session's half of a server and as much of the log as a client needs to be tried: a field `wrong` is refused. */
export class FakeServer {
  log = [];
  outcomes = new Map();
  erased = new Set();
  requests = [];
  /** Called with each request before it is carried out; answers a Response to send instead, or throws. */
  before = async () => null;
  /** Called after it was carried out: throws to lose the reply. */
  after = async () => {};
  tokens = new Map();
  /** Device id -> what its tokens say beside the usual. */
  accounts = new Map();
  #count = 0;

  constructor(clock) {
    this.clock = clock;
  }

  get head() {
    const last = this.log.at(-1);
    return last ? `${last.version}.${last.tag}` : "0.0000000000000000";
  }

  fetch = async (url, { method, headers, body }) => {
    const { pathname, searchParams } = new URL(url);
    const request = { method, path: pathname, query: searchParams, headers, body: headers["Content-Type"] === "text/csv" ? body : body && JSON.parse(body) };
    this.requests.push(request);
    const instead = await this.before(request);
    if (instead) return instead;
    const response = this.#route(request);
    await this.after(request);
    return response;
  };

  paths() {
    return this.requests.map((each) => each.path.split("/").at(-1));
  }

  #route({ path, query, headers, body }) {
    if (path === "/api/sync/config") return json({ collections: [{ name: "matches", fields: { title: { required: true } } }] });
    if (path === "/api/auth/register" || path === "/api/auth/login") return json(this.#tokens(body.device_id));
    if (path === "/api/auth/scorer") return json(this.#tokens(body.device_id, { user_id: "link", role: "scorer", match_id: SCORED }));
    if (path === "/api/auth/refresh") {
      const known = this.tokens.get(body.refresh_token);
      const more = known && this.accounts.get(known);
      return known ? json(this.#tokens(body.device_id ?? known, more)) : problem(401, "unauthorised");
    }
    const device = this.tokens.get(headers.Authorization?.slice("Bearer ".length));
    if (!device) return problem(401, "unauthorised");
    if (path === "/api/sync/push") return device === body.device_id ? this.#push(body) : problem(403, "wrong_device");
    if (path === "/api/sync/pull") return this.#pull(query);
    if (path === "/api/sync/snapshot") return this.#snapshot();
    if (path === `/api/matches/${SCORED}/records`) return this.#picture(query, headers["If-None-Match"]);
    return problem(404, "not_found");
  }

  #tokens(device_id, more = {}) {
    const [access_token, refresh_token] = [`a${++this.#count}`, `r${this.#count}`];
    this.tokens.set(access_token, device_id).set(refresh_token, device_id);
    this.accounts.set(device_id, more);
    const account = { user_id: "u", club_id: "c", role: "owner", device_id, ...more };
    return { access_token, refresh_token, expires_in: 900, refresh_expires_in: 7_776_000, ...account };
  }

  #push({ device_id, mutations, past }) {
    const known = this.log.length;
    for (const mutation of mutations) this.#apply(device_id, mutation);
    const others = mutations.map(({ n }) => this.outcomes.get(`${device_id}/${n}`));
    const times = { server_time: this.clock.now(), correction: 0 };
    return json({ applied: [], others, version: this.log.length, timestamp: this.head, ...times, past, known });
  }

  #apply(device_id, { n, collection, record, op, fields, resolve }) {
    const key = `${device_id}/${n}`;
    if (this.outcomes.has(key)) return;
    if (this.erased.has(`${collection}/${record}`)) return void this.outcomes.set(key, { n, verdict: "rejected", code: "erased", sentence: "It was erased." });
    const stamp = makeStamp((BigInt(this.clock.now()) << 16n).toString(16).padStart(16, "0"), device_id);
    if (fields?.wrong) {
      const field = `rejected/${key}`;
      const id = namedId("5a0f8f0e-2f0b-5f5e-9a7c-0d6a4f1e7c11", `${collection}/${record}/${field}`);
      const problem = { code: "unknown_field", field: "wrong", sentence: "There is no such field." };
      const side = { value: { mutation: { n, collection, record, op, fields } }, device_id, n, stamp, at: "", problem };
      this.outcomes.set(key, { n, verdict: "rejected", stamp, conflicts: [id], ...problem });
      const told = { kind: "rejected", collection, record, field, status: "open", stands: null, candidates: [side] };
      return this.#log("conflicts", id, stamp, { fields: told });
    }
    this.outcomes.set(key, { n, verdict: "applied", stamp });
    if (op === "resolve" && resolve.field.includes("/")) {
      const id = namedId("5a0f8f0e-2f0b-5f5e-9a7c-0d6a4f1e7c11", `${collection}/${record}/${resolve.field}`);
      return this.#log("conflicts", id, stamp, { fields: { status: "resolved" } });
    }
    this.#log(collection, record, stamp, op === "put" ? { fields } : { deleted: op === "delete" });
  }

  #log(collection, record, stamp, what) {
    const version = this.log.length + 1;
    this.log.push({ version, tag: version.toString(16).padStart(16, "f"), collection, record, stamp, ...what });
  }

  /** Write something as another device. */
  write(collection, record, fields) {
    this.#apply("de000000-0000-4000-8000-0000000000ff", { n: this.log.length + 1_000, collection, record, op: "put", fields });
    return this.log.at(-1);
  }

  /** Erase a record for good: nothing of it is left, and nothing about it is taken any more. */
  erase(collection, record) {
    this.erased.add(`${collection}/${record}`);
    for (const each of this.log) if (each.record === record) Object.assign(each, { fields: {}, redacted: true });
    this.#log(collection, record, "f".repeat(48), { deleted: true, redacted: true });
  }

  /** Answer a client whose cursors are not of this log. */
  #diverged(query) {
    const known = new Set(["0.0000000000000000", ...this.log.map((each) => `${each.version}.${each.tag}`)]);
    for (const cursor of [query.get("since"), query.get("acked")])
      if (cursor && !known.has(cursor)) {
        const common = query.get("past")?.split(",").find((each) => known.has(each)) ?? "0.0000000000000000";
        return problem(409, "log_diverged", { common });
      }
    return null;
  }

  #pull(query) {
    const since = query.get("since") ?? "0.0000000000000000";
    const refusal = this.#diverged(query);
    if (refusal) return refusal;
    const changes = this.log.slice(Number(since.split(".")[0]));
    return json({ changes, timestamp: this.head, more: false });
  }

  #picture(query, known) {
    const refusal = this.#diverged(query);
    if (refusal) return refusal;
    const headers = { ETag: `"${this.head}"` };
    if (known === headers.ETag) return new Response(null, { status: 304, headers });
    return json({ records: this.#fold(), timestamp: this.head }, { headers });
  }

  #snapshot() {
    return json({ records: this.#fold(), page: null, timestamp: this.head, until: this.head, counts: {} });
  }

  #fold() {
    const all = new Map();
    for (const { tag, ...change } of this.log) {
      const was = all.get(change.record);
      all.set(change.record, { ...was, ...change, fields: { ...was?.fields, ...change.fields } });
    }
    return [...all.values()];
  }
}

export function json(body, { status = 200, headers = {} } = {}) {
  return new Response(JSON.stringify(body), { status, headers: { "Content-Type": "application/json", ...headers } });
}

export function problem(status, code, more = {}, headers = {}) {
  return json({ code, status, title: code, detail: code, ...more }, { status, headers: { "Content-Type": "application/problem+json", ...headers } });
}

/** Web Locks of one browser, for as many tabs as a test opens. */
export class FakeLocks {
  #queue = [];
  #holder = null;

  request(_name, { steal = false }, then) {
    return new Promise((resolve, reject) => {
      const asked = { then, resolve, reject };
      if (steal && this.#holder) {
        this.#holder.reject(new DOMException("stolen", "AbortError"));
        this.#holder = null;
        this.#queue.unshift(asked);
      } else this.#queue.push(asked);
      this.#next();
    });
  }

  #next() {
    if (this.#holder || this.#queue.length === 0) return;
    const holder = (this.#holder = this.#queue.shift());
    queueMicrotask(async () => {
      holder.resolve(await holder.then({}));
      if (this.#holder === holder) this.#holder = null;
      this.#next();
    });
  }
}

/** BroadcastChannels of one browser. */
export class FakeAir {
  #all = new Set();

  channel() {
    const own = { onmessage: null, isFrozen: false };
    own.close = () => this.#all.delete(own);
    own.postMessage = (data) => {
      for (const each of this.#all)
        if (each !== own) queueMicrotask(() => each.isFrozen || each.onmessage?.({ data: structuredClone(data) }));
    };
    this.#all.add(own);
    return own;
  }
}

export function html(status = 200) {
  return new Response("<html>Sign in to the Wi-Fi</html>", { status, headers: { "Content-Type": "text/html" } });
}
