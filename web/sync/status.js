/**
 * Status: the sync in a few numbers and one word, as a page shows it: "3 waiting, last saved 14:02".
 */

import { CONFLICTS } from "./overlay.js";
import { openRefusals } from "./quarantine.js";
import { SignedOut } from "./session.js";
import { Problem, Unreachable } from "./transport.js";

/** @typedef {import("./state.js").Picture} Picture */
/** @typedef {import("./records.js").Records} Records */
/**
 * @typedef {"local" | "signed_out" | "ended" | "update_needed" | "refused" | "offline" | "syncing" | "live" | "idle"} Word
 *   local: nobody has signed in here yet; signed_out: somebody must sign in again; ended: no member any more;
 *   update_needed: the app is too old; refused: the server takes nothing from this person or app (see `problem`);
 *   offline: the server cannot be reached; live: changes arrive by themselves; idle: they are asked for now and then
 */
/**
 * @typedef {object} Status
 * @property {Word} state
 * @property {number} pending mutations that the server has not answered: on this phone only
 * @property {number} parked mutations that the server keeps, waiting for what belongs to them
 * @property {number} conflicts what wants a person
 * @property {number} refused of these, mutations of this device that were refused
 * @property {number} let_go mutations of this device that were not kept, since who they are about was erased; see `noted()`
 * @property {number | null} saved_at when the server last held all that was made here, by this device's clock
 * @property {number} correction milliseconds by which the server corrects this device's clock
 * @property {number | null} retry_at when the next try is due, after a failure
 * @property {string | null} problem the code of what went wrong last
 */
/**
 * @typedef {object} Line How it stands with the server.
 * @property {Word} state
 * @property {number | null} retry_at
 * @property {string | null} problem
 */

/** @typedef {Omit<Status, keyof Line> & {ended: boolean}} Counts What of a status is of the picture, and of no line. */

/**
 * @param {Picture} picture
 * @param {Records} records what is shown
 * @returns {Counts}
 */
export function countsOf(picture, records) {
  const { meta, made } = picture;
  const all = [...made.values()];
  const open = [...records.of(CONFLICTS)].filter(([, held]) => held.values.status === "open");
  return {
    ended: meta.ended,
    pending: all.filter((each) => each.verdict === null).length,
    parked: all.filter((each) => each.verdict?.verdict === "parked").length,
    conflicts: open.length,
    refused: openRefusals(picture, records).length,
    let_go: meta.let_go ?? 0,
    saved_at: meta.saved_ms || null,
    correction: meta.correction,
  };
}

/**
 * @param {Counts} counts
 * @param {Line} line
 * @returns {Status}
 */
export const statusOf = ({ ended, ...counts }, line) => ({ ...line, ...counts, state: ended ? "ended" : line.state });

/**
 * Tell whether something was made here that was never sent.
 * @param {Picture} picture
 */
export function hasUnsent({ made }) {
  return [...made.values()].some((each) => each.verdict === null && each.sent_in === 0);
}

/** Refusals that pass only when a person, or the app, does something. */
const FINAL = new Set(["forbidden", "access_ended", "protocol_unsupported", "malformed"]);

/**
 * Tell whether to try again soon is of no use.
 * @param {unknown} error
 */
export function isFinal(error) {
  return error instanceof SignedOut || (error instanceof Problem && FINAL.has(error.code));
}

/**
 * Return the word for a sync that failed.
 * @param {unknown} error
 * @returns {Word}
 */
export function wordFor(error) {
  if (error instanceof SignedOut) return "signed_out";
  if (error instanceof Unreachable) return "offline";
  if (error instanceof Problem && error.code === "access_ended") return "ended";
  return error instanceof Problem && error.code === "protocol_unsupported" ? "update_needed" : "refused";
}
