/**
 * Cursors: how far this device has applied a club's log, `version.tag`. The tag proves whose history it is; the version
 * may be compared only between cursors of one log.
 */

/** The cursor before the first change. */
export const ORIGIN = "0.0000000000000000";

const SHAPE = /^(0|[1-9][0-9]{0,15})[.][0-9a-f]{16}$/;

/** Cursors that a request may name; with gaps that double they cover any history. */
export const PAST_CURSORS_MAX = 32;

/**
 * Tell whether a value has the form of a cursor.
 * @param {unknown} value
 * @returns {value is string}
 */
export function isCursor(value) {
  return typeof value === "string" && SHAPE.test(value);
}

/**
 * Return a cursor's version.
 * @param {string} cursor
 * @returns {number}
 */
export function versionOf(cursor) {
  return Number(cursor.slice(0, cursor.indexOf(".")));
}

/**
 * Return the older of two cursors, the first where they are of one version.
 * @param {string} one
 * @param {string} other
 * @returns {string}
 */
export function older(one, other) {
  return versionOf(other) < versionOf(one) ? other : one;
}

/**
 * Keep some past cursors, newest first, with gaps that double.
 *
 * Of those that lie 2 to 3, 4 to 7, 8 to 15 ... versions behind, the oldest is kept: the newest would be dropped for a
 * newer one before it is old enough for the next range, and in time all would be lost.
 * @param {readonly string[]} cursors
 * @returns {string[]}
 */
export function thin(cursors) {
  if (cursors.length === 0) return [];
  const newest = versionOf(cursors[0]);
  /** @type {Map<number, string>} */
  const oldestIn = new Map();
  for (const cursor of cursors) {
    const behind = newest - versionOf(cursor);
    if (behind >= 0) oldestIn.set(behind && behind.toString(2).length, cursor);
  }
  return [...oldestIn.values()].slice(0, PAST_CURSORS_MAX);
}
