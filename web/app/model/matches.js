/** Matches: the facts of a club's matches, gathered once for each picture of its records. */

import { factsOfAll, gather } from "../../football/facts.js";
import { byServerTime } from "./instants.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */

export class Matches {
  /** @type {unknown} what the facts were gathered from */
  #view = null;
  /** @type {Map<string, MatchFacts | undefined>} */
  #facts = new Map();
  /** @type {MatchFacts[] | null} */
  #all = null;

  /**
   * Return the facts of a match, or undefined where it is not there.
   * @param {Touchline} club
   * @param {string} id
   */
  one(club, id) {
    this.#forgetOld(club);
    if (!this.#facts.has(id)) this.#facts.set(id, gather(timed(club), id));
    return this.#facts.get(id);
  }

  /**
   * Return the facts of all matches, the latest kick-off first.
   * @param {Touchline} club
   * @returns {MatchFacts[]}
   */
  all(club) {
    this.#forgetOld(club);
    if (!this.#all) {
      const all = factsOfAll(timed(club));
      for (const [id, facts] of all) this.#facts.set(id, facts);
      this.#all = [...all.values()].sort((one, other) => (one.match.kickoff_ts < other.match.kickoff_ts ? 1 : -1));
    }
    return this.#all;
  }

  /** @param {Touchline} club */
  #forgetOld({ view }) {
    if (this.#view === view) return;
    this.#view = view;
    this.#facts.clear();
    this.#all = null;
  }
}

/**
 * Return what the device shows, with the moments it pressed itself by the server's clock.
 * @param {Touchline} club
 */
const timed = ({ view, state }) => byServerTime(view, state.picture);
