/**
 * Stamps: the readings of the server's hybrid logical clock that rank writes. A client makes none and ranks nothing; it
 * keeps the greatest that it has seen of each record, and reads from them who wrote, and when.
 *
 * A stamp is 48 hexadecimal digits: 12 of milliseconds since 1970, 4 of a counter, 32 of the device. Text order is time
 * order.
 */

const CLOCK_DIGITS = 16;
const WALL_DIGITS = 12;

/**
 * Return the stamp of a clock (16 digits, as a push answer gives it) on a device.
 * @param {string} clock
 * @param {string} deviceId
 * @returns {string}
 */
export function makeStamp(clock, deviceId) {
  return clock + deviceId.replaceAll("-", "");
}

/**
 * Return the milliseconds since 1970 at which a write was made, by the corrected clock of its device.
 * @param {string} stamp
 * @returns {number}
 */
export function wallOf(stamp) {
  return Number.parseInt(stamp.slice(0, WALL_DIGITS), 16);
}

/**
 * Return the id of the device that wrote.
 * @param {string} stamp
 * @returns {string}
 */
export function deviceOf(stamp) {
  const digits = stamp.slice(CLOCK_DIGITS);
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * Return the greater of two stamps; the empty text is below all.
 * @param {string} one
 * @param {string} other
 * @returns {string}
 */
export function later(one, other) {
  return other > one ? other : one;
}
