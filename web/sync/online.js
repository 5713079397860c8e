/**
 * Online: joins what speaks to the server and decides who does it when. One tab leads: it keeps the pace and holds the
 * tail. The others store edits, and show what the leader stored.
 */

import { randomShare } from "./ids.js";
import { Leader } from "./leader.js";
import { Log } from "./log.js";
import { Pace } from "./pace.js";
import { Picture } from "./picture.js";
import { Session } from "./session.js";
import { hasUnsent, isFinal, wordFor } from "./status.js";
import { Syncer } from "./syncer.js";
import { Tail } from "./tail.js";
import { Transport } from "./transport.js";

/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./ids.js").Dice} Dice */
/** @typedef {import("./leader.js").Channel} Channel */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./status.js").Line} Line */
/** @typedef {import("./wires.js").Wire} Wire */
/**
 * @typedef {object} Means What the outside world is reached with.
 * @property {string} origin @property {string} name @property {Clock} clock @property {Dice} dice
 * @property {typeof globalThis.fetch} [fetch] @property {readonly Wire[]} [wires]
 * @property {Pick<LockManager, "request"> | null} [locks] @property {Channel | null} channel
 * @property {any} [config] what the app was shipped with of `/api/sync/config`
 * @property {string | null} [matchId] the one match that is scored here by link; the whole club without it
 */

/** Milliseconds before a server that refused is asked again: an owner may have given the role back. */
const REFUSED_MS = 10 * 60_000;

export class Online {
  /** @type {Line} */
  line = { state: "local", retry_at: null, problem: null };
  #isInformed = false;
  #isClosed = false;

  /**
   * @param {State} state
   * @param {Means} means
   * @param {object} heard
   * @param {() => void} heard.onLine it stands otherwise with the server
   * @param {(config: any) => void} heard.onConfig the server told which collections there are
   */
  constructor(state, { origin, name, clock, dice, fetch, wires, locks, channel, matchId }, { onLine, onConfig }) {
    const share = () => randomShare(dice);
    this.state = state;
    this.onLine = onLine;
    this.onConfig = onConfig;
    this.transport = new Transport({ origin, clock, share, ...(fetch && { fetch }) });
    this.session = new Session({ store: state.store, transport: this.transport, clock });
    const source = matchId ? new Picture(matchId) : new Log();
    this.syncer = new Syncer({ state, session: this.session, clock, dice, source });
    this.syncer.onBehind = () => this.pace.nudge();
    this.pace = new Pace({
      clock,
      share,
      sync: () => this.#sync(),
      notBefore: () => this.transport.notBefore,
      idleMs: () => (this.tail.isLive ? source.netMs : source.pollMs),
      askedMs: (error) => error.askedMs ?? (isFinal(error) ? REFUSED_MS : 0),
      onFailed: (error, due) => this.#failed(error, due),
    });
    this.tail = new Tail({
      wires: wires ?? source.wires(origin),
      clock,
      share,
      greet: async () => ({ token: await this.session.tokenFor(state.meta.device_id), ...this.syncer.opening }),
      at: () => this.syncer.run.pullCursor,
      deliver: (changes) => this.syncer.deliver(changes),
      onBehind: () => this.pace.nudge(),
      onLive: (isLive) => this.#hearTail(isLive),
    });
    this.leader = new Leader({
      name,
      clock,
      locks: locks === undefined ? globalThis.navigator?.locks : locks,
      channel,
      onLeading: (isLeading) => (isLeading ? void this.resume() : this.pause()),
      onStored: () => void this.#hearStored(),
      onAsked: () => void this.resume(),
      onLine: (line) => this.tell(line),
    });
  }

  async begin() {
    await this.session.load();
    this.tell({ ...this.line, state: this.session.account ? "idle" : "local" });
    this.leader.start();
  }

  /** Sync now, with what another tab may have signed in with; or ask the tab that leads. */
  async resume() {
    if (this.#isClosed) return; // what is asked for too late finds no store any more
    if (!this.leader.isLeading) return this.leader.ask();
    if (!(await this.session.load()) || this.#isClosed) return;
    this.pace.start();
    this.tail.hurry();
  }

  /** Ask the server for nothing until something resumes it. */
  pause() {
    this.pace.stop();
    this.tail.stop();
  }

  close() {
    this.#isClosed = true;
    this.pause();
    this.leader.close();
  }

  /** @param {Line} line */
  tell(line) {
    this.line = line;
    this.leader.tellLine(line);
    this.onLine();
  }

  async #sync() {
    const isQuiet = (this.line.state === "idle" || this.line.state === "live") && !hasUnsent(this.state.picture);
    if (!isQuiet) this.tell({ ...this.line, state: "syncing", retry_at: null });
    await this.#learn();
    await this.syncer.sync();
    if (this.pace.isStopped) return; // meanwhile: who signed out, or closed the page, wants no line opened
    this.tail.start();
    this.tell({ state: this.tail.isLive ? "live" : "idle", retry_at: null, problem: null });
  }

  /** Learn which collections there are, once in the life of a page. */
  async #learn() {
    if (this.#isInformed) return;
    const config = await this.transport.ask("GET", "/api/sync/config");
    this.#isInformed = true;
    this.onConfig(config);
    await this.state.store.keep("config", config);
  }

  /** Take in what another tab stored. Only what was never sent is a reason to sync: two leaders must not wake each other for ever. */
  async #hearStored() {
    if (this.#isClosed) return;
    await this.state.refresh();
    if (hasUnsent(this.state.picture)) this.pace.nudge();
  }

  /** @param {boolean} isLive */
  #hearTail(isLive) {
    const { state } = this.line;
    if (isLive && state === "offline") this.pace.hurry(); // the server is there again
    else this.pace.relax();
    if (state === "idle" || state === "live") this.tell({ ...this.line, state: isLive ? "live" : "idle" });
  }

  /**
   * @param {any} error
   * @param {number} due
   */
  #failed(error, due) {
    if (this.#isClosed) return; // it was under way when the store closed
    if (isFinal(error)) this.tail.stop();
    this.tell({ state: wordFor(error), retry_at: due, problem: error.code ?? error.name });
  }
}
