/**
 * Touchline: a club's data on this device, offline first. Edits are stored before they are shown, sent when there is a
 * line, and never lost to a cut one, an expired session, a second tab or a restored server. See docs/client.md.
 *
 *     const club = await open();
 *     await club.put("matches", club.newId(), { kickoff_ts: "2026-11-22T14:00:00.000Z" });
 *     club.on("status", ({ pending, saved_at }) => ...);
 */

import { systemClock } from "./sync/clock.js";
import { Desk } from "./sync/desk.js";
import { randomId, systemDice } from "./sync/ids.js";
import { Online } from "./sync/online.js";
import { newMeta, State } from "./sync/state.js";
import { openStore } from "./sync/store.js";

/** @typedef {import("./sync/clock.js").Clock} Clock */
/** @typedef {import("./sync/ids.js").Dice} Dice */
/** @typedef {import("./sync/leader.js").Channel} Channel */
/** @typedef {import("./sync/online.js").Means} Means */
/** @typedef {import("./sync/state.js").Store} Store */
/** @typedef {import("./sync/status.js").Status} Status */
/** @typedef {import("./sync/wires.js").Wire} Wire */
/**
 * @typedef {object} Options The first three are for apps; the others replace what the browser gives.
 * @property {string} [origin] the server's address; the page's own without it
 * @property {string} [name] the store's name; one store is of one club
 * @property {string | null} [matchId] opens the store of a match that is scored here by link, and no club's
 * @property {any} [config] what `/api/sync/config` answers, for an app that ships it: the first page without signal knows
 *   which fields a record needs to be shown
 * @property {Store} [store]
 * @property {typeof globalThis.fetch} [fetch]
 * @property {readonly Wire[]} [wires] the ways to be told of changes, the best first
 * @property {Clock} [clock]
 * @property {Dice} [dice]
 * @property {Pick<LockManager, "request"> | null} [locks]
 * @property {Channel | null} [channel]
 * @property {string} [deviceId] what a new store begins as
 */

/** These tokens are another club's than the data of this store: open one of another name, or forget this one. */
export class OtherClub extends Error {
  name = "OtherClub";

  /** @param {string} clubId the club that the tokens are for */
  constructor(clubId) {
    super("this store is another club's; open one of another name, or forget this one");
    this.clubId = clubId;
  }
}

/**
 * Open the club's data on this device. Works without signal and without an account.
 * @param {Options} [options]
 * @returns {Promise<Touchline>}
 */
export async function open(options = {}) {
  const { origin = "", matchId = null, clock = systemClock, dice = systemDice } = options;
  const { name = matchId === null ? "touchline" : `touchline-score-${matchId}`, deviceId = randomId(dice) } = options;
  const { channel = globalThis.BroadcastChannel ? new BroadcastChannel(`touchline/${name}`) : null } = options;
  /** @type {Touchline | undefined} */
  let opened;
  const store = options.store ?? (await openStore(name, { onOutdated: () => opened?.outdated() }));
  const state = new State(store, newMeta(deviceId));
  await state.refresh();
  opened = new Touchline(state, { ...options, origin, name, matchId, clock, dice, channel });
  await opened.begin(options.config ?? (await store.kept("config")));
  return opened;
}

export class Touchline extends Desk {
  #means;

  /**
   * @param {State} state
   * @param {Means} means
   */
  constructor(state, means) {
    super(state, means.clock, means.dice);
    this.#means = means;
    this.online = new Online(state, means, {
      onLine: () => this.changedStatus(this.status),
      onConfig: (config) => this.know(config),
    });
    state.onStored = () => this.online.leader.tellStored();
    state.onChange = (touched) => {
      this.changed(touched);
      this.changedStatus(this.status);
    };
  }

  /** @param {any} config */
  async begin(config) {
    this.know(config);
    await this.online.begin();
    // The browser tells when a line may have come back; the server's word alone says that it has.
    globalThis.addEventListener?.("online", this.sync);
    globalThis.document?.addEventListener("visibilitychange", this.sync);
  }

  // -- who is signed in -----------------------------------------------------------------------------------------------

  /** The club whose data this store holds, from the first sign-in on, also after signing out; null before it. */
  get clubId() {
    return this.state.meta.club_id;
  }

  /** Who is signed in: `{user_id, club_id, role}`, or null; who scores by link has `match_id` and `ends_at` too. */
  get account() {
    return this.online.session.account;
  }

  /** The one match that is scored here by link, or null. */
  get matchId() {
    return this.#means.matchId ?? null;
  }

  /**
   * Sign in; what was made on this device before goes to that club.
   * @param {{email: string, password: string, club_id?: string}} asked
   */
  signIn(asked) {
    return this.knock("login", asked).then((tokens) => this.enter(tokens));
  }

  /**
   * Sign up: a new person with a new club.
   * @param {{email: string, password: string, display_name: string, club_name: string}} asked
   */
  register(asked) {
    return this.knock("register", asked).then((tokens) => this.enter(tokens));
  }

