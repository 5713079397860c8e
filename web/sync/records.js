/**
 * Records: the log's fold, and layers over it. A layer holds what differs from what lies below and leaves that alone, so
 * a step that fails leaves no trace, and the overlay costs what it holds and not what the club holds.
 */

import { later } from "./stamps.js";

/** @typedef {import("./messages.js").Change} Change */
/** @typedef {import("./messages.js").Values} Values */
/**
 * @typedef {object} Held A record as it stands; never changed, only replaced.
 * @property {Values} values
 * @property {boolean} deleted
 * @property {string} stamp the greatest that was seen in this record
 * @property {number} version
 */
/** @typedef {{collection: string, record: string, held: Held}} Row */

/** @type {Held} */
export const NOTHING = Object.freeze({ values: Object.freeze({}), deleted: false, stamp: "", version: 0 });

export class Records {
  /** @type {Map<string, Map<string, Held>>} */
  #own = new Map();

  /** @param {Records | null} below what shows through */
  constructor(below = null) {
    this.below = below;
  }

  /**
   * Return a record, or undefined where nobody wrote it.
   * @param {string} collection
   * @param {string} record
   * @returns {Held | undefined}
   */
  get(collection, record) {
    return this.#own.get(collection)?.get(record) ?? this.below?.get(collection, record);
  }

  /**
   * @param {string} collection
   * @param {string} record
   * @param {Held} held
   */
  set(collection, record, held) {
    const found = this.#own.get(collection) ?? new Map();
    this.#own.set(collection, found.set(record, held));
  }

  /**
   * Return the records of a collection, in no order.
   * @param {string} collection
   * @returns {Iterable<[string, Held]>}
   */
  *of(collection) {
    const own = this.#own.get(collection);
    if (own) yield* own;
    for (const [record, held] of this.below?.of(collection) ?? []) if (!own?.has(record)) yield [record, held];
  }

  /**
   * Return the names of the collections that hold something.
   * @returns {Set<string>}
   */
  collections() {
    return new Set([...this.#own.keys(), ...(this.below?.collections() ?? [])]);
  }

  /**
   * Return what this layer holds itself, ready to be stored.
   * @returns {Row[]}
   */
  rows() {
    return [...this.#own].flatMap(([collection, found]) =>
      Array.from(found, ([record, held]) => ({ collection, record, held })),
    );
  }
}

/**
 * Lay a change over the fold; in a replay what is not newer is skipped. Of a redacted record only what it brings is left.
 * @param {Records} records
 * @param {Change} change
 */
export function lay(records, change) {
  const held = records.get(change.collection, change.record) ?? NOTHING;
  if (change.version <= held.version) return;
  const { values, deleted } = change.redacted ? NOTHING : held;
  records.set(change.collection, change.record, {
    values: { ...values, ...change.fields },
    deleted: change.deleted ?? deleted,
    stamp: later(held.stamp, change.stamp),
    version: change.version,
  });
}

/**
 * Lay a write of this device's own over what is shown; stamp and version stay those of the fold.
 * @param {Records} records
 * @param {string} collection
 * @param {string} record
 * @param {{values?: Values, deleted?: boolean}} write
 */
export function write(records, collection, record, { values, deleted }) {
  const held = records.get(collection, record) ?? NOTHING;
  records.set(collection, record, {
    ...held,
    values: { ...held.values, ...values },
    deleted: deleted ?? held.deleted,
  });
}
