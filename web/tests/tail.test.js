import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { Leader } from "../sync/leader.js";
import { Pace } from "../sync/pace.js";
import { Tail } from "../sync/tail.js";
import { eventsWire, socketWire } from "../sync/wires.js";
import { FakeAir, FakeClock, FakeLocks, settle } from "./world.js";

/** A wire that the test speaks for. */
class FakeWire {
  opened = [];

  constructor(name) {
    this.name = name;
  }

  open(hello, heard) {
    const line = { hello, ...heard, isOpen: true, renewed: [] };
    this.opened.push(line);
    return { close: () => (line.isOpen = false), renew: (token) => line.renewed.push(token) };
  }

  get last() {
    return this.opened.at(-1);
  }
}

function tailOf(wires, more = {}) {
  const clock = new FakeClock();
  const told = { behind: 0, live: [], delivered: [] };
  const tail = new Tail({
    wires,
    clock,
    share: () => 0.5,
    greet: async () => ({ token: "t", since: "1.a" }),
    at: () => "1.000000000000000a",
    deliver: async (changes) => (told.delivered.push(...changes), true),
    onBehind: () => told.behind++,
    onLive: (isLive) => told.live.push(isLive),
    ...more,
  });
  tail.start();
  return { clock, tail, told };
}

describe("tail", () => {
  test("it says who it is and from where, and is live once it is greeted", async () => {
    const wire = new FakeWire("socket");
    const { clock, told } = tailOf([wire]);
    await clock.advance(0);
    assert.deepEqual(wire.last.hello, { token: "t", since: "1.a" });
    assert.deepEqual(told.live, []);
    wire.last.frame({ type: "hello" });
    wire.last.frame({ type: "changes", changes: [{ version: 2 }] });
    wire.last.frame({ type: "something new" });
    await settle();
    assert.deepEqual(told, { behind: 0, live: [true], delivered: [{ version: 2 }] });
  });

  test("a cut line is opened again after a moment, from where the device has read", async () => {
    let at = 0;
    const wire = new FakeWire("socket");
    const { clock, told } = tailOf([wire], { greet: async () => ({ token: "t", since: `${++at}.a` }) });
    await clock.advance(0);
    wire.last.frame({ type: "hello" });
    wire.last.closed("gone");
    assert.deepEqual(told.live, [true, false]);
    await clock.advance(1_000);
    assert.deepEqual(wire.opened.map((each) => each.hello.since), ["1.a", "2.a"]);
  });

  test("a minute of silence is a dead line; a heartbeat is not silence", async () => {
    const wire = new FakeWire("socket");
    const { clock, tail } = tailOf([wire]);
    await clock.advance(0);
    wire.last.frame({ type: "hello" });
    for (let beat = 0; beat < 5; beat++) {
      await clock.advance(40_000);
      wire.last.frame({ type: "heartbeat" });
    }
    assert.ok(tail.isLive && wire.opened.length === 1);
    await clock.advance(60_000);
    assert.ok(!tail.isLive && !wire.opened[0].isOpen);
    await clock.advance(1_000);
    assert.equal(wire.opened.length, 2);
  });

  test("a wire that is never greeted gives way to the next, and after the last the device polls for a while", async () => {
    const wires = [new FakeWire("socket"), new FakeWire("events")];
    const { clock, told } = tailOf(wires);
    await clock.advance(25_000);
    assert.equal(wires[0].opened.length, 2);
    await clock.advance(25_000);
    assert.equal(wires[1].opened.length, 2);
    await clock.advance(4 * 60_000);
    assert.deepEqual(wires.map((each) => each.opened.length), [2, 2]);
    await clock.advance(2 * 60_000);
    assert.ok(wires[0].opened.length > 2);
    assert.deepEqual(told.live, []);
  });

  test("a wire that is asked to wait is not given up, however often", async () => {
    const wires = [new FakeWire("socket"), new FakeWire("events")];
    const { clock } = tailOf(wires);
    for (let turn = 1; turn <= 4; turn++) {
      await clock.advance(10_000);
      assert.equal(wires[0].opened.length, turn);
      wires[0].last.closed("busy", 5_000);
    }
    assert.equal(wires[1].opened.length, 0);
  });

  test("a fresh token is sent before the shown one runs out, again and again", async () => {
    let at = 0;
    const wire = new FakeWire("socket");
    const { clock } = tailOf([wire], { greet: async () => ({ token: `t${++at}`, since: "1.a" }) });
    await clock.advance(0);
    wire.last.frame({ type: "hello", heartbeat_s: 1_000, token_expires_in: 900 });
    await clock.advance(854_000);
    assert.deepEqual(wire.last.renewed, []);
    await clock.advance(1_000);
    assert.deepEqual(wire.last.renewed, ["t2"]);
    wire.last.frame({ type: "renewed", token_expires_in: 900 });
    await clock.advance(855_000);
    assert.deepEqual([wire.last.renewed, wire.opened.length], [["t2", "t3"], 1]);
  });

  test("a heartbeat that stands further on than the device says that something was missed", async () => {
    const wire = new FakeWire("socket");
    const { clock, told } = tailOf([wire]);
    await clock.advance(0);
    wire.last.frame({ type: "hello" });
    wire.last.frame({ type: "heartbeat", timestamp: "1.000000000000000a" });
    wire.last.frame({ type: "heartbeat", timestamp: "0.0000000000000000" });
    await settle();
    assert.equal(told.behind, 0);
    wire.last.frame({ type: "heartbeat", timestamp: "2.000000000000000b" });
    await clock.advance(1_000);
    assert.deepEqual([told.behind, wire.opened.length], [1, 2]);
  });

  test("the hello names the heartbeat, and twice that is silence", async () => {
    const wire = new FakeWire("socket");
    const { clock, tail } = tailOf([wire]);
    await clock.advance(0);
    wire.last.frame({ type: "hello", heartbeat_s: 15 });
    await clock.advance(29_000);
    assert.ok(tail.isLive);
    await clock.advance(1_000);
    assert.ok(!tail.isLive);
  });

  test("being online again tries the best wire at once", async () => {
    const wires = [new FakeWire("socket")];
    const { clock, tail } = tailOf(wires);
    await clock.advance(30_000);
    assert.equal(wires[0].opened.length, 2);
    tail.hurry();
    await clock.advance(0);
    assert.equal(wires[0].opened.length, 3);
  });

  test("changes that do not follow are pulled, and the tail begins anew behind them", async () => {
    const wire = new FakeWire("socket");
    const { clock, told } = tailOf([wire], { deliver: async () => false });
    await clock.advance(0);
    wire.last.frame({ type: "hello" });
    wire.last.frame({ type: "changes", changes: [{ version: 9 }] });
    await clock.advance(1_000);
    assert.equal(told.behind, 1);
    assert.equal(wire.opened.length, 2);
  });

  test("what an earlier line still says is ignored, and so is all after a stop", async () => {
    const wire = new FakeWire("socket");
    const { clock, tail, told } = tailOf([wire]);
    await clock.advance(0);
    const [first] = wire.opened;
    first.frame({ type: "hello" });
    first.closed("gone");
    await clock.advance(1_000);
    first.frame({ type: "changes", changes: [{ version: 2 }] });
    tail.stop();
    wire.last.frame({ type: "changes", changes: [{ version: 2 }] });
    await clock.advance(600_000);
    assert.deepEqual(told.delivered, []);
    assert.equal(wire.opened.length, 2);
  });

  test("a server that ends the tail is obeyed: how long to wait, and what to find out by a pull", async () => {
    const wire = new FakeWire("socket");
    const { clock, told } = tailOf([wire]);
    await clock.advance(0);
    wire.last.frame({ type: "hello" });
    wire.last.frame({ type: "ended", code: "restarting", retry_ms: 20_000 });
    await clock.advance(19_000);
    assert.equal(wire.opened.length, 1);
    await clock.advance(10_000);
    assert.equal(wire.opened.length, 2);
    assert.equal(told.behind, 0);
    wire.last.frame({ type: "ended", code: "access_ended" });
    assert.equal(told.behind, 1);
  });
});

