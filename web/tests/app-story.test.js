// The pure parts of a match's story: what a sheet writes, which moment a typed time is, what a link is said to show.
import assert from "node:assert/strict";
import { test } from "node:test";

import { emptyForm, fieldsOf, formOf, isOtherwise, places, readClock } from "../app/model/eventform.js";
import { wrongWith } from "../app/model/eventwrites.js";
import { handedOver, matchFieldsOf, matchFormOf, swapped } from "../app/model/matchform.js";
import { heldWords, hintsFor, listed, openedWords, showsWords } from "../app/model/sharewords.js";
import { dateTimeText, nearest, timesOf, timeText } from "../app/model/times.js";
import { askedIn, marksOf, unsentIn } from "../app/model/unsent.js";
import { missing } from "../app/parts/newperiod.js";
import { assumedWords, rangeWords } from "../app/parts/periods.js";
import { gather } from "../football/facts.js";

const MATCH = "match";
const [REDS, BLUES, GREENS] = ["reds", "blues", "greens"];

/** A match of two halves of 25 minutes at home, with a goal, its assist, and one of the others'. */
function played() {
  /** @type {Record<string, Record<string, any>>} */
  const rows = {
    matches: { [MATCH]: { kickoff_ts: "2026-11-22T14:00:00.000Z", home_team_id: REDS, away_team_id: BLUES, our_side: "home", period_format: "half", duration_mins: 50 } },
    match_periods: { first: { match_id: MATCH, type: "regular", number: 1, started_at: "2026-11-22T14:00:00.000Z", ended_at: "2026-11-22T14:26:00.000Z" } },
    match_pauses: { pause: { period_id: "first", ordinal: 1, started_at: "2026-11-22T14:10:00.000Z", ended_at: "2026-11-22T14:11:00.000Z" } },
    events: {
      goal: { match_id: MATCH, kind: "goal", team_id: REDS, player_id: "sam", period_number: 1, clock_ms: 384_567, notes: "Header" },
      theirs: { match_id: MATCH, kind: "goal", team_id: BLUES, period_number: 1, clock_ms: 600_000 },
    },
    event_participants: { assist: { event_id: "goal", kind: "assist", player_id: "mia" } },
    lineup: { stint: { match_id: MATCH, player_id: "sam", team_id: REDS, start_period: 1 } },
  };
  const view = {
    all: (/** @type {string} */ name) => Object.entries(rows[name] ?? {}),
    get: (/** @type {string} */ name, /** @type {string} */ id) => rows[name]?.[id],
  };
  const facts = gather(/** @type {any} */ (view), MATCH);
  assert.ok(facts);
  return facts;
}

const goalOf = (/** @type {ReturnType<typeof played>} */ facts) => /** @type {any} */ (facts.events.find(({ id }) => id === "goal"));

test("of an event that is corrected only what differs is written", () => {
  const facts = played();
  const before = formOf(facts, goalOf(facts));
  assert.deepEqual(before, { kind: "goal", side: "home", player: "sam", other: "mia", period: { type: "regular", number: 1 }, clock_ms: 384_567, notes: "Header" });
  assert.deepEqual(fieldsOf(facts.match, before, { ...before }), {});
  assert.deepEqual(fieldsOf(facts.match, before, { ...before, side: "away", player: "" }), { team_id: BLUES, player_id: null });
  assert.deepEqual(fieldsOf(facts.match, before, { ...before, period: { type: "regular", number: 2 }, notes: " " }), { period_type: "regular", period_number: 2, notes: null });
});

test("something that was missed begins at the end of what was played last, and names all that it needs", () => {
  const facts = played();
  const form = emptyForm(facts, "home");
  assert.equal(form.clock_ms, 25 * 60_000);
  assert.deepEqual(fieldsOf(facts.match, null, form), { kind: "goal", team_id: REDS, period_type: "regular", period_number: 1, clock_ms: 1_500_000 });
});

test("notes alone do not make a substitution another one", () => {
  const facts = played();
  const form = formOf(facts, goalOf(facts));
  assert.equal(isOtherwise(form, { ...form, notes: "From the corner" }), false);
  assert.equal(isOtherwise(form, { ...form, clock_ms: form.clock_ms + 1 }), true);
});

