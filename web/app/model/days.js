/** Days and times as a list says them, in the reader's own way. Formats are made once: making one takes longer than using it. */

const WEEKDAY = new Intl.DateTimeFormat([], { weekday: "short" });
const MONTH = new Intl.DateTimeFormat([], { month: "short" });
const MONTH_OF_YEAR = new Intl.DateTimeFormat([], { month: "long", year: "numeric" });
const DAY = new Intl.DateTimeFormat([], { weekday: "short", day: "numeric", month: "short" });
const TIME = new Intl.DateTimeFormat([], { hour: "2-digit", minute: "2-digit" });

/** @param {Date} at */
export const weekday = (at) => WEEKDAY.format(at);

/** @param {Date} at */
export const shortMonth = (at) => MONTH.format(at);

/** @param {Date} at */
export const monthOfYear = (at) => MONTH_OF_YEAR.format(at);

/** @param {Date} at */
export const time = (at) => TIME.format(at);

/**
 * Return a moment as people say it: `Today, 14:00`, `Sat 5 Dec, 10:30`.
 * @param {Date} at
 * @param {Date} today
 */
export const dayAndTime = (at, today) => `${at.toDateString() === today.toDateString() ? "Today" : DAY.format(at)}, ${TIME.format(at)}`;

/**
 * Return when something was written, by the day where that was not today.
 * @param {unknown} at an instant, or milliseconds since 1970
 * @param {Date} [today]
 */
export function whenWords(at, today = new Date()) {
  const when = new Date(typeof at === "number" ? at : String(at));
  if (Number.isNaN(when.getTime())) return "at some time";
  const isToday = when.toDateString() === today.toDateString();
  return when.toLocaleString([], { ...(!isToday && { day: "numeric", month: "short" }), hour: "2-digit", minute: "2-digit" });
}
