/** Typed: what a person types for a field, read as the value that goes there, or a sentence that says what is wrong. */

import { dateTimeText } from "./times.js";

/** @typedef {import("./fields.js").Spec} Spec */
/** @typedef {import("../../sync/messages.js").Value} Value */
/** @typedef {{value: Value} | {problem: string}} Read */

const MINUTE_MS = 60_000;
const CLOCK = /^(\d{1,5})(?:[:.'](\d{1,2}))?'?$/;

/**
 * Read what was typed.
 * @param {Spec} spec
 * @param {string} text
 * @returns {Read}
 */
export function readTyped(spec, text) {
  const typed = spec.form === "long" ? text : text.trim();
  if (typed.trim() === "") return spec.isNeeded ? { problem: "Fill this in." } : { value: null };
  if (spec.form === "flag") return { value: typed === "true" };
  if (spec.form === "whole") return readWhole(spec, typed);
  if (spec.form === "clock" || spec.form === "minutes") return readClock(spec, typed);
  if (spec.form === "moment" || spec.form === "kickoff") return readInstant(typed);
  if ((spec.form === "text" || spec.form === "long") && spec.most && [...typed].length > spec.most)
    return { problem: `At most ${spec.most} letters.` };
  return { value: typed };
}

/**
 * @param {Spec} spec
 * @param {string} typed
 * @returns {Read}
 */
function readWhole({ least = 0, most = Number.MAX_SAFE_INTEGER }, typed) {
  const number = Number(typed);
  if (!Number.isInteger(number) || number < least || number > most) return { problem: `A number from ${least} to ${most}.` };
  return { value: number };
}

/**
 * Minutes and seconds of play: `18:21`, `18`.
 * @param {Spec} spec
 * @param {string} typed
 * @returns {Read}
 */
function readClock({ form }, typed) {
  const [, minutes, seconds = "0"] = CLOCK.exec(typed) ?? [];
  if (minutes === undefined || Number(seconds) > 59) return { problem: "Minutes and seconds, such as 18:21." };
  const ms = Number(minutes) * MINUTE_MS + Number(seconds) * 1_000;
  return { value: form === "clock" ? ms : ms / MINUTE_MS };
}

/**
 * @param {string} typed
 * @returns {Read}
 */
function readInstant(typed) {
  const at = new Date(typed); // without an offset: the phone's own time of day
  return Number.isNaN(at.getTime()) ? { problem: "A day and a time." } : { value: at.toISOString() };
}

/**
 * Return what a field to fill in begins with.
 * @param {Spec} spec
 * @param {unknown} value
 * @returns {string}
 */
export function typedFrom({ form }, value) {
  if (value === null || value === undefined || typeof value === "object") return "";
  if ((form === "clock" || form === "minutes") && typeof value === "number") {
    const seconds = Math.round(form === "clock" ? value / 1_000 : value * 60);
    return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}`;
  }
  if (form === "moment" || form === "kickoff") return localTime(String(value), form === "moment");
  return String(value);
}

/**
 * Return an instant as `datetime-local` takes it.
 * @param {string} value
 * @param {boolean} hasSeconds
 */
function localTime(value, hasSeconds) {
  const at = Date.parse(value);
  return Number.isNaN(at) ? "" : dateTimeText(at, hasSeconds);
}
