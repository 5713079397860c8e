/**
 * Edits that a device is to make, as data: a decision answers them, `applyWrites` carries them out, `undoOf` says what
 * undoes them.
 */

/** @typedef {import("../sync/desk.js").Desk} Desk */
/** @typedef {import("../sync/messages.js").Values} Values */
/** @typedef {import("./facts.js").View} View */
/** @typedef {{values: Values, deleted: boolean}} Held */
/**
 * @typedef {View & {records: {get: (collection: string, id: string) => Held | undefined,
 *   of: (collection: string) => Iterable<[string, Held]>}}} Seen A club's view, with the records that are deleted.
 */
/** @typedef {"put" | "create" | "delete" | "restore"} Op */
/** @typedef {{op: Op, collection: string, id: string, fields: Values}} Write One edit; the last two ops write no fields. */
/** @typedef {{writes: Write[], is_group: boolean}} Writes In their order; a group is stored and applied whole or not at all. */

/**
 * Return one edit.
 * @param {Op} op
 * @param {string} collection
 * @param {string} id
 * @param {Values} [fields]
 * @returns {Write}
 */
export const write = (op, collection, id, fields = {}) => ({ op, collection, id, fields });

/**
 * Return edits that stand each by itself.
 * @param {Write[]} writes
 * @returns {Writes}
 */
export const inTurn = (writes) => ({ writes, is_group: false });

/**
 * Return edits that are one, all of them or none.
 * @param {Write[]} writes
 * @returns {Writes}
 */
export const together = (writes) => ({ writes, is_group: writes.length > 0 });

/**
 * Return edits that are one where there are several.
 * @param {Write[]} writes a single one is whole by itself
 * @returns {Writes}
 */
export const whole = (writes) => ({ writes, is_group: writes.length > 1 });

/**
 * Return the edit of the fields that differ from what stands.
 * @param {Seen} view
 * @param {string} collection
 * @param {string} id
 * @param {Values} fields
 * @returns {Write[]} one, or none where all stands already
 */
export function writeDifferences(view, collection, id, fields) {
  const held = view.records.get(collection, id)?.values ?? {};
  const differing = Object.entries(fields).filter(([name, value]) => held[name] !== value);
  return differing.length ? [write("put", collection, id, Object.fromEntries(differing))] : [];
}

/**
 * Carry writes out; the promise is kept once all are stored on this device.
 * @param {Pick<Desk, Op | "group">} club
 * @param {Writes} writes
 */
export async function applyWrites(club, { writes, is_group: isGroup }) {
  if (isGroup) await club.group((group) => writes.forEach((each) => void carryOut(group, each)));
  else for (const each of writes) await carryOut(club, each);
}

/**
 * @param {Record<Op, (collection: string, id: string, fields: Values) => unknown>} desk
 * @param {Write} write
 */
const carryOut = (desk, { op, collection, id, fields }) => desk[op](collection, id, fields);

/**
 * Return what undoes writes, edit by edit: what they deleted comes back, what they made goes, and what they wrote over is
 * as it was. Readings of a clock are not among it: what was corrected once would be corrected again.
 * @param {Seen} view as it was before them
 * @param {Writes} writes
 * @returns {Writes}
 */
export const undoOf = (view, { writes, is_group: isGroup }) => ({ writes: writes.map((each) => undone(view, each)), is_group: isGroup });

/**
 * @param {Seen} view
 * @param {Write} write
 * @returns {Write}
 */
function undone(view, { op, collection, id, fields }) {
  if (op === "delete") return write("restore", collection, id);
  const was = view.get(collection, id);
  if (op === "restore" || !was) return write("delete", collection, id);
  return write("put", collection, id, Object.fromEntries(Object.keys(fields).map((name) => [name, was[name] ?? null])));
}
