/**
 * Ids: canonical lower-case UUIDs, random ones (version 4) and those that follow from a name (version 5, RFC 9562).
 *
 * SHA-1 is here because `crypto.subtle` is asynchronous and missing on plain-HTTP pages of a local network, while an
 * answered conflict must leave the screen in the same step that stores the answer. It protects nothing.
 */

/** The namespace of conflict ids. */
const CONFLICTS = "5a0f8f0e-2f0b-5f5e-9a7c-0d6a4f1e7c11";

/** @typedef {(count: number) => Uint8Array} Dice  Draws random bytes. */

/** @type {Dice} */
export function systemDice(count) {
  return crypto.getRandomValues(new Uint8Array(count));
}

/**
 * Return a random id.
 * @param {Dice} dice
 * @returns {string}
 */
export function randomId(dice) {
  return format(dice(16), 4);
}

/**
 * Return a number from 0 up to, and not including, 1.
 * @param {Dice} dice
 * @returns {number}
 */
export function randomShare(dice) {
  return new DataView(dice(4).slice().buffer).getUint32(0) / 2 ** 32;
}

/**
 * Return the id that a name has in a namespace: the same on every device.
 * @param {string} namespace a UUID
 * @param {string} name
 * @returns {string}
 */
export function namedId(namespace, name) {
  const digits = namespace.replaceAll("-", "");
  const space = Array.from({ length: 16 }, (_, at) => Number.parseInt(digits.slice(2 * at, 2 * at + 2), 16));
  return format(sha1(Uint8Array.of(...space, ...new TextEncoder().encode(name))).slice(0, 16), 5);
}

/**
 * Return the id of the one conflict about this field of this record.
 * @param {string} collection
 * @param {string} record
 * @param {string} field
 * @returns {string}
 */
export function conflictId(collection, record, field) {
  return namedId(CONFLICTS, `${collection}/${record}/${field}`);
}

/**
 * @param {Uint8Array} bytes 16 of them
 * @param {number} version
 * @returns {string}
 */
function format(bytes, version) {
  const marked = bytes.slice();
  marked[6] = (marked[6] & 0x0f) | (version << 4);
  marked[8] = (marked[8] & 0x3f) | 0x80;
  const digits = Array.from(marked, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * Return the SHA-1 digest (FIPS 180-4, section 6.1).
 * @param {Uint8Array} message
 * @returns {Uint8Array}
 */
export function sha1(message) {
  const blocks = ((message.length + 8) >> 6) + 1;
  const words = new DataView(new ArrayBuffer(blocks * 64));
  message.forEach((byte, at) => words.setUint8(at, byte));
  words.setUint8(message.length, 0x80);
  words.setUint32(blocks * 64 - 4, message.length * 8);
  const hash = [0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476, 0xc3d2e1f0];
  for (let block = 0; block < blocks; block++) mix(hash, Array.from({ length: 16 }, (_, t) => words.getUint32(block * 64 + t * 4)));
  const digest = new DataView(new ArrayBuffer(20));
  hash.forEach((word, at) => digest.setUint32(at * 4, word));
  return new Uint8Array(digest.buffer);
}

/**
 * Mix one block of 16 words into the hash.
 * @param {number[]} hash
 * @param {number[]} w
 */
function mix(hash, w) {
  let [a, b, c, d, e] = hash;
  for (let t = 0; t < 80; t++) {
    if (t >= 16) w[t] = rotate(w[t - 3] ^ w[t - 8] ^ w[t - 14] ^ w[t - 16], 1);
    const [f, k] =
      t < 20 ? [(b & c) | (~b & d), 0x5a827999]
      : t < 40 ? [b ^ c ^ d, 0x6ed9eba1]
      : t < 60 ? [(b & c) | (b & d) | (c & d), 0x8f1bbcdc]
      : [b ^ c ^ d, 0xca62c1d6];
    [a, b, c, d, e] = [(rotate(a, 5) + f + e + k + w[t]) >>> 0, a, rotate(b, 30), c, d];
  }
  [a, b, c, d, e].forEach((word, at) => (hash[at] = (hash[at] + word) >>> 0));
}

/**
 * @param {number} word
 * @param {number} by
 */
function rotate(word, by) {
  return ((word << by) | (word >>> (32 - by))) >>> 0;
}
