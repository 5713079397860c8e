/**
 * State: one tab's picture of what the store holds, and the drafts by which it changes.
 *
 * A step works on a draft, inside the transaction that will store it. The picture takes the draft over when that
 * transaction is complete and never before, so nothing is shown that is not stored, and a step that fails leaves no
 * trace. What other tabs stored meanwhile is taken in first, in the same transaction.
 */

import { ORIGIN } from "./cursors.js";
import { Records } from "./records.js";

/** @typedef {import("./records.js").Row} Row */
/** @typedef {import("./messages.js").Mutation} Mutation */
/** @typedef {import("./messages.js").Verdict} Verdict */
/** @typedef {import("./messages.js").Again} Again */
/** @typedef {import("./messages.js").Origin} Origin */
/**
 * @typedef {object} Made One of the device's own mutations, and what became of it; never changed, only replaced.
 * @property {string} device_id
 * @property {Mutation} mutation
 * @property {Verdict | null} verdict
 * @property {string | null} timestamp the answer's, once the verdict is final
 * @property {number} settled_ms the server's time at the final verdict
 * @property {Again | null} again
 * @property {number} correction
 * @property {number} sent_in the sync in which it was last sent
 * @property {boolean} is_redacted whether a redacted change about its record came while it waited: it goes when it is settled
 */
/**
 * @typedef {object} Meta What a device knows of itself and of the log.
 * @property {string} device_id
 * @property {number} next_n
 * @property {string} cursor the end of the last whole transaction that is shown
 * @property {string | null} acked
 * @property {string[]} past
 * @property {Origin[]} origins
 * @property {"pulling" | "snapshot"} phase
 * @property {number} server_ms the server's clock, as its latest answer told it; 0 before the first
 * @property {number} saved_ms this device's clock when the server last held all that was made here; 0 before that
 * @property {number} correction what the server adds to this device's clock
 * @property {string | null} club_id the club whose data this is, from the first time somebody signs in
 * @property {boolean} ended whether the person is no member any more
 * @property {number} [let_go] edits that were not kept since somebody was erased, and of which nobody was told yet
 */
/**
 * @typedef {object} News What a store has that the asker has not.
 * @property {number} revision
 * @property {boolean} whole whether this is everything, and what the asker holds must go
 * @property {Meta | null} meta null in a store that was never written
 * @property {Row[]} records
 * @property {Made[]} made in the order in which they were made
 */
/**
 * @typedef {object} Patch What one step stores.
 * @property {Meta} meta
 * @property {Row[]} records
 * @property {boolean} replaces whether `records` are all there are
 * @property {Made[]} made
 * @property {number[]} forgotten the counters of what is kept no longer
 */
/**
 * @typedef {object} Store
 * @property {(known: () => number, step: (news: News) => Patch | null) => Promise<number>} change
 *   runs a step inside one transaction and stores its patch; the revision after it
 * @property {(known: number) => Promise<News>} since
 * @property {(key: string) => Promise<any>} kept
 * @property {(key: string, value: any) => Promise<void>} keep
 * @property {() => Promise<void>} erase
 * @property {() => void} close
 */

/**
 * Return what a new device knows.
 * @param {string} deviceId
 * @returns {Meta}
 */
export function newMeta(deviceId) {
  return {
    device_id: deviceId,
    next_n: 1,
    cursor: ORIGIN,
    acked: null,
    past: [],
    origins: [],
    phase: "pulling",
    server_ms: 0,
    saved_ms: 0,
    correction: 0,
    club_id: null,
    ended: false,
  };
}

/** What a step reads and writes. */
export class Draft {
  /** @type {Map<number, Made>} */
  #made = new Map();
  /** @type {Set<number>} */
  #forgotten = new Set();
  #replaces = false;

  /** @param {Picture} picture */
  constructor(picture) {
    this.picture = picture;
    this.meta = { ...picture.meta };
    this.records = new Records(picture.records);
  }