test("the match's clock counts on through the halves, and a period has no minute before its own", () => {
  const { match } = played();
  const second = { type: "regular", number: 2 };
  assert.deepEqual(readClock(match, second, "26", "05"), { ms: 65_000 });
  assert.deepEqual(readClock(match, { type: "regular", number: 1 }, "26", ""), { ms: 1_560_000 });
  assert.deepEqual(readClock(match, { type: "extra_time", number: 2 }, "3", "0"), { ms: 180_000 });
  assert.match(/** @type {any} */ (readClock(match, second, "24", "59")).wrong, /begins at 25:00/);
  for (const seconds of ["60", "-1", "1.5", "x"]) assert.ok("wrong" in readClock(match, second, "30", seconds), seconds);
});

test("an event may be put in each period of the format, and in what else was played", () => {
  const facts = played();
  const shootout = { type: "penalty_shootout", number: 1 };
  assert.deepEqual(places(facts).map(({ number }) => number), [1, 2]);
  assert.deepEqual(places(facts, shootout).at(-1), shootout);
  assert.deepEqual(places(facts, { type: "regular", number: 0 })[0], { type: "regular", number: 0 });
});

test("a form that cannot be is refused with a sentence", () => {
  const form = formOf(played(), goalOf(played()));
  assert.equal(wrongWith(form), "");
  assert.match(wrongWith({ ...form, other: "sam" }), /own goal|assists/);
  assert.match(wrongWith({ ...form, kind: "substitution", other: "sam" }), /cannot come on/);
  assert.match(wrongWith({ ...form, kind: "substitution", player: "", other: "" }), /goes off/);
  assert.equal(wrongWith({ ...form, player: "", other: "" }), "");
});

test("a time of day is the moment nearest to the match, over midnight too", () => {
  const late = new Date(2026, 10, 22, 23, 50).getTime();
  assert.equal(nearest("00:05", late), new Date(2026, 10, 23, 0, 5).getTime());
  assert.equal(nearest("23:45:30", late), new Date(2026, 10, 22, 23, 45, 30).getTime());
  for (const text of ["", "24:00", "12:60", "noon"]) assert.equal(nearest(text, late), null, text);
});

test("times that were not touched stay to the millisecond, and typed ones allow for this phone's clock", () => {
  const [start, end] = [new Date(2026, 10, 22, 14, 0, 1, 234), new Date(2026, 10, 22, 14, 26)];
  const record = { started_at: start.toISOString(), ended_at: end.toISOString() };
  const by = { near: start.getTime(), correction: -600_000 };
  const shown = { start: timeText(start.getTime()), end: timeText(end.getTime()) };
  assert.deepEqual(timesOf(record, shown, by), { fields: {} });
  const typed = timesOf(record, { ...shown, end: "14:27:00" }, by);
  // The phone is ten minutes fast: the server takes them off again.
  assert.deepEqual(typed, { fields: { ended_at: new Date(2026, 10, 22, 14, 37).toISOString() } });
  assert.deepEqual(timesOf(record, { ...shown, end: "" }, by), { fields: { ended_at: null } });
  assert.match(/** @type {any} */ (timesOf(record, { ...shown, end: "13:59" }, by)).wrong, /before the start/);
  assert.match(/** @type {any} */ (timesOf(null, { start: "", end: "14:00" }, by)).wrong, /began/);
});

test("what can be added is what the match may have and nobody recorded", () => {
  const names = missing(played()).map(({ type, number }) => `${type} ${number}`);
  assert.deepEqual(names, ["regular 2", "extra_time 1", "extra_time 2", "penalty_shootout 1"]);
});

test("a period whose length is a guess says why", () => {
  const period = /** @type {any} */ ({ played_ms: 1_500_000 });
  assert.equal(assumedWords(0, null, period), "Nobody ended it. It counts as 25:00.");
  assert.match(assumedWords(null, 1, period), /Nobody pressed start/);
  assert.match(assumedWords(2, 1, period), /ends before it begins/);
  assert.match(assumedWords(0, 9e9, period), /longer than can be believed/);
  assert.equal(rangeWords(null, null), "No times");
});