describe("wires", () => {
  class FakeSocket {
    static last = null;
    sent = [];

    constructor(url) {
      this.url = url;
      FakeSocket.last = this;
    }

    send(text) {
      this.sent.push(JSON.parse(text));
    }

    close() {
      this.onclose?.({ code: 1000, reason: "" });
    }
  }

  test("a socket sends the token in the first message and never in the address", () => {
    const closed = [];
    const frames = [];
    const line = socketWire("ws://x/ws/sync", FakeSocket).open({ token: "secret", since: "1.a" }, { frame: (f) => frames.push(f), closed: (c) => closed.push(c) });
    const socket = FakeSocket.last;
    assert.ok(!socket.url.includes("secret"));
    socket.onopen();
    assert.deepEqual(socket.sent, [{ token: "secret", since: "1.a" }]);
    socket.onmessage({ data: '{"type":"hello"}' });
    line.renew("fresh");
    assert.deepEqual(socket.sent.at(-1), { token: "fresh" });
    socket.onclose({ code: 4403, reason: '{"code":"access_ended"}' });
    socket.onclose({ code: 1006, reason: "" });
    assert.deepEqual([frames, closed], [[{ type: "hello" }], ["access_ended"]]);
  });

  test("a frame that is no JSON ends the socket", () => {
    const closed = [];
    socketWire("ws://x", FakeSocket).open({ token: "t", since: "" }, { frame: assert.fail, closed: (c) => closed.push(c) });
    FakeSocket.last.onmessage({ data: "<html>" });
    assert.deepEqual(closed, ["gone"]);
  });

  test("events are read across any cut of the bytes, and comments are passed over", async () => {
    const text = ': hi\n\ndata: {"type":"hello"}\n\nid: 2\r\ndata: {"type":"changes",\r\ndata: "changes":[{"t":"é"}]}\r\n\r\n';
    const bytes = new TextEncoder().encode(text);
    for (const size of [1, 2, 7, 1_000]) {
      const frames = [];
      const body = new ReadableStream({
        start(control) {
          for (let at = 0; at < bytes.length; at += size) control.enqueue(bytes.slice(at, at + size));
          control.close();
        },
      });
      let asked;
      const fetch = async (_url, init) => ((asked = init), new Response(body, { headers: { "Content-Type": "text/event-stream; charset=utf-8" } }));
      const code = await new Promise((closed) =>
        eventsWire("http://x", fetch).open({ token: "t", since: "1.a" }, { frame: (f) => frames.push(f), closed }),
      );
      assert.deepEqual(frames, [{ type: "hello" }, { type: "changes", changes: [{ t: "é" }] }]);
      assert.equal(asked.headers["Last-Event-ID"], "1.a");
      assert.equal(code, "gone");
    }
  });

  test("a stream that is none says so", async () => {
    for (const [response, expected] of [[new Response("", { status: 401 }), "unauthorised"], [new Response("<html>"), "gone"]]) {
      const code = await new Promise((closed) =>
        eventsWire("http://x", async () => response).open({ token: "t", since: "" }, { frame: assert.fail, closed }),
      );
      assert.equal(code, expected);
    }
  });
});

