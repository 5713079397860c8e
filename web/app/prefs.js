/**
 * Prefs: small habits of this device, kept beside the club's data: which store is open, whose each is, how people are
 * called, which match is scored by link.
 */

const KEY = "touchline/prefs";

/**
 * @typedef {object} Kept
 * @property {string} [store] the one that is open
 * @property {Record<string, string>} [stores] club -> store
 * @property {Record<string, string>} [clubs] club -> its name
 * @property {Record<string, string>} [names] user -> what they are called
 * @property {string} [team] of the last new match
 * @property {string} [age_group] of the last new team
 * @property {boolean} [isPersisted] whether the browser was asked to keep the store
 * @property {string} [score] the match that is scored by link
 * @property {Record<string, import("./scoring.js").Begun>} [scores] all that are, on this phone
 */

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
