/**
 * The line to the server: takes the match with one request, then follows it from its cursor, and comes back by itself.
 *
 * A socket first; where that does not open, an event stream; where that is held up too, requests that wait. The secret
 * goes into the header or the first message and into no address. What is on the screen stays while the line is away;
 * when the link has ended, nothing stays.
 */

import { begin, hear, place } from './match.js';

/** @typedef {import('./match.js').Screen} Screen */
/** @typedef {import('./match.js').Entry} Entry */
/** @typedef {{heard: boolean, ended?: boolean, waitMs?: number | null, code?: string}} Outcome */
/** @typedef {{said: (text: string) => void, over: () => void}} Ears */
/** @typedef {'joining' | 'on' | 'off' | 'ended'} Phase */
/**
 * @typedef {object} World What a line needs of the browser, so that tests can stand in for it.
 * @property {typeof fetch} fetch
 * @property {new (url: string) => WebSocket} WebSocket
 * @property {new (url: string) => EventSource} EventSource
 * @property {() => number} now milliseconds since 1970, by this device
 * @property {() => number} dice from 0 up to 1
 * @property {(act: () => void, ms: number) => number} after
 * @property {(timer: number | undefined) => void} never
 * @property {string} origin the page's own
 */

const HELLO_MS = 20_000;
const LOOK_MS = 60_000;
const POLL_S = 25;
/** How long to go on with requests that wait before a socket is tried again. */
const POLLING_MS = 10 * 60_000;
/** Ends a time of polling that went well. */
const DONE = 'done';
/** A line that lived so long was good: the next one need not wait long. */
const GOOD_MS = 30_000;
const WAIT_MAX_MS = 30_000;
const ASKED_MAX_MS = 15 * 60_000;

/** @returns {World} */
export const browser = () => ({
  fetch: (...given) => fetch(...given),
  WebSocket,
  EventSource,
  now: () => Date.now(),
  dice: () => Math.random(),
  after: (act, ms) => setTimeout(act, ms),
  never: (timer) => clearTimeout(timer),
  origin: location.origin,
});

export class Line {
  /** @type {Screen | null} */
  screen = null;
  /** @type {Phase} */
  phase = 'joining';
  /** When the phase began, and when the server was last heard; by the server's clock. */
  since = 0;
  heardAt = 0;

  #secret;
  #world;
  #changed;
  #ahead = 0;
  #rung = 0;
  #tries = 0;
  #mustLook = true;
  #feed = '';
  #heartbeatMs = 15_000;
  #isStopped = false;
  /** @type {(() => void) | null} */
  #cut = null;
  /** @type {(() => void) | null} */
  #skip = null;

  /**
   * @param {string} secret @param {(entry: Entry | null) => void} changed told after each change, with what was heard
   * @param {World} world
   */
  constructor(secret, changed, world = browser()) {
    this.#secret = secret;
    this.#changed = changed;
    this.#world = world;
    this.since = this.now();
  }

  /** Return the server's time, in milliseconds since 1970. */
  now() {
    return this.#world.now() + this.#ahead;
  }

