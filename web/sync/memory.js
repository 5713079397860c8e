/**
 * A store in memory, for tests and for pages that may not store anything: the contract of `store.js`, without its
 * promise to outlive the page. Two handles on one `Shelf` are two tabs.
 */

/** @typedef {import("./state.js").Meta} Meta */
/** @typedef {import("./state.js").Made} Made */
/** @typedef {import("./state.js").News} News */
/** @typedef {import("./state.js").Patch} Patch */
/** @typedef {import("./records.js").Row} Row */

/** What is kept, shared by all who open it. */
export class Shelf {
  revision = 0;
  /** The revision at which something was last taken away: who knows less must read everything. */
  whole = 0;
  /** @type {Meta | null} */
  meta = null;
  /** @type {Map<string, Row & {revision: number}>} */
  records = new Map();
  /** @type {Map<number, {made: Made, revision: number}>} */
  made = new Map();
  /** @type {Map<string, any>} */
  kept = new Map();
}

/** @implements {Store} */
export class MemoryStore {
  /** @param {Shelf} shelf */
  constructor(shelf = new Shelf()) {
    this.shelf = shelf;
  }

  /**
   * @param {() => number} known
   * @param {(news: News) => Patch | null} step
   * @returns {Promise<number>}
   */
  async change(known, step) {
    const patch = step(this.#since(known()));
    if (patch) this.#write(structuredClone(patch));
    return this.shelf.revision;
  }

  /**
   * @param {number} known
   * @returns {Promise<News>}
   */
  async since(known) {
    return this.#since(known);
  }

  /** @param {string} key */
  async kept(key) {
    return structuredClone(this.shelf.kept.get(key));
  }

  /**
   * @param {string} key
   * @param {any} value
   */
  async keep(key, value) {
    this.shelf.kept.set(key, structuredClone(value));
  }

  async erase() {
    Object.assign(this.shelf, new Shelf());
  }

  close() {}

  /**
   * @param {number} known
   * @returns {News}
   */
  #since(known) {
    const { revision, meta, records, made } = this.shelf;
    const whole = known < this.shelf.whole;
    const least = whole ? 0 : known;
    const rows = [...records.values()].filter((row) => row.revision > least);
    return structuredClone({
      revision,
      whole,
      meta,
      records: rows.map(({ collection, record, held }) => ({ collection, record, held })),
      made: [...made.values()].filter((each) => each.revision > least).map((each) => each.made),
    });
  }

  /** @param {Patch} patch */
  #write({ meta, records, made, replaces, forgotten }) {
    const { shelf } = this;
    const revision = ++shelf.revision;
    shelf.meta = meta;
    if (replaces) shelf.records.clear();
    if (replaces || forgotten.length) shelf.whole = revision;
    for (const row of records) shelf.records.set(`${row.collection}/${row.record}`, { ...row, revision });
    for (const each of made) shelf.made.set(each.mutation.n, { made: each, revision });
    for (const n of forgotten) shelf.made.delete(n);
  }
}

/** @typedef {import("./state.js").Store} Store */
