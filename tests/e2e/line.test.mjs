// The line of the viewer's page, in a world of its own: what it asks, when, and what it does when nobody answers.
import assert from 'node:assert/strict';
import test from 'node:test';

import { Line } from '../../web/viewer/line.js';

const SECRET = `tls_${'s'.repeat(64)}`;
const EPOCH = '6b1d0c5f2e7a9384';
const FEED = 'tlf_name';
const SERVER = 1_789_898_400_000;

const match = (home = 0) => ({ status: 'live', periods: [], timeline: [], score: { home, away: 0 } });
const cursor = (n) => `${n}.${EPOCH}`;
const look = (n = 0) => reply(200, { cursor: cursor(n), feed: FEED, match: match(n) });
const goal = (n) => ({ type: 'score', cursor: cursor(n), at: SERVER, is_correction: false, data: { score: { home: n, away: 0 } } });
const hello = { type: 'hello', protocol: 1, cursor: cursor(0), server_time: SERVER, heartbeat_s: 15, expires_in: 9_000 };
const ended = (code, retry) => ({ type: 'ended', code, close: 4404, detail: '', ...(retry && { retry_ms: retry }) });
const lost = () => Promise.reject(new TypeError('no network'));

function reply(status, body, headers = {}) {
  return () => Promise.resolve(new Response(status === 304 ? null : JSON.stringify(body), { status, headers }));
}

/** A server, a clock and dice that a test holds in its hands. */
class World {
  origin = 'https://club.example';
  time = 1_000_000;
  asked = [];
  opened = [];
  replies = [];
  timers = new Map();
  luck = 1;

  constructor(...replies) {
    this.replies = replies;
    const world = this;
    class Wire {
      sent = [];
      isOpen = true;
      constructor(url) {
        this.url = url;
        world.opened.push(this);
      }
      send(text) {
        this.sent.push(JSON.parse(text));
      }
      close() {
        this.isOpen = false;
      }
      say(...frames) {
        for (const frame of frames) this.onmessage({ data: JSON.stringify(frame) });
      }
      break() {
        (this.onclose ?? this.onerror)({});
      }
    }
    this.WebSocket = class extends Wire {};
    this.EventSource = class extends Wire {};
  }

  now = () => this.time;
  dice = () => this.luck;
  after = (act, ms) => {
    const timer = { act, at: this.time + ms };
    this.timers.set(timer, timer);
    return timer;
  };
  never = (timer) => void this.timers.delete(timer);

  fetch = (url, { headers, signal, ...rest }) => {
    this.asked.push({ url, headers, at: this.time, ...rest });
    const next = this.replies.shift();
    if (next) return next(this);
    return new Promise((_, reject) => signal.addEventListener('abort', () => reject(new DOMException('', 'AbortError'))));
  };

  get wire() {
    return this.opened.at(-1);
  }

  /** Let time pass, and all that is due in it happen in order. */
  async pass(ms = 0) {
    const ends = this.time + ms;
    await settle();
    for (;;) {
      const [due] = [...this.timers.values()].filter(({ at }) => at <= ends).sort((a, b) => a.at - b.at);
      if (!due) break;
      this.time = Math.max(this.time, due.at);
      this.timers.delete(due);
      due.act();
      await settle();
    }
    this.time = Math.max(this.time, ends);
  }
}

const settle = () => new Promise((done) => setImmediate(done));

/** Open a line whose look is answered, and whose socket has said hello. */
async function live(...replies) {
  const world = new World(look(), ...replies);
  const line = new Line(SECRET, () => undefined, world);
  const running = line.run();
  await world.pass();
  world.wire.onopen();
  world.wire.say(hello);
  return { world, line, running };
}

async function begun(...replies) {
  const world = new World(...replies);
  const line = new Line(SECRET, () => undefined, world);
  const running = line.run();
  await world.pass();
  return { world, line, running };
}

test('one look, then a socket from its cursor; the secret is in the header, the first message and no address', async () => {
  const { world, line } = await live();
  assert.equal(world.asked[0].url, 'https://club.example/api/shared/match');
  assert.equal(world.asked[0].headers.Authorization, `Bearer ${SECRET}`);
  assert.equal(world.asked[0].credentials, 'omit');
  assert.equal(world.wire.url, 'wss://club.example/ws/shared/match');
  assert.deepEqual(world.wire.sent, [{ token: SECRET, since: cursor(0) }]);
  assert.ok([...world.asked, ...world.opened].every(({ url }) => !url.includes(SECRET)));
  world.wire.say(goal(1), goal(2), goal(2), goal(1));
  assert.deepEqual([line.screen.match.score.home, line.screen.cursor, line.phase], [2, cursor(2), 'on']);
});