  /**
   * Sign in with a scorer's link or code, without an account. Answers the match's own data on this device, which is this
   * where it is open already: what is scored by link never mixes into a club's.
   * @param {{name: string, secret?: string, code?: string}} asked
   * @returns {Promise<Touchline>}
   */
  async score(asked) {
    const device_id = this.matchId === null ? this.newId() : this.state.meta.device_id;
    const tokens = await this.online.transport.ask("POST", "/api/auth/scorer", { body: { ...asked, device_id } });
    const club = tokens.match_id === this.matchId ? this : await this.#beside(tokens);
    await club.enter(tokens);
    return club;
  }

  /**
   * Open a match's store beside this one, reached by the same means.
   * @param {{match_id: string, device_id: string}} tokens
   */
  #beside({ match_id, device_id }) {
    const { origin, clock, dice, fetch, wires, locks, channel, config } = this.#means;
    const given = { ...(fetch && { fetch }), ...(wires && { wires }), ...(locks !== undefined && { locks }) };
    // A new store begins as the device that has just signed in; one of another match counts its edits for itself.
    const began = this.matchId === null ? { deviceId: device_id } : {};
    return open({ origin, clock, dice, config, matchId: match_id, ...began, ...given, ...(channel === null && { channel }) });
  }

  /** Sign out. The club's data stays on the device, and so does what was not sent. */
  async signOut() {
    this.online.pause();
    await this.online.session.leave();
    this.online.tell({ state: "local", retry_at: null, problem: null });
  }

  /**
   * Send a request to the server as this device: for routes that are no part of the sync.
   * @param {string} method
   * @param {string} path
   * @param {any} [body]
   * @param {{type?: string, key?: string}} [how] `type`: the body is a text of this content type, and no JSON; `key`: the
   *   Idempotency-Key of what is made once, however often it must be asked for
   * @returns {Promise<any>}
   */
  request(method, path, body, { type, key } = {}) {
    return this.online.session.ask(this.state.meta.device_id, method, path, { body, type, key });
  }

  /**
   * Fetch a file from the server as this device: a season as JSON, CSV or a ZIP.
   * @param {string} path
   * @returns {Promise<Blob>}
   */
  download(path) {
    return this.online.session.ask(this.state.meta.device_id, "GET", path, { isFile: true });
  }

  /**
   * Ask for tokens, and do not take them yet: first look which club they are for.
   * @param {"register" | "login"} how
   * @param {Record<string, string>} asked
   * @returns {Promise<any>}
   */
  async knock(how, asked) {
    const { device_id } = await this.state.change((draft) => draft.meta);
    return this.online.transport.ask("POST", `/api/auth/${how}`, { body: { ...asked, device_id } });
  }

  /**
   * Sign in with tokens, those of `knock`, or what `switch` and `join` brought to another store. Throws OtherClub where
   * this store holds another club's data.
   * @param {any} tokens
   */
  async enter(tokens) {
    const { club_id } = tokens;
    if (this.clubId !== null && this.clubId !== club_id) throw new OtherClub(club_id);
    const account = await this.online.session.take(tokens);
    await this.state.change(({ meta }) => {
      meta.club_id = club_id;
      meta.ended = false;
    });
    await this.online.resume();
    return account;
  }

  // -- the sync -------------------------------------------------------------------------------------------------------

  /** @returns {Status} */
  get status() {
    return this.statusWith(this.online.line);
  }

  /** Sync now: when the page is shown again, the line came back, or somebody pulls down to refresh. */
  sync = () => {
    if (globalThis.document?.visibilityState !== "hidden") void this.online.resume();
  };

  edited() {
    this.online.pace.nudge();
  }

  /** Ask the browser not to clear what is stored when space is short. Answers whether it agreed. */
  async persist() {
    const storage = globalThis.navigator?.storage;
    return (await storage?.persisted?.()) || ((await storage?.persist?.()) ?? false);
  }

  /**
   * Remove everything from this device. Refused while something is on this device alone, unless that is said.
   * @param {{evenUnsent?: boolean}} [how]
   */
  async forget({ evenUnsent = false } = {}) {
    await this.state.refresh();
    const { pending } = this.status;
    if (pending > 0 && !evenUnsent) throw new Error(`${pending} edits are on this device alone; export them first`);
    await this.online.session.leave();
    await this.close();
    await this.state.store.erase();
  }

  /** Stop; nothing is lost that was stored. */
  async close() {
    globalThis.removeEventListener?.("online", this.sync);
    globalThis.document?.removeEventListener("visibilitychange", this.sync);
    this.online.close();
    await this.state.settled();
    this.state.store.close();
  }

  /** Another tab runs a newer version of the app, which changes the store: this one must be loaded anew. */
  outdated() {
    this.online.pause();
    this.online.tell({ state: "update_needed", retry_at: null, problem: "outdated_tab" });
  }
}
