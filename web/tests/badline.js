/** What the stories against a real server stand on: a line that loses requests and replies, and what a phone holds. */

import { randomShare } from "../sync/ids.js";
import { Unreachable } from "../sync/transport.js";

const LOSSES = 0.7;
const TRIES_MAX = 200;

/** A line that is cut, or loses what goes over it by chance. */
export class BadLine {
  isUp = true;
  isLossy = false;
  lost = 0;

  constructor(dice) {
    this.dice = dice;
  }

  fetch = async (url, init) => {
    if (!this.isUp) throw new TypeError("no signal");
    if (this.#loses()) throw new TypeError("the request was lost");
    const response = await fetch(url, init);
    const text = await response.text();
    if (this.#loses()) throw new TypeError("the reply was lost");
    const hasBody = response.status !== 204 && response.status !== 304;
    return new Response(hasBody ? text : null, { status: response.status, headers: response.headers });
  };

  #loses() {
    return this.isLossy && randomShare(this.dice) < LOSSES / 2 && (this.lost += 1) > 0;
  }
}

/** A clock that sets nothing off by itself: a story says when a phone syncs. */
export const stillClock = { now: () => Date.now(), after: () => () => {} };

/** Return a socket as a page of this server opens it: browsers tell the page's origin, node does not. */
export function pageSocket(address) {
  return class extends WebSocket {
    constructor(url) {
      super(url, { headers: { Origin: address } });
    }
  };
}

/** Sync until it went well once. */
export async function sync(club) {
  for (let tries = 0; tries < TRIES_MAX; tries++)
    try {
      return await club.online.syncer.sync();
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
    }
  throw new Error("the line never came back");
}

/** Return what a phone holds of the server's records: collection -> id -> record. */
export function foldOf({ state }) {
  const { records } = state.picture;
  return Object.fromEntries(
    [...records.collections()].map((name) => [
      name,
      Object.fromEntries([...records.of(name)].map(([id, { values, deleted, version }]) => [id, { values, deleted, version }])),
    ]),
  );
}
