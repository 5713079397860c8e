/**
 * Session: who is signed in, with a pair of tokens for each device id of this installation (a fork has two).
 *
 * A refusal never wipes anything: it means "sign in, and send the same again". A refresh whose reply was lost is sent
 * again with the same token and brings the same next one, so tabs may refresh at once.
 */

import { Problem } from "./transport.js";

/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./state.js").Store} Store */
/** @typedef {import("./transport.js").Asked} Asked */
/** @typedef {import("./transport.js").Transport} Transport */
/** @typedef {{access_token: string, refresh_token: string, good_until: number}} Pair */
/**
 * @typedef {object} Signed
 * @property {string} user_id
 * @property {string} club_id
 * @property {string} role
 * @property {string | null} [match_id] the one match of who scores by link
 * @property {number} [ends_at] when the link ends, by this device's clock
 * @property {Record<string, Pair>} pairs by device id
 */
/** @typedef {Omit<Signed, "pairs">} Account */

/** Milliseconds before its end at which an access token is taken for ended: a slow push takes its time. */
const MARGIN_MS = 60_000;
const KEY = "session";

/** Nobody is signed in, or not any more. What is on the device stays, and is sent after the next sign-in. */
export class SignedOut extends Error {
  name = "SignedOut";
}

export class Session {
  /** @type {Signed | null} */
  #signed = null;
  /** @type {Map<string, Promise<string>>} */
  #renewals = new Map();

  /**
   * @param {object} given
   * @param {Store} given.store
   * @param {Transport} given.transport
   * @param {Clock} given.clock
   */
  constructor({ store, transport, clock }) {
    this.store = store;
    this.transport = transport;
    this.clock = clock;
  }

  /** Read what is kept; other tabs may have signed in or refreshed meanwhile. */
  async load() {
    this.#signed = (await this.store.kept(KEY)) ?? null;
    return this.account;
  }

  /** @returns {Account | null} */
  get account() {
    if (!this.#signed) return null;
    const { pairs: _, ...account } = this.#signed;
    return account;
  }

  /**
   * Sign in with tokens that the server gave: for a password, or to another session of the same person.
   * @param {any} tokens
   */
  async take(tokens) {
    this.#signed = null; // another person's pairs are not this one's
    await this.#keep(tokens);
    return this.account;
  }

  /** Sign out: the tokens go, all else stays. Without signal the server's half waits until they expire. */
  async leave() {
    const pairs = Object.values(this.#signed?.pairs ?? {});
    this.#signed = null;
    await this.store.keep(KEY, null);
    for (const { access_token } of pairs)
      await this.transport.ask("POST", "/api/auth/logout", { token: access_token }).catch(() => {});
  }

  /**
   * Send a request as this device; a token that ended is renewed, and the same is sent again.
   * @param {string} deviceId
   * @param {string} method
   * @param {string} path
   * @param {Asked} [asked]
   */
  async ask(deviceId, method, path, asked = {}) {
    const token = await this.tokenFor(deviceId);
    try {
      return await this.transport.ask(method, path, { ...asked, token });
    } catch (error) {
      if (!isAboutTokens(error)) throw error;
    }
    const renewed = await this.renew(deviceId, token);
    try {
      return await this.transport.ask(method, path, { ...asked, token: renewed });
    } catch (error) {
      throw isAboutTokens(error) ? new SignedOut(error.message) : error;
    }
  }

  /**
   * Return an access token for a device id of this installation. Throws SignedOut, or as the transport does.
   * @param {string} deviceId
   * @returns {Promise<string>}
   */
  async tokenFor(deviceId) {
    const pair = this.#signed?.pairs[deviceId];
    return pair && pair.good_until > this.clock.now() ? pair.access_token : this.renew(deviceId, pair?.access_token);
  }

  /**
   * Return another access token than the one that was refused.
   * @param {string} deviceId
   * @param {string} [refused]
   * @returns {Promise<string>}
   */
  renew(deviceId, refused) {
    const running = this.#renewals.get(deviceId);
    if (running) return running;
    const renewal = this.#renew(deviceId, refused).finally(() => this.#renewals.delete(deviceId));
    this.#renewals.set(deviceId, renewal);
    return renewal;
  }

  /**
   * @param {string} deviceId
   * @param {string} [refused]
   * @returns {Promise<string>}
   */
  async #renew(deviceId, refused) {
    await this.load();
    const pair = this.#signed?.pairs[deviceId];
    if (pair && pair.access_token !== refused && pair.good_until > this.clock.now()) return pair.access_token;
    const shown = pair ?? Object.values(this.#signed?.pairs ?? {})[0];
    if (!shown) throw new SignedOut("nobody is signed in on this device");
    const body = { refresh_token: shown.refresh_token, device_id: deviceId };
    try {
      return await this.#keep(await this.transport.ask("POST", "/api/auth/refresh", { body }));
    } catch (error) {
      if (!isAboutTokens(error)) throw error;
    }
    return this.#takeAnothersRenewal(deviceId, shown);
  }

  /**
   * Return what another tab got for the token that was refused here: two steps on, it is too old to be shown.
   * @param {string} deviceId
   * @param {Pair} shown
   */
  async #takeAnothersRenewal(deviceId, shown) {
    await this.load();
    const pair = this.#signed?.pairs[deviceId];
    if (pair && pair.refresh_token !== shown.refresh_token) return pair.access_token;
    throw new SignedOut("the session has ended; sign in, and all that waits is sent");
  }

  /** @param {any} tokens */
  async #keep({ access_token, refresh_token, expires_in, refresh_expires_in, user_id, club_id, role, device_id, match_id }) {
    const now = this.clock.now();
    const good_until = now + Math.max(expires_in * 1_000 - MARGIN_MS, 0);
    const pairs = { ...this.#signed?.pairs, [device_id]: { access_token, refresh_token, good_until } };
    const scope = match_id ? { match_id, ends_at: now + refresh_expires_in * 1_000 } : {};
    this.#signed = { user_id, club_id, role, ...scope, pairs };
    await this.store.keep(KEY, this.#signed);
    return access_token;
  }
}

/**
 * @param {unknown} error
 * @returns {error is Problem}
 */
function isAboutTokens(error) {
  return error instanceof Problem && (error.code === "unauthorised" || error.code === "wrong_device");
}