describe("leader", () => {
  function tabsOf({ locks = new FakeLocks(), air = new FakeAir() } = {}) {
    const clock = new FakeClock();
    const open = () => {
      const told = { leading: [], stored: 0, asked: 0, lines: [] };
      const channel = air.channel();
      const leader = new Leader({
        name: "x",
        clock,
        locks,
        channel,
        onLeading: (isLeading) => told.leading.push(isLeading),
        onStored: () => told.stored++,
        onAsked: () => told.asked++,
        onLine: (line) => told.lines.push(line),
      });
      leader.start();
      return { leader, told, channel };
    };
    return { clock, open };
  }

  test("of all tabs one leads, and the next when it closes", async () => {
    const { clock, open } = tabsOf();
    const [one, two, three] = [open(), open(), open()];
    await clock.advance(10_000);
    assert.deepEqual([one, two, three].map((each) => each.leader.isLeading), [true, false, false]);
    one.leader.close();
    await clock.advance(10_000);
    assert.deepEqual([one, two, three].map((each) => each.leader.isLeading), [false, true, false]);
  });

  test("what is stored, asked and told reaches whom it concerns", async () => {
    const { clock, open } = tabsOf();
    const [one, two] = [open(), open()];
    await clock.advance(0);
    const { asked } = one.told;
    two.leader.tellStored();
    two.leader.ask();
    one.leader.tellLine({ state: "live" });
    two.leader.tellLine({ state: "a follower has nothing to tell" });
    await clock.advance(10_000);
    assert.deepEqual([one.told.stored, one.told.asked - asked, one.told.lines], [1, 1, []]);
    assert.deepEqual(two.told.lines, [{ state: "live" }]);
    assert.ok(one.leader.isLeading);
  });

  test("a frozen leader is replaced by the tab that needs one, and follows when it wakes up", async () => {
    const { clock, open } = tabsOf();
    const [one, two] = [open(), open()];
    await clock.advance(5_000);
    one.channel.isFrozen = true;
    two.leader.tellStored();
    await clock.advance(2_000);
    assert.ok(!two.leader.isLeading);
    await clock.advance(2_000);
    assert.deepEqual([one, two].map((each) => each.leader.isLeading), [false, true]);
    assert.deepEqual(one.told.leading, [true, false]);
    two.leader.close();
    await clock.advance(0);
    assert.ok(one.leader.isLeading);
  });

  test("without locks every tab leads", async () => {
    const { open } = tabsOf({ locks: null });
    assert.ok(open().leader.isLeading && open().leader.isLeading);
  });

  test("locks that are refused are none", async () => {
    const { clock, open } = tabsOf({ locks: { request: () => Promise.reject(new DOMException("no", "SecurityError")) } });
    const tab = open();
    await clock.advance(0);
    assert.ok(tab.leader.isLeading);
  });
});