  /** Follow the match until the link has ended or `stop` is called. */
  async run() {
    while (!this.#isStopped) {
      const waitMs = await this.#attempt();
      if (this.#isStopped || this.phase === 'ended') return;
      if (waitMs !== 0) await this.#sleep(waitMs);
    }
  }

  stop() {
    this.#isStopped = true;
    this.#cut?.();
    this.#skip?.();
  }

  /** Try again now, unless the server has asked for a wait; for a device that woke up or found a network. */
  nudge() {
    if (this.#cut && this.now() - this.heardAt > 2 * this.#heartbeatMs + 5_000) this.#cut();
    this.#skip?.();
  }

  /** @returns {Promise<number>} milliseconds to wait before the next attempt; negative: nobody may cut it short */
  async #attempt() {
    if (this.#mustLook || !this.screen) {
      const looked = await this.#look();
      if (looked) return this.#fall(looked);
    }
    const began = this.#world.now();
    const rung = this.#rung;
    const outcome = await [() => this.#socket(), () => this.#stream(), () => this.#poll()][rung]();
    if (outcome.ended || this.#isStopped) return outcome.ended ? this.#end() : 0;
    if (outcome.heard) {
      if (this.#world.now() - began >= GOOD_MS) this.#tries = 0;
      this.#rung = rung % 2;
      return outcome.code === DONE ? 0 : this.#fall(outcome, this.#rung);
    }
    this.#mustLook = true;
    this.#rung = outcome.code === 'too_many' || outcome.code === 'busy' ? 2 : (rung + 1) % 3;
    return rung < 2 && !outcome.waitMs ? 0 : this.#fall(outcome, this.#rung);
  }

  /**
   * The line is away: say so, and return how long to wait.
   * @param {Outcome} outcome @param {number} rung where to go on
   */
  #fall({ ended, waitMs }, rung = 0) {
    if (ended) return this.#end();
    this.#rung = rung;
    this.#turn('off');
    this.#tries += 1;
    if (waitMs != null) return Math.min(waitMs, ASKED_MAX_MS);
    return -Math.min(WAIT_MAX_MS, 500 * 2 ** this.#tries) * (0.5 + this.#world.dice() / 2);
  }

  #end() {
    this.screen = null;
    this.#turn('ended');
    return 0;
  }

  /** @param {Phase} phase @param {Entry | null} entry */
  #turn(phase, entry = null) {
    if (this.#isStopped) return;
    if (this.phase !== phase) {
      this.phase = phase;
      this.since = this.now();
    }
    this.#changed(entry);
  }

  /** @param {number} serverTime @param {number} tripMs */
  #set(serverTime, tripMs = 0) {
    if (Number.isFinite(serverTime) && serverTime > 0) this.#ahead = serverTime + tripMs - this.#world.now();
  }

  // -- what is heard ---------------------------------------------------------------------------------------------------

  /** @param {string} cursor @param {import('./match.js').Match} match */
  #begin(cursor, match) {
    this.screen = begin(cursor, match, this.now(), this.screen);
  }

  /**
   * Take a frame of the feed; return whether all before it was heard too.
   * @param {any} frame
   */
  #take(frame) {
    this.heardAt = this.now();
    if (frame.type === 'hello') {
      // The answer to a look told the time better: what its trip took is known.
      if (Math.abs(frame.server_time - this.now()) > 2_000) this.#set(frame.server_time);
      this.heardAt = this.now();
      this.#heartbeatMs = frame.heartbeat_s * 1_000;
    } else if (frame.type === 'snapshot') {
      this.#begin(frame.cursor, frame.match);
    } else if (this.screen && frame.type === 'heartbeat') {
      if (place(this.screen.cursor, frame.cursor) !== 'known') return false;
    } else if (this.screen && frame.data) {
      const at = place(this.screen.cursor, frame.cursor);
      if (at === 'missed') return false;
      if (at === 'next') {
        this.screen = hear(this.screen, frame);
        this.#turn('on', frame);
        return true;
      }
    }
    this.#turn('on');
    return true;
  }

  // -- one look --------------------------------------------------------------------------------------------------------