test("of a match's details only what differs is written, and home and away can change places", () => {
  const facts = played();
  const before = matchFormOf(facts.match);
  assert.equal(before.kickoff, dateTimeText(Date.parse("2026-11-22T14:00:00.000Z")));
  assert.deepEqual(matchFieldsOf(before, { ...before }), { fields: {} });
  assert.deepEqual(matchFieldsOf(before, { ...before, venue: " Rec " }), { fields: { venue: "Rec" } });
  assert.deepEqual(matchFieldsOf(before, { ...before, format: "quarter", minutes: "12.5" }), { fields: { period_format: "quarter", duration_mins: 50 } });
  assert.deepEqual(matchFieldsOf(before, swapped(before)), { fields: { home_team_id: BLUES, away_team_id: REDS, our_side: "away" } });
  for (const bad of [{ kickoff: "" }, { minutes: "0" }, { minutes: "x" }, { ours: "-1" }, { away: REDS }]) assert.ok("wrong" in matchFieldsOf(before, { ...before, ...bad }), JSON.stringify(bad));
});

test("who replaces a team that was entered wrongly gets its goals; teams that change places keep theirs", () => {
  const facts = played();
  assert.deepEqual(handedOver(facts, { away_team_id: GREENS }), [{ collection: "events", id: "theirs", team_id: GREENS }]);
  assert.deepEqual(handedOver(facts, { home_team_id: GREENS }).map(({ id }) => id), ["goal", "stint"]);
  assert.deepEqual(handedOver(facts, { home_team_id: BLUES, away_team_id: REDS }), []);
  assert.deepEqual(handedOver(facts, { away_team_id: null }), []);
});

test("what is on this phone alone is marked on the event, also where only its assist is", () => {
  const made = new Map([
    [1, { verdict: null, mutation: { record: "assist" } }],
    [2, { verdict: { verdict: "applied" }, mutation: { record: "theirs" } }],
  ]);
  const club = /** @type {any} */ ({ state: { picture: { made } }, conflicts: () => [{ record: "theirs", other: "goal" }, { record: "pause" }] });
  const facts = played();
  assert.deepEqual([...marksOf(facts, unsentIn(club))].sort(), ["assist", "goal"]);
  const asked = marksOf(facts, askedIn(club));
  assert.ok(asked.has("goal") && asked.has("theirs") && asked.has("first"));
});

test("a link says what it shows and what is held back, and why before it is made", () => {
  const all = { score: true, shirt_numbers: true, venue: true };
  const young = { asked: { score: true, shirt_numbers: true, venue: true }, shows: { score: false, shirt_numbers: false, venue: false }, venue_from: "2026-11-22T14:00:00.000Z" };
  assert.equal(showsWords(young), "Clock and events only");
  assert.equal(heldWords(young), "Score and shirt numbers held back for this age group, venue from kick-off on");
  assert.equal(showsWords({ asked: all, shows: all, venue_from: null }), "Score, shirt numbers and venue");
  assert.equal(heldWords({ asked: all, shows: all, venue_from: null }), "");
  const hints = hintsFor({ score: false, shirt_numbers: false, venue: true, venue_from_ms: 1 }, "U10");
  assert.match(hints.score, /^Results of U10s are shown only where the club's owner turned that on/);
  assert.match(hints.venue, /kick-off/);
  assert.match(hintsFor({ ...all, venue_from_ms: null }, "adult").venue, /any time/);
  assert.match(hintsFor({ score: false, shirt_numbers: false, venue: true, venue_from_ms: 1 }, null).score, /without an age group/);
});

test("lists and days are said as people say them", () => {
  assert.deepEqual([listed([]), listed(["a"]), listed(["a", "b"]), listed(["a", "b", "c"])], ["", "a", "a and b", "a, b and c"]);
  assert.equal(openedWords(null), "not opened yet");
  assert.match(openedWords("2026-11-22"), /Sun,? 22 Nov/);
});