describe("pace", () => {
  function paceOf(sync, askedMs = () => 0) {
    const clock = new FakeClock();
    const runs = [];
    const failed = [];
    const pace = new Pace({
      clock,
      share: () => 1,
      idleMs: () => 20_000,
      askedMs,
      onFailed: (_error, due) => failed.push(due - clock.now()),
      sync: async () => (runs.push(clock.now()), sync?.(runs.length)),
    });
    pace.start();
    return { clock, pace, runs, failed };
  }

  test("edits are gathered for a moment, and those made meanwhile go with the next sync", async () => {
    let edit = () => {};
    const { clock, pace, runs } = paceOf(async (count) => count === 2 && edit());
    await clock.advance(0);
    edit = () => pace.nudge();
    for (let tap = 0; tap < 5; tap++) pace.nudge();
    await clock.advance(299);
    assert.equal(runs.length, 1);
    await clock.advance(1_000);
    assert.equal(runs.length, 3);
  });

  test("after failures it waits longer each time; edits do not hurry it, a sign of change does", async () => {
    const { clock, pace, runs, failed } = paceOf(async () => Promise.reject(new Error("no line")));
    await clock.advance(10_000);
    assert.deepEqual(failed, [1_000, 2_000, 4_000, 8_000]);
    pace.nudge();
    await clock.advance(1_000);
    assert.equal(runs.length, 4);
    pace.hurry();
    await clock.advance(0);
    assert.equal(runs.length, 5);
  });

  test("a hint to come less often holds for edits too", async () => {
    const { clock, pace, runs } = paceOf();
    await clock.advance(0);
    const until = clock.now() + 30_000;
    pace.notBefore = () => until;
    pace.nudge();
    await clock.advance(29_000);
    assert.equal(runs.length, 1);
    await clock.advance(1_000);
    assert.equal(runs.length, 2);
  });

  test("what the server asks is kept, and a stop stops", async () => {
    const { clock, pace, runs } = paceOf(async () => Promise.reject(new Error()), () => 60_000);
    await clock.advance(59_000);
    assert.equal(runs.length, 1);
    await clock.advance(20_000);
    assert.equal(runs.length, 2);
    pace.stop();
    pace.nudge();
    await clock.advance(600_000);
    assert.equal(runs.length, 2);
  });
});
