/**
 * Conflicts: every open one as a question that a coach can answer: what differs, what each phone says, and what each
 * answer lays down. What cannot be read becomes a question all the same, so that nothing open is ever hidden.
 */

import { aboutAlike } from "./alike.js";
import { isSide, sidesOf, told } from "./conflictsides.js";
import { questionFor, spoken, specOf } from "./fields.js";
import { knownOf, matchIdOf, recordWords } from "./records.js";
import { cut, fieldWords, valueWords } from "./values.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("../../sync/messages.js").Choice} Choice */
/** @typedef {import("../../sync/messages.js").Value} Value */
/** @typedef {import("../../sync/messages.js").Values} Values */
/** @typedef {import("./people.js").People} People */
/** @typedef {Values & {id: string}} Conflict */
/** @typedef {{name: string, words: string}} Line */
/**
 * @typedef {object} Answer What a button does.
 * @property {string} act
 * @property {string} says the same in full, for whoever hears it alone
 * @property {Choice} choice
 * @property {Value} [value]
 * @property {string} done what is said afterwards
 * @property {string} [drops] the record that an answer gives up for the other
 */
/**
 * @typedef {object} Option One side: what a phone says.
 * @property {string} words
 * @property {Line[]} lines
 * @property {string} who
 * @property {string} when
 * @property {boolean} stands whether this is what everybody sees now
 * @property {Answer | null} answer
 */
/** @typedef {{id: string, words: string, isOpen: boolean}} Part */
/**
 * @typedef {object} Question
 * @property {string} id
 * @property {string} kind
 * @property {string | null} matchId
 * @property {string} ask
 * @property {string} about
 * @property {string} hint
 * @property {Option[]} options
 * @property {Answer[]} answers beside those of the options
 * @property {boolean} takesOther whether something else may be written
 * @property {Part[]} parts of a group
 * @property {Conflict} conflict
 */

/**
 * Return the open questions, the latest first; what the server refused stands in the quarantine instead.
 * @param {Touchline} club
 * @param {People} people
 * @returns {Question[]}
 */
export function questionsOf(club, people) {
  const open = club.conflicts().filter(({ kind }) => kind !== "rejected");
  const latest = (/** @type {Conflict} */ conflict) =>
    sidesOf(conflict).reduce((last, { at }) => (String(at) > last ? String(at) : last), "");
  const sorted = open.map((conflict) => ({ conflict, at: latest(conflict) })).sort((one, other) => (one.at < other.at ? 1 : -1));
  return sorted.map(({ conflict }) => questionOf(club, people, conflict));
}

/**
 * @param {Touchline} club
 * @param {People} people
 * @param {Conflict} conflict
 * @returns {Question}
 */
function questionOf(club, people, conflict) {
  const { collection, record } = conflict;
  const values = knownOf(club, String(collection), record);
  /** @type {Question} */
  const plain = {
    id: conflict.id,
    kind: String(conflict.kind),
    matchId: matchIdOf(club, String(collection), String(record), values),
    ask: "Two phones differ",
    about: recordWords(club, String(collection), values),
    hint: "",
    options: [],
    answers: [],
    takesOther: false,
    parts: [],
    conflict,
  };
  const tell = Object.hasOwn(KINDS, plain.kind) ? KINDS[plain.kind] : undefined;
  if (!tell || !isWhole(conflict))
    return { ...plain, hint: "This version of the app cannot show it. Load the app again, or ask on another phone." };
  return { ...plain, ...tell(club, people, conflict, values) };
}

/** @typedef {(club: Touchline, people: People, conflict: Conflict, values: Values) => Partial<Question>} Tell */

/** @type {Readonly<Record<string, Tell>>} Kind -> what is told of it. */
const KINDS = Object.freeze({ field: aboutField, deleted: aboutDelete, duplicate: aboutAlike, group: aboutGroup, orphan: aboutOrphan });

/** @param {Conflict} conflict */
function isWhole({ kind, stands, candidates }) {
  const needsBoth = kind === "field" || kind === "deleted" || kind === "duplicate";
  return Array.isArray(candidates) && candidates.length > 0 && candidates.every(isSide) && (!needsBoth || isSide(stands));
}

