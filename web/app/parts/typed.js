/** What a field is filled in with: a list of players, a number, a time, some words. */

import { h } from "../dom.js";
import { byName, playersOf } from "../model/squads.js";
import { choiceWords, cut } from "../model/values.js";
import { typedFrom } from "../model/typed.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../dom.js").Child} Child */
/** @typedef {import("../model/fields.js").Spec} Spec */
/** @typedef {import("../../sync/messages.js").Values} Values */
/** @typedef {{id: string, words: string}} Pick */

/**
 * Draw a field with its label; `said` is told what was typed, at each stroke.
 * @param {App} app
 * @param {Spec} spec
 * @param {object} given
 * @param {string} given.name
 * @param {unknown} given.value what it begins with
 * @param {Values} [given.values] of the record: whose players are offered first
 * @param {string} [given.problem]
 * @param {(typed: string) => void} given.said
 */
export function typedField(app, spec, { name, value, values = {}, problem, said }) {
  const wrong = problem ? { "aria-invalid": "true", "aria-describedby": `${name}-wrong` } : {};
  return h(
    "label.field",
    null,
    h("span", null, spec.label),
    entry(app, spec, typedFrom(spec, value), values, {
      name,
      required: Boolean(spec.isNeeded),
      ...wrong,
      oninput: (/** @type {any} */ event) => said(event.target.value),
    }),
    problem && h("span.wrong", { id: `${name}-wrong` }, problem),
  );
}

/**
 * @param {App} app
 * @param {Spec} spec
 * @param {string} value
 * @param {Values} values
 * @param {Record<string, any>} props
 */
function entry(app, spec, value, values, props) {
  const picks = picksFor(app, spec, values);
  if (picks) return choose(spec, picks, value, props);
  if (spec.form === "long") return h("textarea", { ...props, rows: 4, value });
  return h("input", { ...props, ...KIND_OF_INPUT[spec.form], value, autocomplete: "off" });
}

/** @type {Readonly<Record<string, Record<string, unknown>>>} */
const KIND_OF_INPUT = Object.freeze({
  whole: { type: "text", inputmode: "numeric" },
  clock: { type: "text", inputmode: "text", placeholder: "18:21" },
  minutes: { type: "text", inputmode: "text", placeholder: "18:21" },
  moment: { type: "datetime-local", step: 1 },
  kickoff: { type: "datetime-local" },
  day: { type: "date" },
  colour: { type: "color" },
});

/**
 * @param {Spec} spec
 * @param {Pick[]} picks
 * @param {string} value
 * @param {Record<string, any>} props
 */
function choose(spec, picks, value, props) {
  const all =
    picks.some(({ id }) => id === value) || value === "" ? picks : [{ id: value, words: `${cut(value, 40)} (as it is)` }, ...picks];
  return h(
    "select",
    { ...props, value },
    (!spec.isNeeded || value === "") && h("option", { value: "" }, spec.isNeeded ? "Choose" : sentence(spec.none ?? "nothing")),
    all.map(({ id, words }) => h("option", { key: id, value: id }, words)),
  );
}

/**
 * @param {App} app
 * @param {Spec} spec
 * @param {Values} values
 * @returns {Pick[] | null} null where anything may be typed
 */
function picksFor({ club }, spec, values) {
  if (spec.form === "flag") return [true, false].map((is) => ({ id: String(is), words: sentence(spec.words?.[String(is)] ?? String(is)) }));
  if (spec.form === "choice") return (spec.choices ?? []).map((id) => ({ id, words: sentence(choiceWords(spec, id) ?? id) }));
  if (spec.form === "team")
    return club
      .all("teams")
      .sort(byName("name"))
      .map(({ id, name }) => ({ id, words: String(name) }));
  if (spec.form === "season")
    return club
      .all("seasons")
      .sort(byName("label"))
      .map(({ id, label }) => ({ id, words: String(label) }));
  return spec.form === "player" ? playersFor(club, values) : null;
}

/**
 * Return the players that may be meant: those of the team that the record names, then all others.
 * @param {App["club"]} club
 * @param {Values} values
 * @returns {Pick[]}
 */
function playersFor(club, { team_id: teamId }) {
  const own = playersOf(club, teamId);
  const others = club
    .all("players")
    .filter(({ id, is_active }) => is_active !== false && !own.some((each) => each.id === id))
    .sort(byName("full_name"));
  return [...own, ...others].map(({ id, squad_number: number, full_name: name }) => ({
    id,
    words: [number, name].filter((part) => part !== null && part !== undefined).join(" "),
  }));
}

/** @param {string} words */
const sentence = (words) => words.replace(/^./u, (letter) => letter.toUpperCase());
