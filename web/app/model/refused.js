/** Refused: what the server did not accept, in words: what it was, why, and which field of it can be mended. */

import { spoken, specOf } from "./fields.js";
import { knownOf, matchIdOf, recordWords } from "./records.js";
import { whoWrote } from "./people.js";
import { whenWords } from "./days.js";
import { cut, fieldWords, oddWords } from "./values.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("../../sync/quarantine.js").Refused} Refused */
/** @typedef {import("../../sync/messages.js").Values} Values */
/** @typedef {import("./people.js").People} People */
/**
 * @typedef {object} Told
 * @property {string} what
 * @property {string} why
 * @property {string} who
 * @property {string} when
 * @property {import("./conflicts.js").Line[]} lines
 * @property {string | null} field what can be mended in place
 * @property {boolean} canLeaveOut whether the rest of it can be sent without that
 * @property {string | null} matchId
 * @property {Values} values of the record, with the edit
 */

/** @type {Readonly<Record<string, string>>} */
const DOING = Object.freeze({ delete: "Deleting", restore: "Bringing back", resolve: "An answer about" });

/**
 * @param {Touchline} club
 * @param {People} people
 * @param {Refused} refused
 * @returns {Told}
 */
export function refusedWords(club, people, refused) {
  const { mutation, device_id, mine } = refused;
  const author = club.view.records.get("conflicts", refused.id)?.values.candidates?.[0]?.author;
  const who = mine ? "You" : whoWrote(people, { device_id, author });
  const why = whyWords(refused);
  if (!mutation)
    return {
      what: "Something that cannot be shown",
      why,
      who,
      when: "at some time",
      lines: [],
      field: null,
      canLeaveOut: false,
      matchId: null,
      values: {},
    };
  const { collection, record, op } = mutation;
  const fields = plain(mutation.fields);
  const values = { ...knownOf(club, String(collection), record), ...fields };
  const name = recordWords(club, String(collection), values);
  const field = mendable(refused, fields);
  return {
    what: op === "put" ? putWords(String(collection), name, fields) : `${DOING[op] ?? spoken(String(op))}: ${name}`,
    why,
    who,
    when: whenWords(mutation.wall),
    lines: fieldWords(club, String(collection), fields),
    field,
    canLeaveOut: field !== null && !specOf(collection, field).isNeeded && Object.keys(fields).length > 1,
    matchId: matchIdOf(club, String(collection), String(record), values),
    values,
  };
}

/**
 * Return the name of an edit: of one field, what it is called.
 * @param {string} collection
 * @param {string} name
 * @param {Values} fields
 */
function putWords(collection, name, fields) {
  const [only, ...others] = Object.keys(fields);
  return only && others.length === 0 ? `${cut(specOf(collection, only).label, 60)}, ${name}` : name;
}

/**
 * @param {Refused} refused
 * @param {Values} fields
 */
function mendable({ field, mutation }, fields) {
  if (mutation?.op !== "put" || !field || !Object.hasOwn(fields, field)) return null;
  return specOf(mutation.collection, field).form === "record" ? null : field;
}

/**
 * Return why, in the server's words where they are for people.
 * @param {Refused} refused
 */
function whyWords({ code, field, sentence, mutation }) {
  if (code === "unknown_choice" && field) return `“${oddWords(plain(mutation?.fields)[field])}” is none that can be chosen.`;
  return cut(String(sentence || "The server did not say why."), 300);
}

/**
 * @param {unknown} fields
 * @returns {Values}
 */
const plain = (fields) => (fields !== null && typeof fields === "object" ? /** @type {Values} */ (fields) : {});
