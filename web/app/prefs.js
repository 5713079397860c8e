/** Prefs: small habits of this device, kept beside the club's data: which store is open, whose each is, how people are called, which match is scored by link. */

const KEY = "touchline/prefs";

/** @typedef {{store?: string, team?: string, age_group?: string, venue?: string, hintDone?: boolean, names?: Record<string, string>, stores?: Record<string, string>, clubs?: Record<string, string>, isPersisted?: boolean, score?: string, scores?: Record<string, import("./scoring.js").Begun>}} Kept */

export class Prefs {
  /** @type {Kept} */
  #kept;

  /** @param {Pick<Storage, "getItem" | "setItem"> | null} storage null where the browser keeps nothing */
  constructor(storage) {
    this.storage = storage;
    this.#kept = read(storage);
  }

  get all() {
    return this.#kept;
  }

  /** @param {Kept} changed */
  keep(changed) {
    this.replace({ ...this.#kept, ...changed });
  }

  /** @param {Kept} all what is kept from now on, and nothing else */
  replace(all) {
    this.#kept = all;
    try {
      this.storage?.setItem(KEY, JSON.stringify(this.#kept));
    } catch {
      // A browser that keeps nothing forgets a habit, and no data.
    }
  }
}

/**
 * @param {Pick<Storage, "getItem"> | null} storage
 * @returns {Kept}
 */
function read(storage) {
  try {
    return JSON.parse(storage?.getItem(KEY) ?? "{}") ?? {};
  } catch {
    return {};
  }
}