  /**
   * Return this device's mutations in the order in which they were made.
   * @returns {Iterable<Made>}
   */
  *made() {
    for (const [n, made] of this.picture.made) if (!this.#forgotten.has(n)) yield this.#made.get(n) ?? made;
    for (const [n, made] of this.#made) if (!this.picture.made.has(n)) yield made;
  }

  /** @param {Made} made */
  setMade(made) {
    this.#made.set(made.mutation.n, made);
  }

  /** @param {number} n */
  forget(n) {
    this.#forgotten.add(n);
  }

  /** @param {Records} records what is shown from now on, whole */
  replaceRecords(records) {
    this.records = records;
    this.#replaces = true;
  }

  /** @returns {Patch | null} null where nothing changed */
  patch() {
    const isSame = JSON.stringify(this.meta) === JSON.stringify(this.picture.meta);
    const records = this.records.rows();
    if (isSame && !records.length && !this.#made.size && !this.#forgotten.size && !this.#replaces) return null;
    return {
      meta: this.meta,
      records,
      replaces: this.#replaces,
      made: [...this.#made.values()].filter((each) => !this.#forgotten.has(each.mutation.n)),
      forgotten: [...this.#forgotten],
    };
  }
}

/** @typedef {{meta: Meta, records: Records, made: Map<number, Made>}} Picture */

export class State {
  revision = 0;
  /** @type {Promise<unknown>} */
  #last = Promise.resolve();
  /** @type {(touched: Set<string>) => void} */
  onChange = () => {};
  /** @type {() => void} */
  onStored = () => {};

  /**
   * @param {Store} store
   * @param {Meta} meta what to begin with where the store is empty
   */
  constructor(store, meta) {
    this.store = store;
    /** @type {Picture} */
    this.picture = { meta, records: new Records(), made: new Map() };
  }

  get meta() {
    return this.picture.meta;
  }

  /**
   * Run a step and store what it changed, one at a time; answers what the step returns once that is stored.
   * @template T
   * @param {(draft: Draft) => T} step
   * @returns {Promise<T>}
   */
  change(step) {
    const turn = this.#last.then(() => this.#change(step));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /**
   * @template T
   * @param {(draft: Draft) => T} step
   * @returns {Promise<T>}
   */
  async #change(step) {
    /** @type {T | undefined} */
    let result;
    /** @type {Patch | null} */
    let patch = null;
    const revision = await this.store.change(
      () => this.revision,
      (news) => {
        this.#take(news);
        const draft = new Draft(this.picture);
        result = step(draft);
        patch = draft.patch();
        return patch;
      },
    );
    this.revision = revision;
    if (patch) {
      this.#lay(patch);
      this.onStored();
    }
    return /** @type {T} */ (result);
  }

  /**
   * Take in what other tabs have stored.
   * @returns {Promise<void>}
   */
  refresh() {
    const turn = this.#last.then(async () => this.#take(await this.store.since(this.revision)));
    this.#last = turn.catch(() => {});
    return turn;
  }

  /** Wait until all that was begun is stored. */
  async settled() {
    await this.#last;
  }

  /** @param {News} news */
  #take(news) {
    if (news.revision === this.revision || !news.meta) return;
    const { meta, records, made, whole, revision } = news;
    this.revision = revision;
    if (whole) this.picture = { meta, records: new Records(), made: new Map() };
    this.#lay({ meta, records, made, replaces: false, forgotten: [] });
  }

  /** @param {Patch} patch */
  #lay({ meta, records, made, replaces, forgotten }) {
    const { picture } = this;
    const all = replaces ? new Records() : picture.records;
    for (const row of records) all.set(row.collection, row.record, row.held);
    for (const each of made) picture.made.set(each.mutation.n, each);
    for (const n of forgotten) picture.made.delete(n);
    // A new object for each picture: who remembers something about a picture sees that it is of an older one.
    this.picture = { meta, records: all, made: picture.made };
    const touched = [...records.map((row) => row.collection), ...made.map((each) => each.mutation.collection)];
    this.onChange(replaces ? new Set(all.collections()) : new Set(touched));
  }
}
