/**
 * What a phone needs to show a match that goes on: the clock's anchor, who is on, and when time alone changes it; as
 * football/live.py has it.
 */

import { ABANDONED_MS, believedMs, clockAt, isPaused, isRunning, periodsOf } from "./periods.js";
import { ourSide, sideOf } from "./scoreboard.js";
import { plannedEndMs, UNTIMED_MS } from "./status.js";

/** @typedef {import("./facts.js").Match} Match */
/** @typedef {import("./facts.js").MatchFacts} MatchFacts */
/** @typedef {import("./facts.js").Side} Side */
/** @typedef {import("./facts.js").Stint} Stint */
/** @typedef {import("./periods.js").Period} Period */
/**
 * @typedef {object} Clock The clock of the period that began last.
 * @property {string} period_type
 * @property {number} period_number
 * @property {number} elapsed_ms played milliseconds: standing, or at `since_ms`
 * @property {number | null} since_ms running, it shows `elapsed_ms + max(0, now - since_ms)`; null: it stands
 */
/** @typedef {{player_id: string, position: string | null}} OnPitch A player who is on. */

/**
 * Return the clock to show, null before the first period. The anchor is the last moment at which the clock was set going,
 * so it is the same whenever it is asked for.
 * @param {MatchFacts} facts
 * @param {number} nowMs
 * @returns {Clock | null}
 */
export function clockOf(facts, nowMs) {
  const last = periodsOf(facts, nowMs).at(-1);
  if (!last) return null;
  const named = { period_type: last.key.type, period_number: last.key.number };
  if (!isRunning(last) || isPaused(last)) return { ...named, elapsed_ms: last.played_ms, since_ms: null };
  const since = setGoingMs(last);
  return { ...named, elapsed_ms: clockAt(last, since), since_ms: since };
}

/**
 * Return what a clock shows at a moment, in played milliseconds.
 * @param {Clock} clock
 * @param {number} nowMs
 */
export const elapsedMs = (clock, nowMs) =>
  clock.elapsed_ms + (clock.since_ms === null ? 0 : Math.max(0, nowMs - clock.since_ms));

/**
 * Return who is on for each side: stints that nobody has closed, in the order of their ids; no team is ours.
 * @param {MatchFacts} facts
 * @returns {Record<Side, OnPitch[]>}
 */
export function onPitch({ match, lineup }) {
  /** @type {Record<Side, OnPitch[]>} */
  const sides = { home: [], away: [] };
  const seen = new Set();
  for (const stint of lineup) {
    if (stint.end_min !== null || seen.has(stint.player_id)) continue;
    seen.add(stint.player_id);
    sides[sideOfStint(match, stint)].push({ player_id: stint.player_id, position: stint.position });
  }
  return sides;
}

/**
 * Return the side a stint was played for: ours unless it names the other team.
 * @param {Match} match
 * @param {Stint} stint
 */
export const sideOfStint = (match, stint) => sideOf(match, stint.team_id) ?? ourSide(match);

/**
 * Return when what is shown changes though nobody writes: a period given up, an old match that counts as over.
 * @param {MatchFacts} facts
 * @param {number} nowMs
 * @returns {number | null} milliseconds since 1970
 */
export function changesAtMs(facts, nowMs) {
  const periods = periodsOf(facts, nowMs);
  const moments = [
    // A break from which nobody came back ends, as a period that nobody ended does.
    ...periods.map((period) => period.started_ms + ABANDONED_MS),
    ...periods.filter(isRunning).map((period) => givenUpMs(facts, period)),
    ...(facts.periods.length || !facts.events.length ? [] : [plannedEndMs(facts) + UNTIMED_MS]),
  ].filter((each) => each >= nowMs);
  return moments.length ? Math.min(...moments) + 1 : null;
}

/**
 * Return the last moment at which a running period's length is believed; paused it does not grow.
 * @param {MatchFacts} facts
 * @param {Period} period
 */
function givenUpMs(facts, period) {
  if (isPaused(period)) return period.started_ms + ABANDONED_MS;
  const since = setGoingMs(period);
  return since + believedMs(facts.match, period.key) - clockAt(period, since);
}

/**
 * Return the last moment at which a running period's clock was set going.
 * @param {Period} period
 */
const setGoingMs = ({ started_ms: start, pauses }) => Math.max(start, ...pauses.flatMap(([, until]) => until ?? []));
