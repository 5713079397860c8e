/**
 * Values: what a person typed, made fit for the wire. What JSON cannot carry is refused here, at the edit: one such value
 * would hold up a whole push.
 */

/** @typedef {import("./messages.js").Choice} Choice */
/** @typedef {import("./messages.js").Value} Value */
/** @typedef {import("./messages.js").Values} Values */

/**
 * Return the fields of a put; those that are undefined are left out.
 * @param {Values} fields
 * @returns {Values}
 */
export function clean(fields) {
  const given = Object.entries(fields).filter(([, value]) => value !== undefined);
  if (given.length === 0) throw new TypeError("a put writes at least one field");
  return Object.fromEntries(given.map(([name, value]) => [name, cleanValue(value, name)]));
}

/**
 * Return a value as it may go over the wire. Throws TypeError for any other.
 * @param {unknown} value
 * @param {string} name
 * @returns {Value}
 */
export function cleanValue(value, name) {
  if (value === null || typeof value === "boolean") return value;
  if (typeof value === "string") return value.replace(/[\uD800-\uDFFF]/gu, "\uFFFD"); // half of a character
  if (typeof value === "number" && Math.abs(value) <= Number.MAX_SAFE_INTEGER) return value;
  throw new TypeError(`${name} takes a text, a number, true, false or null`);
}

/**
 * Return what an answer to a conflict lays down, where the conflict tells it: what stands, or the one candidate.
 * @param {Values} conflict
 * @param {Choice} choice
 * @returns {Value | undefined}
 */
export function answerOf({ field, stands, candidates }, choice) {
  if (field.includes("/") || choice === "set") return undefined;
  const side = choice === "keep" ? stands : candidates.length === 1 ? candidates[0] : undefined;
  if (!side) throw new TypeError("say which value is taken");
  return field === "deleted" ? Boolean(side.value?.deleted) : side.value;
}
