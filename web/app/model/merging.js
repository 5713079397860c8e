/** Merging: what names a record that is given up for its look-alike is made to name the one that stays. */

import { GROUP_COUNT_MAX } from "../../sync/messages.js";
import { FIELDS } from "./fields.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("./conflicts.js").Answer} Answer */
/** @typedef {import("./conflicts.js").Question} Question */
/** @typedef {{collection: string, id: string, field: string}} Pointer */

/** @type {Readonly<Record<string, string>>} Collection -> the form of the fields that name its records. */
const NAMED_BY = Object.freeze({ teams: "team", players: "player", seasons: "season" });

/**
 * Return the fields that name a record.
 * @param {Pick<Touchline, "all">} club
 * @param {string} collection
 * @param {string} id
 * @returns {Pointer[]}
 */
export function pointersTo(club, collection, id) {
  if (!Object.hasOwn(NAMED_BY, collection)) return [];
  const form = NAMED_BY[collection];
  /** @type {Pointer[]} */
  const found = [];
  for (const [holder, fields] of Object.entries(FIELDS)) {
    const names = Object.keys(fields).filter((field) => fields[field]?.form === form);
    if (names.length === 0) continue;
    for (const row of club.all(holder))
      for (const field of names) if (row[field] === id) found.push({ collection: holder, id: row.id, field });
  }
  return found;
}

/**
 * Carry an answer out. What names a record that is given up is written anew first, so a cut there leaves nothing astray.
 * @param {Touchline} club
 * @param {Question} question
 * @param {Answer} answer
 */
export async function carryOut(club, { conflict }, { choice, value, drops }) {
  if (drops) {
    const stays = drops === conflict.record ? conflict.other : conflict.record;
    const pointers = pointersTo(club, conflict.collection, drops);
    for (let from = 0; from < pointers.length; from += GROUP_COUNT_MAX) {
      const some = pointers.slice(from, from + GROUP_COUNT_MAX);
      await club.group((group) => some.forEach(({ collection, id, field }) => group.put(collection, id, { [field]: stays })));
    }
  }
  await club.resolve(conflict, choice, value);
}
