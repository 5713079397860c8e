/**
 * Instants: what a phone's own presses say by the server's clock, before the server has said so itself.
 *
 * A press is written as the phone's clock shows it, and the server corrects it when it arrives. Until then the phone shows
 * its own edit with the raw moment in it, while the match clock is read by the server's time: on a phone that is an hour
 * slow the half just begun would be an hour old. So the folds of a match read through this view, in which the moments
 * that came from this phone are moved as the server will move them.
 */

import { isShownOver } from "../../sync/outbox.js";

/** @typedef {import("../../football/facts.js").View} View */
/** @typedef {import("../../sync/messages.js").Mutation} Mutation */
/** @typedef {import("../../sync/messages.js").Values} Values */
/** @typedef {import("../../sync/state.js").Made} Made */
/** @typedef {import("../../sync/state.js").Picture} Picture */
/** @typedef {Map<string, Map<string, number>>} Moves Record -> field -> milliseconds to add. */

/** @type {Readonly<Record<string, readonly string[]>>} Collection -> the fields that are read off a clock. */
const READINGS = Object.freeze({
  matches: ["finished_at"],
  match_periods: ["started_at", "ended_at"],
  match_pauses: ["started_at", "ended_at"],
});

/**
 * Return a view in which the clock readings that this device made, and that the log does not show yet, are corrected.
 * @param {View} view what the device shows
 * @param {Pick<Picture, "meta" | "made">} picture what it was made from
 * @returns {View}
 */
export function byServerTime(view, picture) {
  const moves = movesOf(picture);
  if (moves.size === 0) return view;
  return {
    get(collection, id) {
      const values = view.get(collection, id);
      return values && moved(values, moves.get(`${collection}/${id}`));
    },
    *all(collection) {
      for (const [id, values] of view.all(collection)) yield [id, moved(values, moves.get(`${collection}/${id}`))];
    },
  };
}

/**
 * @param {Pick<Picture, "meta" | "made">} picture
 * @returns {Moves}
 */
function movesOf({ meta, made }) {
  /** @type {Moves} */
  const moves = new Map();
  for (const each of made.values()) {
    const fields = READINGS[each.mutation.collection];
    if (fields && isShownOver(each, meta.cursor)) note(moves, each.mutation, fields, correctionOf(each, meta.correction));
  }
  return moves;
}

/**
 * Note which fields of a record stand as this edit wrote them. An answer to a question is no reading: it repeats a value
 * that was corrected before.
 * @param {Moves} moves
 * @param {Mutation} mutation
 * @param {readonly string[]} readings
 * @param {number} correction
 */
function note(moves, { op, collection, record, fields, resolve }, readings, correction) {
  const key = `${collection}/${record}`;
  const found = moves.get(key) ?? new Map();
  if (op === "resolve" && resolve) found.delete(resolve.field);
  for (const name of readings) if (op === "put" && fields && name in fields) found.set(name, correction);
  if (found.size > 0) moves.set(key, found);
  else moves.delete(key);
}

/**
 * Return how the server corrects an edit, as far as it has told; before that, how it corrects this device now.
 * @param {Made} made
 * @param {number} usual
 */
const correctionOf = ({ verdict, again, correction }, usual) => (verdict === null ? (again?.correction ?? usual) : correction);

/**
 * @param {Values} values
 * @param {Map<string, number> | undefined} moves
 * @returns {Values}
 */
function moved(values, moves) {
  if (!moves) return values;
  const all = { ...values };
  for (const [name, by] of moves) if (typeof all[name] === "string") all[name] = new Date(Date.parse(all[name]) + by).toISOString();
  return all;
}
