/** Football's words, and what decisions write: the real client carries them out without signal. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { periodKey } from "../football/clock.js";
import { factsOfAll, gather, recordsOf } from "../football/facts.js";
import { participantId, periodId, stintId } from "../football/ids.js";
import { elapsedMs } from "../football/live.js";
import { finish, isProblem, pause, resume, start } from "../football/presses.js";
import { lineUp, substitute } from "../football/substitutions.js";
import { clockWords, formatClock, kindWords, nth, periodWords, stageWords, swapWords, timeOfDay } from "../football/words.js";
import {
  applyWrites,
  editEvent,
  moveCard,
  nameEvent,
  removeEvent,
  sendOff,
  takenStints,
  undoOf,
  writeEvent,
  writePlan,
  writePress,
} from "../football/writes.js";
import { formatInstant, instantMs } from "../sync/instants.js";
import { MemoryStore, Shelf } from "../sync/memory.js";
import { open } from "../touchline.js";
import { FakeClock, NOW_MS, seededDice } from "./world.js";

const [MATCH, REDS, ADA, BEA] = ["a", "b", "c", "d"].map((digit) => `00000000-0000-4000-8000-00000000000${digit}`);
const FIRST = periodKey("regular", 1);
const MINUTE_MS = 60_000;

/** A phone without signal that holds a match of the Reds. */
async function phone() {
  const noLine = async () => Promise.reject(new TypeError("no line"));
  const outside = { fetch: noLine, clock: new FakeClock(), dice: seededDice(1), wires: [], locks: null, channel: null };
  const club = await open({ ...outside, store: new MemoryStore(new Shelf()) });
  await club.put("matches", MATCH, { kickoff_ts: formatInstant(NOW_MS), home_team_id: REDS });
  const facts = () => gather(club.view, MATCH);
  const press = async (rule, atMs) => applyWrites(club, writePress(club.view, rule(facts(), FIRST, atMs)));
  const plan = async (found) => applyWrites(club, writePlan(club.view, found));
  return { club, facts, press, plan, made: () => [...club.state.picture.made.values()].map((each) => each.mutation) };
}

const change = (eventId, off, on, minute = 10) =>
  ({ event_id: eventId, key: FIRST, clock_ms: minute * MINUTE_MS, off, on, team_id: REDS, position: null });

/** A match that has begun with Ada on, whom Bea replaces after ten minutes. */
async function changed() {
  const all = await phone();
  await all.press(start, NOW_MS);
  await all.plan(lineUp(all.facts(), [[ADA, "ST"]], REDS));
  const before = all.facts();
  const id = all.club.newId();
  await all.plan(substitute(before, change(id, ADA, BEA), takenStints(all.club.view)));
  return { ...all, before, id };
}

test("instants are read and written in their canonical form", () => {
  assert.equal(formatInstant(instantMs("2026-11-22T14:02:03.004Z")), "2026-11-22T14:02:03.004Z");
  assert.equal(instantMs("0001-01-01T00:00:00.000Z"), -62_135_596_800_000);
  assert.throws(() => formatInstant(NaN), RangeError);
});

test("no such match, no facts; of all matches, each has its own", async () => {
  const { club, facts } = await phone();
  assert.equal(gather(club.view, "gone"), undefined);
  assert.equal(facts().match.duration_mins, 50);
  await club.put("matches", REDS, { kickoff_ts: formatInstant(NOW_MS) });
  await applyWrites(club, writeEvent(BEA, { match_id: MATCH, kind: "goal" }));
  const all = factsOfAll(club.view);
  assert.deepEqual([...all.keys()], [MATCH, REDS]);
  assert.deepEqual([all.get(MATCH).events.length, all.get(REDS).events.length], [1, 0]);
  assert.deepEqual(recordsOf(club.view, "matches").get(REDS), all.get(REDS).match);
});

