/**
 * Erasure: what a device forgets when somebody's data was erased for good. The log tells it by a change that is `redacted`:
 * its fields are all that is left of the record, and an erased record keeps none.
 *
 * A device holds such data twice: in the fold, where the change replaces the record, and in its own mutations, which it
 * keeps for a fortnight after they were settled. These are what this module is about. What waits to be sent of other
 * records is still sent, and not kept once it is settled: only the server can tell whether it names who was erased.
 */

import { isUnsettled } from "./outbox.js";
import { CONFLICTS } from "./overlay.js";

/** @typedef {import("./messages.js").Change} Change */
/** @typedef {import("./messages.js").Mutation} Mutation */
/** @typedef {import("./state.js").Draft} Draft */
/** @typedef {import("./state.js").Made} Made */

/** The code of a mutation about a record that was erased before it arrived. */
export const ERASED = "erased";
/** The code of a mutation that was applied without the name of somebody who was erased: its words are not kept here. */
export const CLEANED = "cleaned";

/**
 * Forget what this device made of records that were redacted; called before the changes are laid down.
 * @param {Draft} draft
 * @param {readonly Change[]} changes
 */
export function obey(draft, changes) {
  const news = changes.filter((change) => change.redacted && isNews(draft, change));
  if (news.length === 0) return;
  const redacted = new Set(news.flatMap(keysIn));
  const erased = new Set(news.filter(isErased).map(keyOf));
  const names = namesOf(draft, erased);
  for (const made of [...draft.made()]) {
    const key = keyOf(made.mutation);
    const isAbout =
      redacted.has(key) ||
      redacted.has(`${made.device_id}/${made.mutation.n}`) ||
      textsOf(made.mutation).some((text) => names.some((name) => text.includes(name)));
    if (!isUnsettled(made)) isAbout && draft.forget(made.mutation.n);
    else if (erased.has(key)) drop(draft, made);
    else if (isAbout || erased.size > 0) draft.setMade({ ...made, passing: true });
  }
}

/**
 * Let go of what waits about an erased record. What may have reached the server is sent once more as it was, for its word.
 * One of a group goes without its content, to be refused with the others: they would wait for it in vain.
 * @param {Draft} draft
 * @param {Made} made
 */
function drop(draft, made) {
  const { group, resolve: _, ...mutation } = made.mutation;
  if (made.sent_in > 0) draft.setMade({ ...made, passing: true });
  else if (!group) letGo(draft, made);
  else draft.setMade({ ...made, passing: true, mutation: { ...mutation, group, op: "put", fields: {} } });
}

/**
 * Forget an edit that came too late, and count it: its author is told so.
 * @param {Draft} draft
 * @param {Made} made
 */
export function letGo(draft, made) {
  draft.forget(made.mutation.n);
  draft.meta.let_go = (draft.meta.let_go ?? 0) + 1;
}

/**
 * Tell whether a change is not what is shown already: a snapshot tells of each erasure that there ever was.
 * @param {Draft} draft
 * @param {Change} change
 */
function isNews(draft, { collection, record, version }) {
  return draft.records.get(collection, record)?.version !== version;
}

/**
 * Tell whether nothing is left of the record: another that is only redacted keeps the rest of its fields.
 * @param {Change} change
 */
function isErased({ deleted, fields = {} }) {
  return deleted === true && Object.keys(fields).length === 0;
}

/**
 * Return what a redacted change is about: its record; of a conflict also the records that it asks about, and the edit.
 * @param {Change} change
 */
function keysIn(change) {
  const { collection, record, other, field } = change.collection === CONFLICTS ? (change.fields ?? {}) : {};
  const [kind, device, n] = String(field ?? "").split("/");
  return [
    keyOf(change),
    ...(collection ? [keyOf({ collection, record })] : []),
    ...(other ? [keyOf({ collection, record: other })] : []),
    ...(kind === "rejected" || kind === "orphan" ? [`${device}/${n}`] : []),
  ];
}

/** @param {{collection: string, record: string}} what */
function keyOf({ collection, record }) {
  return `${collection}/${record}`;
}

/**
 * Return what this device knew the erased by: every text of two words or more that it held or wrote of them. A single
 * word would be found in half of all notes.
 * @param {Draft} draft
 * @param {Set<string>} erased
 * @returns {string[]}
 */
function namesOf(draft, erased) {
  const held = [...erased].flatMap((key) => {
    const [collection, record] = key.split("/");
    return Object.values(draft.records.get(collection, record)?.values ?? {});
  });
  const own = [...draft.made()].filter(({ mutation }) => erased.has(keyOf(mutation)));
  const texts = [...held.filter(isText).map(folded), ...own.flatMap(({ mutation }) => textsOf(mutation))];
  return texts.filter((text) => text.includes(" "));
}

/** @param {Mutation} mutation */
function textsOf({ fields = {}, resolve }) {
  return [...Object.values(fields), resolve?.value].filter(isText).map(folded);
}

/**
 * @param {unknown} value
 * @returns {value is string}
 */
function isText(value) {
  return typeof value === "string";
}

/**
 * Return a text as texts are compared: one that was typed in capitals, or with two spaces, is the same name.
 * @param {string} text
 */
function folded(text) {
  return text.normalize("NFKC").toLowerCase().replace(/\s+/g, " ").trim();
}
