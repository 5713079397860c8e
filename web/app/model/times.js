/**
 * Times that are typed by hand: a time of day becomes a moment, and a moment what the record keeps.
 *
 * Instants read off this phone's clock are corrected by the server. A time that is typed is meant as it would be shown,
 * so what is written is that less the correction: the server then brings it back to what was typed.
 */

import { formatInstant } from "../../sync/instants.js";

const DAY_MS = 24 * 3_600_000;
const TIME = /^(\d{1,2}):(\d{2})(?::(\d{2}))?/;

/**
 * Return the moment, in milliseconds since 1970, at which clocks here show a time of day: the one that is nearest to
 * another moment. Null for what is no time of day.
 * @param {string} text `14:02` or `14:02:30`
 * @param {number} nearMs
 */
export function nearest(text, nearMs) {
  const found = TIME.exec(text.trim());
  const [hours, minutes, seconds] = [1, 2, 3].map((n) => Number(found?.[n] ?? 0));
  if (!found || Number(hours) > 23 || Number(minutes) > 59 || Number(seconds) > 59) return null;
  const days = [-DAY_MS, 0, DAY_MS].map((apart) => {
    const day = new Date(nearMs + apart);
    return day.setHours(Number(hours), Number(minutes), Number(seconds), 0);
  });
  return days.reduce((best, each) => (Math.abs(each - nearMs) < Math.abs(best - nearMs) ? each : best));
}

/**
 * Return the time of day here, to the second: what a time field shows.
 * @param {number | null} ms
 */
export function timeText(ms) {
  if (ms === null) return "";
  const at = new Date(ms);
  return [at.getHours(), at.getMinutes(), at.getSeconds()].map((n) => String(n).padStart(2, "0")).join(":");
}

/**
 * Return date and time here as a field for both shows them, `2026-11-22T14:00`.
 * @param {number} ms
 * @param {boolean} [hasSeconds]
 */
export function dateTimeText(ms, hasSeconds = false) {
  const at = new Date(ms);
  const date = [at.getFullYear(), at.getMonth() + 1, at.getDate()].map((n) => String(n).padStart(2, "0")).join("-");
  return `${date}T${timeText(ms).slice(0, hasSeconds ? 8 : 5)}`;
}

/**
 * @typedef {object} Typed The two times of a period or a pause as somebody typed them.
 * @property {string} start
 * @property {string} end empty: not ended
 */

/**
 * Return which fields of a period or pause are to be written, or what is wrong with what was typed.
 * @param {{started_at: string | null, ended_at: string | null} | null} record as it was shown; null where it is new
 * @param {Typed} typed
 * @param {{near: number, correction: number}} by `near`: a moment of the match
 * @returns {{fields: Record<string, string | null>} | {wrong: string}}
 */
export function timesOf(record, typed, { near, correction }) {
  const was = { start: msOf(record?.started_at), end: msOf(record?.ended_at) };
  const start = typed.start === timeText(was.start) ? was.start : nearest(typed.start, was.start ?? near);
  if (start === null) return { wrong: "Say when it began, such as 14:02." };
  const end = typed.end === timeText(was.end) ? was.end : nearest(typed.end, was.end ?? start);
  if (typed.end && end === null) return { wrong: "The end is a time such as 14:27, or empty." };
  if (end !== null && end < start) return { wrong: "The end lies before the start." };
  /** @type {Record<string, string | null>} */
  const fields = {};
  if (start !== was.start) fields["started_at"] = formatInstant(start - correction);
  if (end !== was.end) fields["ended_at"] = end === null ? null : formatInstant(end - correction);
  return { fields };
}

/** @param {string | null | undefined} instant */
export const msOf = (instant) => (instant ? Date.parse(instant) : null);
