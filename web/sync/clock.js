/**
 * Clocks: where the time comes from, and how long to wait before the next try. Everything else takes both as arguments.
 */

/**
 * @typedef {object} Clock
 * @property {() => number} now whole milliseconds since 1970, by this device
 * @property {(ms: number, then: () => void) => () => void} after calls `then` after a while; the result calls it off
 */

/** @type {Clock} */
export const systemClock = {
  now: () => Date.now(),
  after(ms, then) {
    const timer = setTimeout(then, ms);
    return () => clearTimeout(timer);
  },
};

/** Milliseconds before the second try. */
const WAIT_FLOOR_MS = 1_000;
/** Milliseconds between tries at the most: a phone that comes back into coverage is told so by the browser anyway. */
const WAIT_CEILING_MS = 5 * 60_000;
/** The share by which a wait that the server named is stretched at most: a club's phones must not come back at once. */
const STRETCH = 0.25;

/**
 * Return how long to wait after some failures in a row: doubling, with the upper half of it by chance.
 *
 * What the server asked for (`Retry-After`, `Touchline-Backoff`) is never undercut.
 * @param {object} given
 * @param {number} given.failures how many in a row, 1 or more
 * @param {number} given.share a random number from 0 to 1
 * @param {number} [given.askedMs] what the server asked for
 * @returns {number}
 */
export function waitMs({ failures, share, askedMs = 0 }) {
  const most = Math.min(WAIT_CEILING_MS, WAIT_FLOOR_MS * 2 ** Math.min(failures - 1, 20));
  const own = most / 2 + (share * most) / 2;
  return Math.round(Math.max(own, askedMs * (1 + share * STRETCH)));
}
