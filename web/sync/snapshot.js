/**
 * Snapshot: the current records page by page, read while writes go on, put aside until the log has made them whole.
 */

import { versionOf } from "./cursors.js";
import { obey } from "./erasure.js";
import { ProtocolFault } from "./messages.js";
import { showStaged } from "./pull.js";
import { lay, Records } from "./records.js";

/** @typedef {import("./messages.js").SnapshotAnswer} SnapshotAnswer */
/** @typedef {import("./push.js").Run} Run */
/** @typedef {import("./state.js").Draft} Draft */

/**
 * Take all pages of one snapshot; it is shown once the pull has passed the head that the last page names.
 * @param {Draft} draft
 * @param {Run} run
 * @param {SnapshotAnswer[]} pages
 */
export function snapshotTaken(draft, run, pages) {
  const last = pages.at(-1);
  if (!last || last.page !== null) throw new ProtocolFault("the snapshot has no last page");
  const heads = [last.timestamp, ...pages.map((page) => page.until)];
  if (heads.some((head, at) => at > 0 && goesBack(heads[at - 1], head))) return; // restored between two pages
  run.heads = new Map(heads.map((head) => [versionOf(head), head.slice(head.indexOf(".") + 1)]));
  run.staged = new Records();
  for (const page of pages)
    for (const row of page.records) {
      obey(draft, row);
      lay(run.staged, row);
    }
  run.until = last.until;
  run.pullCursor = last.timestamp;
  run.partial = [];
  if (draft.meta.acked === null) showStaged(draft, run);
}

/**
 * Tell whether the log's head went back, or stood still under another tag.
 * @param {string} before
 * @param {string} head
 */
function goesBack(before, head) {
  return head !== before && versionOf(head) <= versionOf(before);
}