test('a message that was missed, or a heartbeat further on, has it look again before it goes on', async () => {
  for (const frame of [goal(2), { type: 'heartbeat', cursor: cursor(1) }]) {
    const { world, line } = await live(look(2));
    world.wire.say(frame);
    assert.equal(line.screen.match.score.home, 0);
    await world.pass(2_000);
    assert.equal(line.screen.match.score.home, 2);
    assert.equal(world.opened.length, 2);
  }
});

test('a socket that breaks is opened again from the cursor; the screen stays meanwhile, and is not looked up anew', async () => {
  const { world, line } = await live();
  world.wire.say(goal(1));
  world.wire.break();
  await world.pass();
  assert.deepEqual([line.phase, line.screen.match.score.home], ['off', 1]);
  await world.pass(1_000);
  world.wire.onopen();
  assert.deepEqual(world.wire.sent, [{ token: SECRET, since: cursor(1) }]);
  world.wire.say({ ...hello, cursor: cursor(1) });
  assert.deepEqual([line.phase, world.asked.length], ['on', 1]);
});

test('where sockets do not open it follows an event stream, and where those do not, requests that wait', async () => {
  const { world, line } = await begun(look(), reply(304), reply(304), reply(200, { cursor: cursor(1), more: false, entries: [goal(1)] }));
  world.wire.break();
  await world.pass();
  assert.equal(world.wire.url, `https://club.example/api/shared/feeds/${FEED}/events?after=${cursor(0)}`);
  world.wire.break();
  await world.pass();
  const paths = world.asked.map(({ url }) => url.replace(world.origin, ''));
  assert.deepEqual(paths.slice(-2), [0, 1].map((n) => `/api/shared/feeds/${FEED}?after=${cursor(n)}&wait=25`));
  assert.equal(world.asked[1].headers['If-None-Match'], `"${cursor(0)}"`);
  assert.equal(world.asked.at(-1).headers.Authorization, undefined);
  assert.deepEqual([line.phase, line.screen.match.score.home], ['on', 1]);
});

test('a stream tells what a socket tells, and one that breaks is followed on', async () => {
  const { world, line } = await begun(look(), reply(304));
  world.wire.break();
  await world.pass();
  world.wire.say(hello, goal(1));
  world.wire.break();
  await world.pass(1_000);
  assert.equal(world.wire.url, `https://club.example/api/shared/feeds/${FEED}/events?after=${cursor(1)}`);
  assert.equal(line.screen.match.score.home, 1);
});

test('after ten minutes of polling a socket is tried again; a server without room to wait is not asked in a loop', async () => {
  const empty = reply(200, { cursor: cursor(0), more: false, entries: [] });
  const { world } = await begun(look(), reply(304), reply(304), ...Array(200).fill(empty));
  world.wire.break();
  await world.pass();
  world.wire.break();
  await world.pass(60_000);
  assert.ok(world.asked.length < 16, `${world.asked.length}`);
  await world.pass(10 * 60_000);
  assert.equal(world.opened.filter(({ url }) => url.startsWith('wss:')).length, 2);
});

test('a poll with a snapshot begins anew from it', async () => {
  const fresh = reply(200, { cursor: '0.0000000000000001', more: false, entries: [], snapshot: match(7) });
  const { world, line } = await begun(look(), reply(304), reply(304), fresh);
  world.wire.break();
  await world.pass();
  world.wire.break();
  await world.pass();
  assert.deepEqual([line.screen.cursor, line.screen.match.score.home], ['0.0000000000000001', 7]);
});

test('Retry-After is kept, and no network that comes back cuts it short', async () => {
  const { world, line } = await begun(reply(429, { code: 'too_many_requests' }, { 'Retry-After': '20' }), look());
  await world.pass(19_999);
  line.nudge();
  await world.pass();
  assert.equal(world.asked.length, 1);
  await world.pass(6_100);
  assert.equal(world.asked.length, 2);
  assert.ok(line.screen);
});

