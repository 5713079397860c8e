/**
 * Recording: a press of the pad becomes an event at once, at the moment of the press. Who did it is asked afterwards, so
 * no goal is lost because somebody did not say.
 */

import { sayEvent } from "../model/happened.js";
import { squadOf } from "../model/matchsquad.js";
import { momentOf } from "../model/moment.js";
import { THEM, US } from "../model/newmatch.js";
import { sidesOf } from "../model/sides.js";
import { openPicker } from "./picker.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../football/facts.js").Side} Side */

/** Kinds that are a team's, and of which nobody is asked. */
const TEAMS_OWN = new Set(["corner", "free_kick", "ball_out", "offside"]);

/** Milliseconds in which a second press of the same button is a thumb that trembles. */
const TREMBLE_MS = 700;

let last = { button: "", at: 0 };

/**
 * Record that something happened now.
 * @param {App} app
 * @param {string} matchId
 * @param {string} kind
 * @param {Side} side whose doing it was
 */
export async function record(app, matchId, kind, side) {
  const facts = app.facts(matchId);
  if (!facts || isTremble(`${matchId} ${kind} ${side}`)) return;
  const { key, clock_ms } = momentOf(facts, app.now());
  const eventId = app.club.newId();
  const isStored = await app.attempt(async () => {
    const team_id = await teamOn(app, facts, side);
    await app.club.put("events", eventId, {
      match_id: matchId,
      season_id: facts.match.season_id,
      period_type: key.type,
      period_number: key.number,
      clock_ms,
      kind,
      team_id,
    });
  });
  if (!isStored) return;
  navigator.vibrate?.(30);
  sayEvent(app, matchId, eventId);
  if (!TEAMS_OWN.has(kind) && hasPlayers(app, facts, side)) openPicker(app, { matchId, eventId, kind, side });
}

/** @param {string} button */
function isTremble(button) {
  const at = performance.now();
  const isSame = last.button === button && at - last.at < TREMBLE_MS;
  last = { button, at };
  return isSame;
}

/**
 * Return the team of a side. A match that names none gets one, from who may: a goal of no team counts for nobody, until a
 * coach says whose it is.
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {Side} side
 */
export async function teamOn(app, facts, side) {
  const team = sidesOf(app.club, facts)[side];
  if (team.id || !app.may("coach")) return team.id;
  const key = `${facts.match.id} ${side}`;
  const coming = making.get(key) ?? makeTeam(app, facts, side).finally(() => making.delete(key));
  making.set(key, coming);
  return coming;
}

/** Teams on their way into the store, by match and side: the next press counts for the same one. @type {Map<string, Promise<string>>} */
const making = new Map();

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {Side} side
 */
async function makeTeam(app, facts, side) {
  const team = sidesOf(app.club, facts)[side];
  const id = app.club.newId();
  await app.club.group((group) => {
    group.put("teams", id, { name: team.isOurs ? US : THEM });
    group.put("matches", facts.match.id, { [`${side}_team_id`]: id });
  });
  return id;
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {Side} side
 */
function hasPlayers(app, facts, side) {
  const { on, off } = squadOf(app.club, facts, side);
  return on.length + off.length > 0;
}
