/**
 * Values: what stands in a field, in words. Whatever is no value of its field is shown as it stands, cut short: a
 * question is never hidden by odd content.
 */

import { POSITIONS } from "../../football/vocabulary.js";
import { formatClock, kindWords } from "../../football/words.js";
import { spoken, specOf } from "./fields.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("./fields.js").Spec} Spec */
/** @typedef {Pick<Touchline, "view">} Club */

/** Letters of odd content that are shown. */
const ODD_MAX = 200;
const MINUTE_MS = 60_000;

/**
 * Return a field's value in words.
 * @param {Club} club
 * @param {string} collection
 * @param {string} field
 * @param {unknown} value
 * @returns {string}
 */
export function valueWords(club, collection, field, value) {
  const spec = specOf(collection, field);
  if (value === null || value === undefined || value === "") return spec.none ?? "nothing";
  return readAs(club, spec, value) ?? oddWords(value);
}

/**
 * @param {Club} club
 * @param {Spec} spec
 * @param {unknown} value
 * @returns {string | undefined} undefined where it is no such value
 */
function readAs(club, spec, value) {
  if (typeof value === "boolean") return spec.form === "flag" ? spec.words?.[String(value)] : undefined;
  if (typeof value === "number") return numberWords(spec, value);
  if (typeof value !== "string") return undefined;
  if (spec.form === "player") return named(club, "players", value, "full_name") ?? "a player who is not here";
  if (spec.form === "team") return named(club, "teams", value, "name") ?? "a team that is not here";
  if (spec.form === "season") return named(club, "seasons", value, "label") ?? "a season that is not here";
  if (spec.form === "moment") return instantWords(value, { timeStyle: "medium" });
  if (spec.form === "kickoff")
    return instantWords(value, { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
  if (spec.form === "day") return instantWords(`${value}T12:00:00`, { dateStyle: "long" });
  if (spec.form === "choice") return choiceWords(spec, value);
  return spec.form === "text" || spec.form === "long" || spec.form === "colour" ? value : undefined;
}

/**
 * Return what a choice is called.
 * @param {Spec} spec
 * @param {string} value
 */
export function choiceWords({ words, choices }, value) {
  if (words && Object.hasOwn(words, value)) return words === POSITIONS ? `${words[value]} (${value})` : words[value];
  if (!choices?.includes(value)) return undefined;
  return choices.includes("own_goal") ? kindWords({ kind: value }) : value;
}

/**
 * @param {Spec} spec
 * @param {number} value
 */
function numberWords({ form }, value) {
  if (!Number.isFinite(value)) return undefined;
  if (form === "clock") return formatClock(value);
  if (form === "minutes") return formatClock(Math.round(value * MINUTE_MS));
  return form === "whole" ? String(value) : undefined;
}

/**
 * @param {string} value
 * @param {Intl.DateTimeFormatOptions} how
 */
function instantWords(value, how) {
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? undefined : at.toLocaleString([], how);
}

/**
 * Return the name of what a field points to; of something that was deleted, too.
 * @param {Club} club
 * @param {string} collection
 * @param {string} id
 * @param {string} field
 */
function named({ view }, collection, id, field) {
  const held = view.records.get(collection, id);
  const name = held?.values[field];
  if (typeof name !== "string" || !name.trim()) return undefined;
  return held?.deleted ? `${cut(name)} (deleted)` : cut(name);
}

/**
 * Return what is no value that this app knows, as it stands.
 * @param {unknown} value
 */
export function oddWords(value) {
  if (typeof value === "string") return cut(value);
  try {
    return cut(JSON.stringify(value) ?? "nothing");
  } catch {
    return "something that cannot be shown";
  }
}

/**
 * @param {string} text
 * @param {number} [most] letters
 */
export function cut(text, most = ODD_MAX) {
  const letters = [...text.slice(0, most * 2 + 2)];
  return letters.length > most ? `${letters.slice(0, most).join("")}…` : letters.join("");
}

/**
 * Return the fields of an edit in words, without those that only say where it belongs.
 * @param {Club} club
 * @param {string} collection
 * @param {unknown} fields
 * @returns {{name: string, words: string}[]}
 */
export function fieldWords(club, collection, fields) {
  if (fields === null || typeof fields !== "object") return [];
  const shown = Object.entries(fields).filter(([field]) => specOf(collection, field).form !== "record" || !field.endsWith("_id"));
  return shown
    .slice(0, 20)
    .map(([field, value]) => ({
      name: cut(specOf(collection, field).label, 60) || spoken(field),
      words: cut(valueWords(club, collection, field, value)),
    }));
}
