/**
 * The picker: whose doing it was. What happened is stored before this opens, so closing it loses nothing but the name.
 */

import { participantId } from "../../football/ids.js";
import { kindWords } from "../../football/words.js";
import { nameEvent } from "../../football/corrections.js";
import { applyWrites } from "../../football/edits.js";
import { h } from "../dom.js";
import { sayEvent } from "../model/happened.js";
import { squadOf } from "../model/matchsquad.js";
import { sidesOf } from "../model/sides.js";
import { foot } from "./foot.js";
import { shirts } from "./players.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").Side} Side */
/** @typedef {import("../model/matchsquad.js").Member} Member */
/** @typedef {{matchId: string, eventId: string, kind: string, side: Side}} Asked */

/** @type {Readonly<Record<string, string>>} */
const QUESTIONS = Object.freeze({
  goal: "Who scored?",
  own_goal: "Whose own goal?",
  save: "Who saved it?",
  yellow_card: "Who was booked?",
  red_card: "Who was sent off?",
});

/**
 * Ask who did what was just stored, and of a goal who made it.
 * @param {App} app
 * @param {Asked} asked
 */
export function openPicker(app, asked) {
  app.open({
    title: QUESTIONS[asked.kind] ?? `${kindWords(asked)}: who?`,
    draw: (_, close) =>
      choiceOf(app, asked, {
        otherwise: "Don’t know",
        choose: (member) => {
          close();
          void name(app, asked, member);
        },
        leave: close,
      }),
  });
}

/**
 * @param {App} app
 * @param {Asked} asked
 * @param {{otherwise: string, choose: (member: Member) => void, leave: () => void, without?: string}} how
 */
function choiceOf(app, { matchId, eventId, side }, { otherwise, choose, leave, without }) {
  const facts = app.facts(matchId);
  if (!facts?.events.some(({ id }) => id === eventId)) {
    queueMicrotask(leave); // it was taken back meanwhile
    return null;
  }
  const squad = squadOf(app.club, facts, side);
  const team = sidesOf(app.club, facts)[side];
  const [on, off] = [squad.on, squad.off].map((members) => members.filter(({ id }) => id !== without));
  return h(
    "div.picker",
    null,
    on.length > 0 && [h("h3", null, "On the pitch"), shirts({ members: on, team, choose, label: "On the pitch" })],
    off.length > 0 && [
      h("h3", null, on.length > 0 ? "Bench" : "Squad"),
      shirts({ members: off, team, choose, label: on.length > 0 ? "Bench" : "Squad" }),
    ],
    foot(h("button.button.calm.wide", { type: "button", onclick: leave }, otherwise)),
  );
}

/**
 * @param {App} app
 * @param {Asked} asked
 * @param {Member} member
 */
async function name(app, asked, member) {
  const { club } = app;
  const facts = app.facts(asked.matchId);
  const event = facts?.events.find(({ id }) => id === asked.eventId);
  if (!facts || !event) return;
  if (!(await app.attempt(() => applyWrites(club, nameEvent(facts, event, member.id))))) return;
  sayEvent(app, asked.matchId, asked.eventId);
  if (asked.kind === "goal") askAssist(app, asked, member);
}

/**
 * @param {App} app
 * @param {Asked} asked
 * @param {Member} scorer
 */
function askAssist(app, asked, scorer) {
  const facts = app.facts(asked.matchId);
  if (!facts) return;
  const { on, off } = squadOf(app.club, facts, asked.side);
  if (on.length + off.length < 2) return;
  app.open({
    title: "Who made it?",
    draw: (_, close) =>
      choiceOf(app, asked, {
        otherwise: "Nobody",
        without: scorer.id,
        choose: (member) => {
          close();
          void assist(app, asked, member);
        },
        leave: close,
      }),
  });
}

/**
 * @param {App} app
 * @param {Asked} asked
 * @param {Member} member
 */
async function assist(app, { matchId, eventId }, member) {
  const fields = { event_id: eventId, player_id: member.id, kind: "assist" };
  if (await app.attempt(() => app.club.create("event_participants", participantId(eventId, "assist"), fields)))
    sayEvent(app, matchId, eventId);
}