test("a running clock counts from its anchor, a standing one stands, and nobody sees one run backwards", () => {
  const clock = { period_type: "regular", period_number: 1, elapsed_ms: 500, since_ms: NOW_MS };
  assert.deepEqual([elapsedMs(clock, NOW_MS + 70), elapsedMs(clock, NOW_MS - 70)], [570, 500]);
  assert.equal(elapsedMs({ ...clock, since_ms: null }, NOW_MS + 70), 500);
});

test("a press is one edit, pressing again is none, and one that cannot be is a sentence", async () => {
  const { club, facts, press, made } = await phone();
  const early = pause(facts(), FIRST, NOW_MS);
  assert.ok(isProblem(early) && early.sentence.startsWith("Period 1 has not begun."));
  await press(start, NOW_MS);
  await press(start, NOW_MS + 900);
  await press(pause, NOW_MS + MINUTE_MS);
  await press(pause, NOW_MS + MINUTE_MS + 900);
  await press(resume, NOW_MS + 2 * MINUTE_MS);
  assert.equal(made().length, 4, "the match, the period, the pause, its end");
  const { started_at: started } = club.get("match_periods", periodId(MATCH, "regular", 1));
  assert.equal(instantMs(started), NOW_MS);
  assert.equal(facts().pauses[0].ended_at, formatInstant(NOW_MS + 2 * MINUTE_MS));
});

test("full time stands as it was first pressed, until a period that began later undoes it", async () => {
  const { club, facts, press } = await phone();
  const second = periodKey("regular", 2);
  const full = (facts, _key, atMs) => finish(facts, atMs);
  const finishedAt = () => instantMs(club.get("matches", MATCH).finished_at) - NOW_MS;
  await press(start, NOW_MS);
  await press(full, NOW_MS + 10);
  await press(full, NOW_MS + 20);
  assert.equal(finishedAt(), 10);
  await applyWrites(club, writePress(club.view, start(facts(), second, NOW_MS + 30)));
  await press(full, NOW_MS + 40);
  assert.equal(finishedAt(), 40);
});

test("a period that was deleted with its end starts again without it, in one step", async () => {
  const { club, press, made } = await phone();
  const id = periodId(MATCH, "regular", 1);
  await press(start, NOW_MS);
  await club.put("match_periods", id, { ended_at: formatInstant(NOW_MS + 5) });
  await club.delete("match_periods", id);
  await press(start, NOW_MS + MINUTE_MS);
  const { started_at: started, ended_at: ended } = club.get("match_periods", id);
  assert.deepEqual([started, ended], [formatInstant(NOW_MS + MINUTE_MS), null]);
  assert.deepEqual(made().slice(-2).map((each) => each.op), ["restore", "put"]);
});

test("a goal and its assist are two edits and no group; a goal alone is one", async () => {
  const { club, facts, made } = await phone();
  const [goal, other] = [club.newId(), club.newId()];
  const fields = { match_id: MATCH, kind: "goal", player_id: ADA };
  await applyWrites(club, writeEvent(goal, fields, { kind: "assist", player_id: BEA }));
  await applyWrites(club, writeEvent(other, fields, { kind: "assist", player_id: null }));
  assert.deepEqual(made().slice(1).map((each) => [each.record, each.group]), [
    [goal, undefined],
    [participantId(goal, "assist"), undefined],
    [other, undefined],
  ]);
  assert.deepEqual(facts().participants.map((each) => [each.event_id, each.player_id]), [[goal, BEA]]);
});

test("an event is corrected in what differs, its assist too, and an assist that came back is the same record", async () => {
  const { club, facts, made } = await phone();
  const goal = club.newId();
  await applyWrites(club, writeEvent(goal, { match_id: MATCH, kind: "goal", player_id: ADA }, { kind: "assist", player_id: BEA }));
  const edit = (fields, assist) =>
    applyWrites(club, editEvent(club.view, goal, fields, assist === undefined ? null : { kind: "assist", player_id: assist }));
  await edit({ kind: "goal", player_id: ADA }, BEA);
  assert.equal(made().length, 3, "nothing differs");
  await edit({ kind: "goal", player_id: BEA }, null);
  assert.deepEqual(made().slice(3).map(({ op, fields }) => [op, fields]), [["put", { player_id: BEA }], ["delete", undefined]]);
  assert.deepEqual(facts().participants, []);
  await edit({}, ADA);
  await edit({ notes: "a tap-in" });
  assert.deepEqual(facts().participants, [
    { id: participantId(goal, "assist"), event_id: goal, player_id: ADA, kind: "assist" },
  ]);
  assert.equal(facts().events[0].notes, "a tap-in");
});

