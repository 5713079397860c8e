/**
 * The form of an event: what its sheet shows of it, and what is to be written of what a person changed there. Only
 * what differs is written, so that what somebody else corrected meanwhile stays.
 */

import { MINUTE_MS, nominalMs } from "../../football/clock.js";
import { periodsOf } from "../../football/periods.js";
import { sideOf } from "../../football/scoreboard.js";
import { PERIODS_BY_FORMAT, REGULAR } from "../../football/vocabulary.js";

/** @typedef {import("../../football/facts.js").Match} Match */
/** @typedef {import("../../football/facts.js").MatchEvent} MatchEvent */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {{type: string, number: number}} Place A period of the match; number 0: not known. */
/**
 * @typedef {object} Form
 * @property {string} kind
 * @property {"home" | "away" | ""} side
 * @property {string} player of a substitution, who goes off
 * @property {string} other the assist of a goal, or who comes on
 * @property {Place} period
 * @property {number} clock_ms played milliseconds in the period
 * @property {string} notes
 */

/** Kind of event -> what its other player is called in the records. */
const OTHERS = new Map([["goal", "assist"], ["substitution", "substitution"]]);

/** @param {string} kind */
export const otherKind = (kind) => OTHERS.get(kind);

/**
 * Return the form of an event.
 * @param {MatchFacts} facts
 * @param {MatchEvent} event
 * @returns {Form}
 */
export function formOf(facts, event) {
  const { kind, team_id: teamId, player_id: player, period_type: type, period_number: number, clock_ms: clock, notes } = event;
  return {
    kind,
    side: sideOf(facts.match, teamId) ?? "",
    player: player ?? "",
    other: otherOf(facts, event)?.player_id ?? "",
    period: { type: type ?? REGULAR, number: number ?? 0 },
    clock_ms: clock ?? 0,
    notes: notes ?? "",
  };
}

/**
 * Return the form of something that was missed: of the period that is played, or was played last.
 * @param {MatchFacts} facts
 * @param {"home" | "away"} side
 * @returns {Form}
 */
export function emptyForm(facts, side) {
  const last = periodsOf(facts).at(-1);
  const period = last ? { type: last.key.type, number: last.key.number } : { type: REGULAR, number: 1 };
  return { kind: "goal", side, player: "", other: "", period, clock_ms: last?.played_ms ?? 0, notes: "" };
}

/**
 * Return the periods in which something can have happened, in order: those of the format, and what else was played.
 * @param {MatchFacts} facts
 * @param {Place} [current]
 * @returns {Place[]}
 */
export function places({ match, periods }, current) {
  const count = PERIODS_BY_FORMAT[match.period_format] ?? 2;
  const regular = Array.from({ length: count }, (_, n) => ({ type: REGULAR, number: n + 1 }));
  const others = [...periods.map(({ type, number }) => ({ type, number })), ...(current ? [current] : [])];
  const all = [...regular];
  for (const each of others) if (!all.some((known) => isSame(known, each))) all.push(each);
  return all.sort((one, other) => order(one) - order(other));
}

/** @param {Place} place */
const order = ({ type, number }) => ["regular", "extra_time", "penalty_shootout"].indexOf(type) * 1_000 + number;

/**
 * @param {Place} one
 * @param {Place} other
 */
export const isSame = (one, other) => one.type === other.type && one.number === other.number;

/**
 * Return what the match's clock showed when a period began; 0 for extra time, which counts by itself.
 * @param {Match} match
 * @param {Place} place
 */
export const beginsMs = (match, { type, number }) => (type === REGULAR ? Math.max(number - 1, 0) * nominalMs(match) : 0);

/**
 * Read a reading of the match's clock: the played milliseconds in the period, or what is wrong with it.
 * @param {Match} match
 * @param {Place} place
 * @param {string} minutes
 * @param {string} seconds
 * @returns {{ms: number} | {wrong: string}}
 */
export function readClock(match, place, minutes, seconds) {
  const [min, sec] = [minutes, seconds].map((text) => (text.trim() === "" ? 0 : Number(text)));
  if (min === undefined || sec === undefined || !Number.isInteger(min) || !Number.isInteger(sec) || min < 0 || sec < 0 || sec > 59)
    return { wrong: "Minutes and seconds are whole numbers, seconds up to 59." };
  const begins = beginsMs(match, place);
  const ms = min * MINUTE_MS + sec * 1_000 - begins;
  if (ms < 0) return { wrong: `That period begins at ${begins / MINUTE_MS}:00. Choose the one before it, or a later minute.` };
  return { ms };
}

/**
 * @param {MatchFacts} facts
 * @param {MatchEvent} event
 */
function otherOf({ participants }, { id, kind }) {
  const wanted = otherKind(kind);
  return wanted === undefined ? undefined : participants.find((each) => each.event_id === id && each.kind === wanted);
}

/**
 * Return the fields of an event that differ from what was shown; all of them where there was nothing.
 * @param {Match} match
 * @param {Form | null} before
 * @param {Form} after
 */
export function fieldsOf(match, before, after) {
  /** @type {Record<string, string | number | null>} */
  const fields = {};
  const differs = (/** @type {keyof Form} */ name) => !before || JSON.stringify(before[name]) !== JSON.stringify(after[name]);
  if (differs("kind")) fields["kind"] = after.kind;
  if (differs("side")) fields["team_id"] = after.side ? match[`${after.side}_team_id`] : null;
  if (differs("player") && (before || after.player)) fields["player_id"] = after.player || null;
  if (differs("period")) Object.assign(fields, { period_type: after.period.type, period_number: after.period.number });
  if (differs("clock_ms")) fields["clock_ms"] = after.clock_ms;
  if (differs("notes") && (before || after.notes)) fields["notes"] = after.notes.trim() || null;
  return fields;
}

/**
 * Return whether two forms tell of something else than their notes.
 * @param {Form} before
 * @param {Form} after
 */
export const isOtherwise = (before, after) => JSON.stringify({ ...before, notes: "" }) !== JSON.stringify({ ...after, notes: "" });
