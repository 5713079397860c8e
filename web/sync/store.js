/**
 * The store: IndexedDB. A step and all that it writes are one transaction, and so are a mutation, its place in the
 * outbox and the counter.
 *
 * Every row carries the revision that wrote it, so that another tab reads what is new and no more.
 */

/** @typedef {import("./state.js").Meta} Meta */
/** @typedef {import("./state.js").Made} Made */
/** @typedef {import("./state.js").News} News */
/** @typedef {import("./state.js").Patch} Patch */
/** @typedef {import("./state.js").Store} Store */
/** @typedef {{now: number, whole: number}} Revision */

/**
 * How each version of the schema comes about from the one before. Never change a step that was shipped; add one.
 * @type {((db: IDBDatabase) => void)[]}
 */
const STEPS = [
  (db) => {
    db.createObjectStore("facts");
    db.createObjectStore("records", { keyPath: ["collection", "record"] }).createIndex("revision", "revision");
    db.createObjectStore("made", { keyPath: "n" }).createIndex("revision", "revision");
  },
];

const TABLES = ["facts", "records", "made"];
/** @type {Revision} */
const UNWRITTEN = { now: 0, whole: 0 };

/** The store cannot be used: it is full, blocked, or another tab runs a newer version of the app. */
export class StoreFault extends Error {
  name = "StoreFault";
}

/**
 * Open the store of this name, and bring its schema up to date.
 * @param {string} name
 * @param {object} [more]
 * @param {IDBFactory} [more.factory]
 * @param {() => void} [more.onOutdated] called when a newer version of the app wants the store
 * @returns {Promise<IndexedStore>}
 */
export async function openStore(name, { factory = indexedDB, onOutdated = () => {} } = {}) {
  const asked = factory.open(name, STEPS.length);
  asked.onupgradeneeded = ({ oldVersion }) => STEPS.slice(oldVersion).forEach((step) => step(asked.result));
  const db = await answerOf(asked);
  db.onversionchange = () => {
    db.close();
    onOutdated();
  };
  return new IndexedStore(db, factory);
}

/** @implements {Store} */
export class IndexedStore {
  /**
   * @param {IDBDatabase} db
   * @param {IDBFactory} factory
   */
  constructor(db, factory) {
    this.db = db;
    this.factory = factory;
  }

  /**
   * @param {() => number} known
   * @param {(news: News) => Patch | null} step
   * @returns {Promise<number>}
   */
  async change(known, step) {
    // Strict: Chromium's own default may lose what it called complete when the phone's battery is pulled.
    const tx = this.#begin("readwrite", { durability: "strict" });
    const end = endOf(tx);
    try {
      const revision = await readRevision(tx);
      const patch = step(await readNews(tx, revision, known()));
      if (patch) writePatch(tx, patch, revision);
      await end;
      return revision.now + (patch ? 1 : 0);
    } catch (error) {
      abort(tx);
      await end.catch(() => {});
      // A transaction that the browser has ended, for want of space or by a broken disk, refuses what is asked of it next.
      throw error instanceof DOMException ? new StoreFault(String(error)) : error;
    }
  }

  /**
   * @param {number} known
   * @returns {Promise<News>}
   */
  async since(known) {
    const tx = this.#begin("readonly");
    return readNews(tx, await readRevision(tx), known);
  }

  /** @param {string} key */
  async kept(key) {
    return answerOf(this.#begin("readonly").objectStore("facts").get(`kept/${key}`));
  }

  /**
   * @param {string} key
   * @param {any} value
   */
  async keep(key, value) {
    const tx = this.#begin("readwrite", { durability: "strict" });
    tx.objectStore("facts").put(value, `kept/${key}`);
    await endOf(tx);
  }

  async erase() {
    this.db.close();
    await answerOf(this.factory.deleteDatabase(this.db.name));
  }

  close() {
    this.db.close();
  }

  /**
   * @param {IDBTransactionMode} mode
   * @param {IDBTransactionOptions} [options]
   */
  #begin(mode, options) {
    try {
      return this.db.transaction(TABLES, mode, options);
    } catch (error) {
      throw new StoreFault(`the store is closed: ${error}`);
    }
  }
}

/**
 * @param {IDBTransaction} tx
 * @returns {Promise<Revision>}
 */
async function readRevision(tx) {
  return (await answerOf(tx.objectStore("facts").get("revision"))) ?? UNWRITTEN;
}

/**
 * @param {IDBTransaction} tx
 * @param {Revision} revision
 * @param {number} known
 * @returns {Promise<News>}
 */
async function readNews(tx, { now, whole }, known) {
  const meta = (await answerOf(tx.objectStore("facts").get("meta"))) ?? null;
  if (known === now) return { revision: now, whole: false, meta, records: [], made: [] };
  const isWhole = known < whole;
  const range = IDBKeyRange.lowerBound(isWhole ? 0 : known, true);
  const [records, made] = await Promise.all(
    ["records", "made"].map((table) => answerOf(tx.objectStore(table).index("revision").getAll(range))),
  );
  return {
    revision: now,
    whole: isWhole,
    meta,
    records: records.map(({ collection, record, held }) => ({ collection, record, held })),
    made: made.sort((one, other) => one.n - other.n).map((each) => each.made),
  };
}

/**
 * @param {IDBTransaction} tx
 * @param {Patch} patch
 * @param {Revision} before
 */
function writePatch(tx, { meta, records, made, replaces, forgotten }, before) {
  const revision = before.now + 1;
  const [facts, rows, own] = TABLES.map((table) => tx.objectStore(table));
  facts.put({ now: revision, whole: replaces || forgotten.length ? revision : before.whole }, "revision");
  facts.put(meta, "meta");
  if (replaces) rows.clear();
  for (const row of records) rows.put({ ...row, revision });
  for (const each of made) own.put({ n: each.mutation.n, made: each, revision });
  for (const n of forgotten) own.delete(n);
}

/**
 * @template T
 * @param {IDBRequest<T>} request
 * @returns {Promise<T>}
 */
function answerOf(request) {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(new StoreFault(String(request.error)));
  });
}

/**
 * @param {IDBTransaction} tx
 * @returns {Promise<void>}
 */
function endOf(tx) {
  const end = new Promise((resolve, reject) => {
    tx.oncomplete = () => resolve(undefined);
    tx.onabort = () => reject(new StoreFault(String(tx.error ?? "the transaction was aborted")));
  });
  end.catch(() => {});
  return /** @type {Promise<void>} */ (end);
}

/** @param {IDBTransaction} tx */
function abort(tx) {
  try {
    tx.abort();
  } catch {
    // It has ended already, and said how.
  }
}