  /** @returns {Promise<Outcome | null>} null where the screen is up to date */
  async #look() {
    /** @type {Record<string, string>} */
    const headers = { Authorization: `Bearer ${this.#secret}` };
    if (this.screen) headers['If-None-Match'] = `"${this.screen.cursor}"`;
    const answer = await this.#get('/api/shared/match', LOOK_MS, headers);
    if (!answer || (answer.status !== 304 && answer.outcome)) return answer?.outcome ?? { heard: false };
    if (answer.body) {
      this.#feed = answer.body.feed;
      this.#begin(answer.body.cursor, answer.body.match);
    }
    this.#mustLook = false;
    this.heardAt = this.now();
    this.#turn('on');
    return null;
  }

  /**
   * Ask; null where no answer came, an outcome where it is none to go on with.
   * @param {string} path @param {number} timeMs @param {Record<string, string>} headers
   * @returns {Promise<{status: number, body: any, outcome: Outcome | null} | null>}
   */
  async #get(path, timeMs, headers = {}) {
    const cut = new AbortController();
    const timer = this.#world.after(() => cut.abort(), timeMs);
    this.#cut = () => cut.abort();
    const asked = this.#world.now();
    try {
      const answer = await this.#world.fetch(this.#world.origin + path, {
        headers,
        signal: cut.signal,
        cache: 'no-store',
        credentials: 'omit',
        referrerPolicy: 'no-referrer',
      });
      // A look is answered at once; what waited for the feed, or stood in a cache, tells no time.
      if (headers.Authorization) this.#set(Number(answer.headers.get('X-Server-Time')), (this.#world.now() - asked) / 2);
      if (answer.status === 304) return { status: 304, body: null, outcome: null };
      const body = await answer.json().catch((/** @type {Error} */ error) => {
        if (answer.ok) throw error;
      });
      return { status: answer.status, body, outcome: answer.ok ? null : this.#refusal(answer, body) };
    } catch {
      return null;
    } finally {
      this.#world.never(timer);
      this.#cut = null;
    }
  }

  /** @param {Response} answer @param {any} body @returns {Outcome} */
  #refusal(answer, body) {
    const seconds = Number(answer.headers.get('Retry-After') ?? NaN);
    const waitMs = Number.isFinite(seconds) ? seconds * 1_000 + this.#world.dice() * Math.max(1_000, seconds * 300) : null;
    return { heard: false, ended: answer.status === 404 && body?.code === 'link_ended', waitMs };
  }

  // -- three ways to follow --------------------------------------------------------------------------------------------

  #socket() {
    return this.#follow((ears) => {
      const socket = new this.#world.WebSocket(`${this.#world.origin.replace(/^http/, 'ws')}/ws/shared/match`);
      socket.onopen = () => socket.send(JSON.stringify({ token: this.#secret, since: this.screen?.cursor }));
      socket.onmessage = ({ data }) => ears.said(data);
      socket.onclose = () => ears.over();
      return () => socket.close();
    });
  }

  #stream() {
    return this.#follow((ears) => {
      const after = encodeURIComponent(this.screen?.cursor ?? '');
      const stream = new this.#world.EventSource(`${this.#world.origin}/api/shared/feeds/${this.#feed}/events?after=${after}`);
      stream.onmessage = ({ data }) => ears.said(data);
      stream.onerror = () => ears.over();
      return () => stream.close();
    });
  }

  /**
   * Follow a line that speaks by itself, until it ends, falls silent, or something was missed.
   * @param {(ears: Ears) => () => void} open @returns {Promise<Outcome>}
   */
  #follow(open) {
    return new Promise((resolve) => {
      /** @type {Outcome} */
      const outcome = { heard: false };
      /** @type {number | undefined} */
      let timer;
      /** @type {() => void} */
      let close = () => undefined;
      const over = () => {
        this.#world.never(timer);
        this.#cut = null;
        resolve(outcome);
        close();
      };
      const waitFor = (/** @type {number} */ ms) => {
        this.#world.never(timer);
        timer = this.#world.after(over, ms);
      };
      const said = (/** @type {string} */ text) => {
        const frame = JSON.parse(text);
        if (frame.type === 'ended') {
          Object.assign(outcome, { code: frame.code, waitMs: frame.retry_ms, ended: frame.code === 'link_ended' });
          over();
          return;
        }
        outcome.heard = true;
        waitFor(2 * this.#heartbeatMs + 5_000);
        if (this.#take(frame)) return;
        this.#mustLook = true;
        over();
      };
      waitFor(HELLO_MS);
      this.#cut = over;
      try {
        close = open({ said, over });
      } catch {
        over();
      }
    });
  }

  /** @returns {Promise<Outcome>} */
  async #poll() {
    const ends = this.#world.now() + POLLING_MS;
    let heard = false;
    while (!this.#isStopped && this.#world.now() < ends) {
      const asked = this.#world.now();
      const path = `/api/shared/feeds/${this.#feed}?after=${encodeURIComponent(this.screen?.cursor ?? '')}&wait=${POLL_S}`;
      const answer = await this.#get(path, LOOK_MS);
      if (!answer || answer.outcome) return { ...answer?.outcome, heard };
      heard = true;
      if (answer.body.snapshot) this.#begin(answer.body.cursor, answer.body.snapshot);
      const entries = answer.body.entries;
      if (!entries.every((/** @type {Entry} */ each) => this.#take(each))) return this.#missed();
      this.heardAt = this.now();
      this.#turn('on');
      // A server that has no room for waiting answers at once: then this side waits.
      if (!entries.length && this.#world.now() - asked < 2_000) await this.#sleep(5_000 + this.#world.dice() * 5_000);
    }
    return { heard, code: DONE };
  }

  /** @returns {Outcome} */
  #missed() {
    this.#mustLook = true;
    return { heard: true };
  }

  /** @param {number} ms negative where a nudge may end it */
  #sleep(ms) {
    return /** @type {Promise<void>} */ (
      new Promise((resolve) => {
        const timer = this.#world.after(() => done(), Math.abs(ms));
        const done = () => {
          this.#world.never(timer);
          this.#skip = null;
          resolve();
        };
        this.#skip = () => (ms < 0 || this.#isStopped) && done();
      })
    );
  }
}
