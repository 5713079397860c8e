/**
 * Messages: the shapes of what goes over the wire and of what is stored, and the check of what comes in.
 *
 * An answer that does not have its shape is a ProtocolFault: nothing of it is applied, and the request is sent again
 * later. Members that this client does not know are ignored.
 */

import { isCursor } from "./cursors.js";

/** The protocol that this client speaks. */
export const PROTOCOL = 1;
/** Bytes of a push: what a slow line sends in a second or two. */
export const PUSH_BYTES_ADVISED = 48 * 1024;
/** Mutations of a push. */
export const PUSH_MUTATIONS_MAX = 500;
/** Bytes of a mutation: a larger one would be rejected, and be too large to be kept there. */
export const MUTATION_BYTES_MAX = 14 * 1024;
/** Mutations of a group. */
export const GROUP_COUNT_MAX = 50;
/** Milliseconds for which settled mutations are kept, so that a restored server gets them back. */
export const KEPT_MS = 14 * 24 * 3_600 * 1_000;

/** @typedef {string | number | boolean | null} Value  A field's value. */
/** @typedef {Record<string, any>} Values  The fields of a record; a conflict's hold objects. */
/** @typedef {{device_id: string, n: number}} Origin */
/** @typedef {{id: string, count: number}} Group */
/** @typedef {"keep" | "take" | "set"} Choice */
/** @typedef {{field: string, choice: Choice, value?: any}} Resolution */
/** @typedef {"put" | "delete" | "restore" | "resolve"} Op */
/**
 * @typedef {object} Mutation One edit of one record; it never changes once it was made.
 * @property {number} n
 * @property {string} collection
 * @property {string} record
 * @property {Op} op
 * @property {number} wall
 * @property {Values} [fields]
 * @property {string} [after]
 * @property {string} [base]
 * @property {Group} [group]
 * @property {Resolution} [resolve]
 * @property {Origin[]} [origins]
 */
/** @typedef {{n: number, stamp?: string, correction?: number, common?: string}} Again */
/**
 * @typedef {object} Push
 * @property {string} device_id
 * @property {number} sent_at
 * @property {Mutation[]} mutations
 * @property {string} [acked]
 * @property {string[]} past
 * @property {Again[]} [again]
 */
/**
 * @typedef {object} Verdict
 * @property {number} n
 * @property {"applied" | "merged" | "rejected" | "parked"} verdict
 * @property {string} [stamp]
 * @property {number} [correction]
 * @property {string[]} [conflicts]
 * @property {string} [code]
 * @property {string} [field]
 * @property {string} [sentence]
 */
/** @typedef {[from: number, to: number, clocks: string[]]} Run */
/**
 * @typedef {object} PushAnswer
 * @property {Run[]} applied
 * @property {Verdict[]} others
 * @property {number} version
 * @property {string} timestamp
 * @property {number} server_time
 * @property {number} correction
 */
/**
 * @typedef {object} Change
 * @property {number} version
 * @property {string} collection
 * @property {string} record
 * @property {string} stamp
 * @property {string} [tag] absent in a snapshot
 * @property {Values} [fields]
 * @property {boolean} [deleted]
 * @property {boolean} [more]
 * @property {boolean} [redacted] whether `fields` are all that is left, and what was known before must be forgotten
 */
/** @typedef {{since: string, acked: string | null, past: string[]}} PullQuery */
/** @typedef {{changes: Change[], timestamp: string, more: boolean}} PullAnswer */
/** @typedef {{records: Change[], page: string | null, timestamp: string, until: string}} SnapshotAnswer */
/** @typedef {{records: Change[], timestamp: string}} PictureAnswer */

/** The server sent something that the protocol rules out. */
export class ProtocolFault extends Error {
  name = "ProtocolFault";
}

/**
 * @param {unknown} held
 * @param {string} what
 * @returns {asserts held}
 */
function must(held, what) {
  if (!held) throw new ProtocolFault(`the answer has no ${what}`);
}

/** @param {any} change */
function isChange(change) {
  return (
    Number.isSafeInteger(change?.version) &&
    typeof change.collection === "string" &&
    typeof change.record === "string" &&
    typeof change.stamp === "string"
  );
}

/**
 * @param {any} found
 * @returns {PushAnswer}
 */
export function readPushAnswer(found) {
  must(Array.isArray(found?.applied) && Array.isArray(found.others), "verdicts");
  must(found.applied.every(isRun), "runs of verdicts");
  must(found.others.every((/** @type {any} */ each) => Number.isSafeInteger(each?.n) && isWord(each.verdict)), "words");
  must(isCursor(found.timestamp), "timestamp");
  must(Number.isSafeInteger(found.server_time) && Number.isSafeInteger(found.correction), "times");
  return found;
}

/** @param {any} run */
function isRun(run) {
  return Array.isArray(run) && Array.isArray(run[2]) && run[2].length === run[1] - run[0] + 1;
}

/** @param {unknown} word */
function isWord(word) {
  return word === "applied" || word === "merged" || word === "rejected" || word === "parked";
}

/**
 * @param {any} found
 * @returns {PullAnswer}
 */
export function readPullAnswer(found) {
  must(Array.isArray(found?.changes) && found.changes.every(isChange), "changes");
  must(found.changes.every((/** @type {any} */ each) => isCursor(`${each.version}.${each.tag}`)), "tags");
  must(isCursor(found.timestamp), "timestamp");
  must(typeof found.more === "boolean", "more");
  return found;
}

/**
 * @param {any} found
 * @returns {SnapshotAnswer}
 */
export function readSnapshotAnswer(found) {
  must(Array.isArray(found?.records) && found.records.every(isChange), "records");
  must(isCursor(found.timestamp) && isCursor(found.until), "cursors");
  must(found.page === null || typeof found.page === "string", "page");
  return found;
}

/**
 * @param {any} found
 * @returns {PictureAnswer}
 */
export function readPicture(found) {
  must(Array.isArray(found?.records) && found.records.every(isChange), "records");
  must(isCursor(found.timestamp), "timestamp");
  return found;
}
