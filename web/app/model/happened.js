/** What happened, in a few words, as the foot of the screen says it: `Goal, 9 Sam P (7 Ali K), 12'`. */

import { keyOfEvent } from "../../football/clock.js";
import { sideOf } from "../../football/scoreboard.js";
import { kindWords, swapWords } from "../../football/words.js";
import { applyWrites, removeEvent } from "../../football/writes.js";
import { callName, memberOf } from "./matchsquad.js";
import { minuteWords } from "./moment.js";
import { sidesOf } from "./sides.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchEvent} MatchEvent */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */

/**
 * Return an event in a few words.
 * @param {import("../../touchline.js").Touchline} club
 * @param {MatchFacts} facts
 * @param {MatchEvent} event
 */
export function eventWords(club, facts, event) {
  const side = sideOf(facts.match, event.team_id);
  const other = facts.participants.find((each) => each.event_id === event.id)?.player_id ?? null;
  const [player, second] = [event.player_id, other].map((id) => (id ? callName(memberOf(club, id)) : null));
  const team = side ? sidesOf(club, facts)[side].name : null;
  const minute = minuteWords(facts.match, { key: keyOfEvent(event), clock_ms: event.clock_ms ?? 0 });
  const who = event.kind === "substitution" ? swapWords(second, player) : player && second ? `${player} (${second})` : (player ?? team);
  return [kindWords(event), who, minute].filter(Boolean).join(", ");
}

/**
 * Say what was just recorded; it can be taken back.
 * @param {App} app
 * @param {string} matchId
 * @param {string} eventId
 */
export function sayEvent(app, matchId, eventId) {
  const facts = app.facts(matchId);
  const event = facts?.events.find(({ id }) => id === eventId);
  if (facts && event) app.say(eventWords(app.club, facts, event), { undo: () => takeBackEvents(app, matchId, [eventId]) });
}

/**
 * Take events back, the last first, with what each of them changed of who is on.
 * @param {App} app
 * @param {string} matchId
 * @param {string[]} eventIds
 */
export async function takeBackEvents(app, matchId, eventIds) {
  for (const id of [...eventIds].reverse()) {
    const facts = app.facts(matchId);
    const event = facts?.events.find((each) => each.id === id);
    if (facts && event) await applyWrites(app.club, removeEvent(facts, event));
  }
}
