/**
 * What the sheet of an event writes. A substitution has moved players on and off: to change one is to take it back and
 * to log it anew. Of all else only the fields that differ are written; a red card takes the player off in the same group.
 */

import { periodKey } from "../../football/clock.js";
import { withDefaults } from "../../football/collections.js";
import { isProblem } from "../../football/presses.js";
import { substitute } from "../../football/substitutions.js";
import {
  applyWrites,
  editEvent,
  moveCard,
  removeEvent,
  sendOff,
  takenStints,
  undoOf,
  writeEvent,
  writePlan,
} from "../../football/writes.js";
import { fieldsOf, isOtherwise, otherKind } from "./eventform.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchEvent} MatchEvent */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("./eventform.js").Form} Form */

const SWAP = "substitution";

/**
 * Return what is wrong with a form; nothing where it can be saved.
 * @param {Form} form
 */
export function wrongWith({ kind, player, other }) {
  if (kind === SWAP && !player && !other) return "Say who goes off, who comes on, or both.";
  if (kind === SWAP && player === other) return "Who goes off cannot come on in the same change.";
  return kind === "goal" && player && player === other ? "Nobody assists their own goal. Choose somebody else, or nobody." : "";
}

/**
 * Log something that was missed.
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {Form} form
 */
export function addEvent({ club }, facts, form) {
  const id = club.newId();
  if (form.kind === SWAP) return swap(club, facts, form, id);
  const kind = otherKind(form.kind);
  const { match } = facts;
  const fields = { match_id: match.id, season_id: match.season_id, ...fieldsOf(match, null, form) };
  const logged = writeEvent(id, fields, kind && form.other ? { kind, player_id: form.other } : null);
  const off = sendOff(facts, withDefaults("events", id, fields));
  return applyWrites(club, { writes: [...logged.writes, ...off], is_group: off.length > 0 });
}

/**
 * Correct an event.
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {MatchEvent} event
 * @param {Form} before as it was shown
 * @param {Form} after
 */
export async function correctEvent(app, facts, event, before, after) {
  const { club } = app;
  const isSwap = before.kind === SWAP || after.kind === SWAP;
  if (isSwap && isOtherwise(before, after)) {
    await applyWrites(club, removeEvent(facts, event));
    return addEvent(app, app.facts(facts.match.id) ?? facts, after);
  }
  const assist = after.kind === "goal" ? after.other : "";
  const other = !isSwap && assist !== before.other ? { kind: "assist", player_id: assist || null } : null;
  const fields = fieldsOf(facts.match, before, after);
  const moved = moveCard(facts, event, fields);
  const { writes } = editEvent(club.view, event.id, fields, other);
  return applyWrites(club, { writes: [...writes, ...moved], is_group: moved.length > 0 });
}

/**
 * Take an event back; answers its undo.
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {MatchEvent} event
 */
export async function takeBack({ club }, facts, event) {
  const removal = removeEvent(facts, event);
  const undo = undoOf(club.view, removal);
  await applyWrites(club, removal);
  return () => applyWrites(club, undo);
}

/**
 * @param {App["club"]} club
 * @param {MatchFacts} facts
 * @param {Form} form
 * @param {string} id
 */
async function swap(club, facts, form, id) {
  const plan = substitute(
    facts,
    {
      event_id: id,
      key: periodKey(form.period.type, form.period.number),
      clock_ms: form.clock_ms,
      off: form.player || null,
      on: form.other || null,
      team_id: form.side ? facts.match[`${form.side}_team_id`] : null,
      position: null,
    },
    takenStints(club.view),
  );
  if (isProblem(plan)) throw new Error(plan.sentence);
  await applyWrites(club, writePlan(club.view, plan));
  if (form.notes.trim()) await club.put("events", id, { notes: form.notes.trim() });
}
