/** Events: who listens to what. */

/** @typedef {import("./status.js").Status} Status */
/**
 * @typedef {object} Told What each event brings.
 * @property {Set<string>} change the names of the collections that changed
 * @property {Status} status the status, where it differs from what was told last
 */

export class Events {
  /** @type {Record<keyof Told, Set<(what: any) => void>>} */
  #listeners = { change: new Set(), status: new Set() };
  #said = "";

  /**
   * Listen to `change` or `status`; the result ends it.
   * @template {keyof Told} Name
   * @param {Name} name
   * @param {(what: Told[Name]) => void} listener
   * @returns {() => void}
   */
  on(name, listener) {
    this.#listeners[name].add(listener);
    return () => void this.#listeners[name].delete(listener);
  }

  /** @param {Set<string>} touched */
  changed(touched) {
    for (const listener of this.#listeners.change) listener(touched);
  }

  /** @param {Status} status */
  changedStatus(status) {
    const said = JSON.stringify(status);
    if (said === this.#said) return;
    this.#said = said;
    for (const listener of this.#listeners.status) listener(status);
  }
}
