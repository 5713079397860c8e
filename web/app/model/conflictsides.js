/** The sides of a conflict: what stands and what was written against it, and who wrote each when. */

import { whenWords } from "./days.js";
import { whoWrote } from "./people.js";

/** @typedef {import("../../sync/messages.js").Values} Values */
/** @typedef {import("./conflicts.js").Conflict} Conflict */
/** @typedef {import("./people.js").People} People */

/** @param {unknown} side */
export const isSide = (side) => side !== null && typeof side === "object";

/**
 * @param {Conflict} conflict
 * @returns {Values[]} what stands first
 */
export function sidesOf({ stands, candidates }) {
  return [stands, ...(Array.isArray(candidates) ? candidates : [])].filter(isSide);
}

/**
 * @param {People} people
 * @param {Values | undefined} side
 */
export function told(people, side) {
  return { who: whoWrote(people, side), when: whenWords(side?.at) };
}
