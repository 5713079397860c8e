/**
 * Leader: of all tabs of the app, one syncs. The Web Lock of the store's name makes it so, and a broadcast tells the
 * others what was stored.
 *
 * A browser may freeze a tab that holds the lock. A tab that asks and hears no leader for a while takes the lock away; a
 * leader that wakes up later learns that it leads no more. Where there are no Web Locks (a page over plain HTTP) every
 * tab leads: it costs requests, and the store and the server keep the result right.
 */

/** @typedef {import("./clock.js").Clock} Clock */
/**
 * @typedef {object} Channel As much of BroadcastChannel as is needed here.
 * @property {(message: any) => void} postMessage
 * @property {((event: any) => void) | null} onmessage
 * @property {() => void} close
 */

/** Milliseconds in which a leader that is awake has answered. */
const ANSWER_MS = 3_000;

export class Leader {
  isLeading = false;
  #isClosed = false;
  /** @type {(() => void) | null} */
  #resign = null;
  /** @type {(() => void) | null} */
  #cancel = null;

  /**
   * @param {object} given
   * @param {string} given.name the same in all tabs of one store
   * @param {Clock} given.clock
   * @param {Pick<LockManager, "request"> | null | undefined} given.locks
   * @param {Channel | null} given.channel
   * @param {(isLeading: boolean) => void} given.onLeading
   * @param {() => void} given.onStored another tab has stored something
   * @param {() => void} given.onAsked another tab asks the leader to sync now
   * @param {(line: any) => void} given.onLine the leader tells how it stands with the server
   */
  constructor({ name, clock, locks, channel, onLeading, onStored, onAsked, onLine }) {
    this.name = `touchline/${name}`;
    this.clock = clock;
    this.locks = locks;
    this.channel = channel;
    this.onLeading = onLeading;
    /** @type {Record<string, (message: any) => void>} */
    this.heard = {
      stored: () => (this.#answer(), onStored()),
      ask: () => this.isLeading && (this.#answer(), onAsked()),
      here: () => this.#hearLeader(),
      line: ({ line }) => {
        this.#hearLeader();
        if (!this.isLeading) onLine(line);
      },
    };
    if (channel) channel.onmessage = ({ data }) => this.heard[data?.kind]?.(data);
  }

  /** Lead, as soon as no other tab does. */
  start() {
    if (!this.locks) return this.#lead();
    this.#claim({});
    this.ask();
  }

  /** Tell the other tabs that something was stored; take over where no leader hears it. */
  tellStored() {
    this.#say({ kind: "stored" });
    this.#watch();
  }

  /**
   * Tell the other tabs how it stands with the server.
   * @param {any} line
   */
  tellLine(line) {
    if (this.isLeading) this.#say({ kind: "line", line });
  }

  /** Ask the leader to sync now; take over where none answers. */
  ask() {
    if (this.isLeading || this.#isClosed) return;
    this.#say({ kind: "ask" });
    this.#watch();
  }

  #watch() {
    if (this.isLeading || this.#isClosed || !this.locks) return;
    this.#cancel ??= this.clock.after(ANSWER_MS, () => {
      this.#cancel = null;
      if (!this.isLeading && !this.#isClosed) this.#claim({ steal: true });
    });
  }

  close() {
    this.#isClosed = true;
    this.#hearLeader();
    this.#resign?.();
    this.#follow();
    this.channel?.close();
  }

  #answer() {
    if (this.isLeading) this.#say({ kind: "here" });
  }

  /** @param {any} message */
  #say(message) {
    if (!this.#isClosed) this.channel?.postMessage(message);
  }

  #hearLeader() {
    this.#cancel?.();
    this.#cancel = null;
  }

  /** @param {LockOptions} options */
  #claim(options) {
    const held = this.locks?.request(this.name, options, () => {
      if (this.#isClosed) return undefined;
      this.#lead();
      return new Promise((resolve) => (this.#resign = () => resolve(undefined)));
    });
    held?.catch((error) => {
      if (this.#isClosed) return;
      if (error?.name !== "AbortError") return this.#lead(); // there are no locks on this page after all
      this.#follow(); // another tab took it
      this.#claim({});
    });
  }

  #lead() {
    this.#hearLeader();
    if (this.isLeading) return;
    this.isLeading = true;
    this.onLeading(true);
  }

  #follow() {
    if (!this.isLeading) return;
    this.isLeading = false;
    this.onLeading(false);
  }
}