test("an event that is taken back hides who took part, and both come back together", async () => {
  const { club, facts } = await phone();
  const goal = club.newId();
  await applyWrites(club, writeEvent(goal, { match_id: MATCH, kind: "goal" }, { kind: "assist", player_id: BEA }));
  const before = facts();
  const undo = undoOf(club.view, removeEvent(before, before.events[0]));
  await applyWrites(club, removeEvent(before, before.events[0]));
  assert.deepEqual([facts().events, facts().participants], [[], []]);
  await applyWrites(club, undo);
  assert.deepEqual(facts(), before);
});

test("a substitution is one group; taken back, who went off is on, and brought back it is as it was", async () => {
  const { club, facts, before, made } = await changed();
  const after = facts();
  assert.deepEqual(after.lineup.map((each) => [each.player_id, each.end_min]).sort(), [[ADA, 10], [BEA, null]]);
  assert.deepEqual(made().slice(-4).map((each) => each.group?.count), [4, 4, 4, 4]);
  const undo = undoOf(club.view, removeEvent(after, after.events[0]));
  await applyWrites(club, removeEvent(after, after.events[0]));
  assert.deepEqual(facts(), { ...before, lineup: before.lineup.map((each) => ({ ...each, end_period: null, end_min: null })) });
  assert.deepEqual(made().slice(-3).map((each) => each.group?.count), [3, 3, 3]);
  await applyWrites(club, undo);
  assert.deepEqual(facts(), after);
});

test("the undo of a removal brings back only what it took away: of a corrected change no stint stands twice", async () => {
  const { club, facts, plan } = await changed();
  await applyWrites(club, removeEvent(facts(), facts().events[0]));
  await plan(substitute(facts(), change(club.newId(), ADA, BEA, 10), takenStints(club.view)));
  const after = facts();
  const undo = undoOf(club.view, removeEvent(after, after.events[0]));
  await applyWrites(club, removeEvent(after, after.events[0]));
  await applyWrites(club, undo);
  assert.deepEqual(facts(), after);
  assert.equal(facts().lineup.filter(({ player_id: player, end_min: end }) => player === BEA && end === null).length, 1);
});

test("a red card takes its player off in the same group, moves them when it is corrected, and taken back they are on", async () => {
  const { club, facts, plan, made } = await phone();
  await plan(lineUp(facts(), [[ADA, null], [BEA, null]], REDS));
  const card = club.newId();
  const on = () => facts().lineup.filter(({ end_min: end }) => end === null).map(({ player_id: player }) => player).sort();
  await applyWrites(club, writeEvent(card, { match_id: MATCH, kind: "red_card", period_number: 1, clock_ms: 10 * MINUTE_MS }));
  await applyWrites(club, nameEvent(facts(), facts().events[0], ADA));
  assert.deepEqual(on(), [BEA]);
  assert.deepEqual(made().slice(-2).map((each) => each.group?.count), [2, 2]);
  const moved = moveCard(facts(), facts().events[0], { player_id: BEA });
  await applyWrites(club, { writes: [...editEvent(club.view, card, { player_id: BEA }).writes, ...moved], is_group: true });
  assert.deepEqual(on(), [ADA]);
  await applyWrites(club, removeEvent(facts(), facts().events[0]));
  assert.deepEqual(on(), [ADA, BEA].sort());
  const early = { ...facts().match, kind: "red_card", id: card, player_id: ADA, period_type: null, period_number: 0, clock_ms: 0 };
  assert.deepEqual(sendOff(facts(), early), [], "before the first whistle another may start");
});

