/**
 * Instants: moments on the wire, RFC 3339 in UTC with milliseconds, `2026-11-22T14:02:03.004Z`; in reckoning they are
 * milliseconds since 1970.
 */

/**
 * Return the milliseconds since 1970 of an instant in canonical form.
 * @param {string} instant
 */
export const instantMs = (instant) => Date.parse(instant);

/**
 * Return milliseconds since 1970 in the canonical form of an instant. Throws RangeError outside the calendar.
 * @param {number} wallMs
 */
export const formatInstant = (wallMs) => new Date(wallMs).toISOString();