/** @type {Tell} */
function aboutField(club, people, conflict, values) {
  const { collection, field, stands } = conflict;
  const options = sidesOf(conflict).map((side) => {
    const words = valueWords(club, collection, field, side.value);
    const isStanding = side === stands;
    const act = isStanding ? "Keep" : "Take";
    /** @type {Answer} */
    const answer = {
      act,
      says: `${act} ${cut(words, 80)}`,
      choice: isStanding ? "keep" : "take",
      value: plainOf(side.value),
      done: `${isStanding ? "Kept" : "Taken"}: ${cut(words, 40)}`,
    };
    return { words: cut(words, 1_000), lines: [], ...told(people, side), stands: isStanding, answer };
  });
  const { [field]: _, ...others } = values; // what is asked about is no name for it
  const about = collection === "matches" ? "" : recordWords(club, collection, field === "player_id" || field === "kind" ? others : values);
  return { ask: questionFor(collection, field, values), about, options, takesOther: specOf(collection, field).form !== "record" };
}

/** @type {Tell} */
function aboutDelete(club, people, conflict) {
  const { stands } = conflict;
  const isGone = stands.value?.deleted === true;
  const options = sidesOf(conflict).map((side) => ({
    ...deleteSide(club, conflict.collection, side.value),
    ...told(people, side),
    stands: side === stands,
    answer: null,
  }));
  /** @type {Answer[]} */
  const answers = [
    {
      ...said(isGone ? "Bring it back" : "Keep it"),
      choice: isGone ? "take" : "keep",
      value: false,
      done: isGone ? "Brought back" : "Kept",
    },
    {
      ...said(isGone ? "Leave it deleted" : "Delete it"),
      choice: isGone ? "keep" : "take",
      value: true,
      done: isGone ? "Left deleted" : "Deleted",
    },
  ];
  return { ask: isGone ? "Deleted, but somebody still used it" : "Brought back, but somebody deleted it", options, answers };
}

/**
 * @param {Touchline} club
 * @param {string} collection
 * @param {any} value
 * @returns {{words: string, lines: Line[]}}
 */
function deleteSide(club, collection, value) {
  if (value?.deleted === true) return { words: "Deleted it", lines: [] };
  if (value?.deleted === false) return { words: "Brought it back", lines: [] };
  if (value?.fields) return { words: "Wrote in it", lines: fieldWords(club, collection, value.fields) };
  if (typeof value?.collection !== "string") return { words: "Changed it", lines: [] };
  const child = knownOf(club, value.collection, value.record);
  return { words: "Added to it", lines: [{ name: "New", words: recordWords(club, value.collection, child) }] };
}

/** @type {Tell} */
function aboutGroup(club, people, conflict, values) {
  const [side] = conflict.candidates;
  const ids = Array.isArray(side.value?.conflicts) ? side.value.conflicts : [];
  const parts = ids.map((/** @type {unknown} */ id) => partOf(club, String(id)));
  const isDone = parts.every((/** @type {Part} */ part) => !part.isOpen);
  const isChange = conflict.collection === "lineup" || values.kind === "substitution";
  const what = isChange ? "A substitution" : "What was done in one go";
  const { who, when } = told(people, side);
  return {
    ask: `${what} is not whole`,
    hint: `${who}, ${when}. A part of it lost against another phone.`,
    parts,
    answers: [{ ...said(isDone ? "It is right now" : "Leave it as it is"), choice: "keep", done: "Closed" }],
  };
}

/**
 * @param {Touchline} club
 * @param {string} id
 * @returns {Part}
 */
function partOf(club, id) {
  const conflict = club.view.records.get("conflicts", id)?.values;
  if (!conflict) return { id, words: "Something that is not here yet", isOpen: false };
  const { collection, record, field, status } = conflict;
  const values = knownOf(club, String(collection), record);
  const label = field === "deleted" ? "Deleted" : specOf(String(collection), String(field)).label;
  return { id, words: `${label}: ${recordWords(club, String(collection), values)}`, isOpen: status === "open" };
}

/** @type {Tell} */
function aboutOrphan(club, people, conflict) {
  const [side] = conflict.candidates;
  const { who, when } = told(people, side);
  const mutation = side.value?.mutation;
  const collection = String(mutation?.collection ?? conflict.collection);
  return {
    ask: "What it belongs to never came",
    about: mutation?.fields ? recordWords(club, collection, mutation.fields) : spoken(collection),
    hint: `${who}, ${when}. It waits on the server. If the phone that made the rest is still to sync, wait for it.`,
    options: [{ words: "Waiting", lines: fieldWords(club, collection, mutation?.fields), who, when, stands: false, answer: null }],
    answers: [{ ...said("Discard it"), choice: "keep", done: "Discarded" }],
  };
}

/** @param {string} act */
const said = (act) => ({ act, says: act });

/**
 * Return a value that an answer may carry; what is none is answered with nothing.
 * @param {unknown} value
 * @returns {Value}
 */
function plainOf(value) {
  return value === undefined || typeof value === "object" ? null : /** @type {Value} */ (value);
}