test("taking a change back does not put on twice who came back later", async () => {
  const { club, facts, plan } = await changed();
  await plan(substitute(facts(), change(club.newId(), BEA, ADA, 20), takenStints(club.view)));
  const [first] = facts().events.filter((each) => each.player_id === ADA);
  await applyWrites(club, removeEvent(facts(), first));
  assert.deepEqual(facts().lineup.map((each) => [each.player_id, each.start_min, each.end_min]).sort(), [[ADA, 0, 10], [ADA, 20, null]]);
});

test("a line-up takes out who is not named, and brings back the stint of who is named again, as one group", async () => {
  const { club, facts, plan, made } = await phone();
  await plan(lineUp(facts(), [[ADA, "ST"]], REDS));
  await plan(lineUp(facts(), [[BEA, null]], REDS));
  assert.deepEqual(facts().lineup.map((each) => each.player_id), [BEA]);
  await plan(lineUp(facts(), [[ADA, "GK"], [BEA, null]], REDS));
  assert.deepEqual(made().slice(-2).map(({ op, group }) => [op, group?.count]), [["restore", 2], ["put", 2]]);
  assert.equal(club.get("lineup", stintId(MATCH, ADA, 1)).position, "GK");
  const count = made().length;
  await plan(lineUp(facts(), [[ADA, "GK"], [BEA, null]], REDS));
  assert.equal(made().length, count, "the same again writes nothing");
});

test("kinds, swaps and ordinals in words", () => {
  assert.deepEqual(["own_goal", "penalty", "throw_in"].map((kind) => kindWords({ kind })), ["Own goal", "Penalty awarded", "Throw in"]);
  assert.equal(kindWords({ kind: "goal", period_type: "penalty_shootout" }), "Scored");
  assert.deepEqual([swapWords(14, 9), swapWords("Bea", null), swapWords(null, 9), swapWords(null, null)], ["14 on for 9", "Bea on", "9 off", ""]);
  assert.deepEqual([1, 2, 3, 4].map(nth), ["1st", "2nd", "3rd", "4th"]);
});

test("periods and stages in words", () => {
  const period = (number, type = "regular") => ({ type, number });
  assert.deepEqual([periodWords(period(2), "half"), periodWords(period(4), "quarter"), periodWords(period(0), "half")], ["2nd half", "4th quarter", "The match"]);
  assert.deepEqual([periodWords(period(1, "extra_time"), "half"), periodWords(period(1, "penalty_shootout"), "half")], ["Extra time, 1st half", "Penalties"]);
  const stages = [["scheduled", null], ["live", null], ["live", period(2)], ["paused", period(2)], ["half_time", period(1)], ["half_time", period(2)]];
  assert.deepEqual(stages.map(([status, last]) => stageWords(status, last, "half")), ["Kick-off", "In play", "2nd half", "2nd half, paused", "Half-time", "Break"]);
  assert.equal(stageWords("half_time", period(1), "quarter"), "Break");
  assert.deepEqual(["completed", "cancelled", "postponed"].map((status) => stageWords(status, null, "half")), ["Full time", "Called off", "Postponed"]);
});

test("clocks and times of day in words", () => {
  assert.deepEqual([formatClock(0), formatClock(754_999), formatClock(-5), formatClock(6_000_000)], ["00:00", "12:34", "00:00", "100:00"]);
  const half = (number, type = "regular") => ({ type, number, length_ms: 25 * MINUTE_MS });
  assert.deepEqual([clockWords(half(2), 10 * MINUTE_MS), clockWords(half(1), 26 * MINUTE_MS + 7_000)], ["35:00", "25:00 +1:07"]);
  assert.deepEqual([clockWords(half(2, "extra_time"), MINUTE_MS), clockWords(half(1, "penalty_shootout"), 0)], ["01:00", null]);
  assert.equal(timeOfDay(new Date(2026, 8, 20, 9, 5).getTime()), "09:05");
});