test('a socket that is sent away comes back when it was told to', async () => {
  const { world } = await live();
  world.wire.say(ended('restarting', 12_000));
  world.wire.break();
  await world.pass(11_999);
  assert.equal(world.opened.length, 1);
  await world.pass(1);
  assert.equal(world.opened.length, 2);
});

test('a viewer for whom there is no room on sockets polls', async () => {
  const { world } = await begun(look(), reply(304));
  world.wire.say(ended('too_many', 3_000));
  await world.pass(3_000);
  assert.ok(world.asked.at(-1).url.includes('wait='));
});

test('without a network it waits longer each time, half a minute at the most, with chance in it', async () => {
  const { world, line } = await begun(...Array(12).fill(lost));
  await world.pass(3 * 60_000);
  const waits = world.asked.slice(1).map(({ at }, i) => at - world.asked[i].at);
  assert.deepEqual(waits.slice(0, 7), [1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  assert.equal(line.phase, 'off');
});

test('chance halves a wait at the most', async () => {
  const world = new World(lost, lost);
  world.luck = 0;
  void new Line(SECRET, () => undefined, world).run();
  await world.pass(499);
  assert.equal(world.asked.length, 1);
  await world.pass(1);
  assert.equal(world.asked.length, 2);
});

test('a network that comes back ends a wait of its own', async () => {
  const { world, line } = await begun(lost, lost, lost, lost, look());
  await world.pass(7_000);
  assert.equal(world.asked.length, 4);
  line.nudge();
  await world.pass();
  assert.equal(world.asked.length, 5);
  assert.equal(line.phase, 'on');
});

test('a line that falls silent for more than two heartbeats is cut; one that beats is not', async () => {
  const { world } = await live();
  await world.pass(30_000);
  world.wire.say({ type: 'heartbeat', cursor: cursor(0) });
  await world.pass(34_999);
  assert.equal(world.wire.isOpen, true);
  await world.pass(1);
  assert.equal(world.wire.isOpen, false);
});

test('a device that slept cuts a line that has been silent, at once', async () => {
  const { world, line } = await live();
  world.time += 60 * 60_000;
  line.nudge();
  assert.equal(world.wire.isOpen, false);
});

test('a link that has ended leaves nothing on the screen, and nothing is asked again', async () => {
  const byFrame = await live();
  byFrame.world.wire.say(ended('link_ended'));
  const byLook = await begun(reply(404, { code: 'link_ended' }));
  for (const { world, line, running } of [byFrame, byLook]) {
    await running;
    assert.deepEqual([line.phase, line.screen], ['ended', null]);
    await world.pass(60 * 60_000);
    assert.equal(world.asked.length, 1);
  }
});

test('a 404 of somebody else, a page of a proxy and half an answer are a line that is away', async () => {
  const page = () => Promise.resolve(new Response('<html>', { status: 502, headers: { 'Retry-After': '3' } }));
  const half = () => Promise.resolve(new Response('{"cursor":', { status: 200 }));
  for (const odd of [reply(404, { code: 'not_found' }), page, half]) {
    const { world, line } = await begun(odd, look());
    assert.equal(line.phase, 'off');
    await world.pass(5_000);
    assert.equal(line.phase, 'on');
  }
});

test('the clock is the server\u2019s: its time, and half of what the trip took', async () => {
  const answer = async (world) => {
    await settle();
    world.time += 4_000;
    return new Response(JSON.stringify({ cursor: cursor(0), feed: FEED, match: match() }), { headers: { 'X-Server-Time': `${SERVER}` } });
  };
  const { world, line } = await begun(answer);
  await world.pass();
  assert.equal(line.now(), SERVER + 2_000);
  world.wire.say({ ...hello, server_time: SERVER + 3_000 });
  assert.equal(line.now(), SERVER + 2_000);
  world.wire.say({ ...hello, server_time: SERVER + 60_000 });
  assert.equal(line.now(), SERVER + 60_000);
});

test('a line that was stopped says and asks nothing more', async () => {
  const { world, line, running } = await live();
  const { wire } = world;
  line.stop();
  await running;
  await world.pass(60_000);
  assert.deepEqual([wire.isOpen, world.opened.length, world.asked.length], [false, 1, 1]);
});
