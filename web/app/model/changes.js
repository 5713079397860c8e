/** Changes: substitutions as they are picked at the line, several at once, and what they write. */

import { ourSide, ourTeamId } from "../../football/scoreboard.js";
import { sideOfStint } from "../../football/live.js";
import { isProblem } from "../../football/presses.js";
import { sameChange, substitute } from "../../football/substitutions.js";
import { swapWords } from "../../football/words.js";
import { takenStints, writePlan } from "../../football/writes.js";

/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../football/edits.js").Seen} Seen */
/** @typedef {import("../../football/edits.js").Writes} Writes */
/** @typedef {import("./matchsquad.js").Member} Member */
/** @typedef {import("./moment.js").Moment} Moment */
/** @typedef {{off: string | null, on: string | null}} Pair */
/** @typedef {{eventIds: string[], writes: Writes}} Planned */

/**
 * Pair who goes off with who comes on, in the order in which they were picked; one side may be longer.
 * @param {readonly string[]} off
 * @param {readonly string[]} on
 * @returns {Pair[]}
 */
export const pairsOf = (off, on) =>
  Array.from({ length: Math.max(off.length, on.length) }, (_, n) => ({ off: off[n] ?? null, on: on[n] ?? null }));

/**
 * Return what changes at one moment write, all of it or nothing. A change that somebody else has logged is left out.
 * @param {Seen} view
 * @param {MatchFacts} facts
 * @param {readonly Pair[]} pairs
 * @param {Moment} moment
 * @param {() => string} newId
 * @returns {Planned | {sentence: string}}
 */
export function planChanges(view, facts, pairs, { key, clock_ms }, newId) {
  /** @type {Planned} */
  const planned = { eventIds: [], writes: { writes: [], is_group: true } };
  const taken = takenStints(view);
  for (const { off, on } of pairs) {
    const position = facts.lineup.find((stint) => stint.player_id === off && stint.end_min === null)?.position ?? null;
    const change = { event_id: newId(), key, clock_ms, off, on, team_id: ourTeamId(facts.match), position };
    if (sameChange(facts, change)) continue;
    const plan = substitute(facts, change, taken);
    if (isProblem(plan)) return plan;
    planned.eventIds.push(change.event_id);
    planned.writes.writes.push(...writePlan(view, plan).writes);
  }
  return planned;
}

/**
 * Return a change in words: `14 Ella for 9 Sam`.
 * @param {Pair} pair
 * @param {(id: string) => string} nameOf
 */
export const pairWords = ({ off, on }, nameOf) => swapWords(on && nameOf(on), off && nameOf(off));

/**
 * Say whether somebody of ours was ever on in this match.
 * @param {MatchFacts} facts
 */
export const hasLineup = ({ match, lineup }) => lineup.some((stint) => sideOfStint(match, stint) === ourSide(match));
