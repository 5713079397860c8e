/** What people are asked and told: questions, refusals, the sync in words, the way into a club. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { clubOf } from "../app/entry.js";
import { questionsOf } from "../app/model/conflicts.js";
import { FIELDS, questionFor, specOf } from "../app/model/fields.js";
import { carryOut, pointersTo } from "../app/model/merging.js";
import { whoWrote } from "../app/model/people.js";
import { isPlaying } from "../app/model/playing.js";
import { refusalWords } from "../app/model/refusals.js";
import { refusedWords } from "../app/model/refused.js";
import { mayGive, mayInvite } from "../app/model/roles.js";
import { clockSentence, syncSentence, syncWords } from "../app/model/syncwords.js";
import { readTyped, typedFrom } from "../app/model/typed.js";
import { valueWords } from "../app/model/values.js";
import { missing } from "../app/parts/entryform.js";
import { DEFAULTS } from "../football/collections.js";
import { Desk } from "../sync/desk.js";
import { conflictId } from "../sync/ids.js";
import { MemoryStore } from "../sync/memory.js";
import { write } from "../sync/records.js";
import { newMeta, State } from "../sync/state.js";
import { Problem, Unreachable } from "../sync/transport.js";
import { FakeClock, NOW_MS, seededDice } from "./world.js";

const [MINE, ANNAS] = ["device-mine", "device-annas"];
const PEOPLE = { me: "user-me", device: MINE, names: { "user-anna": "Anna" } };
const AT = "2026-11-22T14:20:00.000Z";

/** A desk that holds these records: `[collection, id, values, isDeleted?]`. */
function desk(...rows) {
  const state = new State(new MemoryStore(), newMeta(MINE));
  for (const [collection, id, values, deleted = false] of rows) write(state.picture.records, collection, id, { values, deleted });
  return new Desk(state, new FakeClock(), seededDice(7));
}

const TEAMS = [["teams", "reds", { name: "Reds" }], ["teams", "blues", { name: "Blues" }]];
const PLAYERS = [
  ["players", "messi", { full_name: "Messi", current_team: "reds", squad_number: 10 }],
  ["players", "suarez", { full_name: "Suárez", current_team: "reds", squad_number: 9 }],
];
const MATCH = ["matches", "m", { kickoff_ts: "2026-11-22T14:00:00.000Z", home_team_id: "reds", away_team_id: "blues", our_side: "home", duration_mins: 60, period_format: "half" }];
const GOAL = ["events", "g", { match_id: "m", kind: "goal", team_id: "reds", player_id: "messi", period_type: "regular", period_number: 1, clock_ms: 17 * 60_000 }];

const side = (value, more = {}) => ({ value, device_id: ANNAS, n: 1, stamp: "s", at: AT, author: "user-anna", ...more });
const mySide = (value) => side(value, { device_id: MINE, author: "user-me" });

/** A row of the collection of conflicts. */
function conflict(kind, collection, record, field, more) {
  return ["conflicts", conflictId(collection, record, field), { kind, collection, record, field, status: "open", stands: null, candidates: [], other: null, ...more }];
}

test("two scorers of one goal are asked about as a coach would ask", () => {
  const club = desk(...TEAMS, ...PLAYERS, MATCH, GOAL, conflict("field", "events", "g", "player_id", { stands: mySide("messi"), candidates: [side("suarez")] }));
  const [question] = questionsOf(club, PEOPLE);
  assert.deepEqual([question.ask, question.about, question.matchId], ["Who scored?", "Goal, 18'", "m"]);
  assert.deepEqual(question.options.map(({ who, words, stands, answer }) => [who, words, stands, answer.act, answer.choice, answer.value]), [
    ["You", "Messi", true, "Keep", "keep", "messi"],
    ["Anna", "Suárez", false, "Take", "take", "suarez"],
  ]);
  assert.ok(question.takesOther);
});

test("of several candidates each is shown, and taking one names its value", async () => {
  const others = ["Pitch 3", "Pitch 4"].map((value, n) => side(value, { device_id: `d${n}`, author: null }));
  const club = desk(...TEAMS, MATCH, conflict("field", "matches", "m", "venue", { stands: mySide("Pitch 2"), candidates: others }));
  const [question] = questionsOf(club, PEOPLE);
  assert.deepEqual(question.options.map(({ who, words }) => [who, words]), [["You", "Pitch 2"], ["Another phone", "Pitch 3"], ["Another phone", "Pitch 4"]]);
  await carryOut(club, question, question.options[2].answer);
  assert.deepEqual([club.get("matches", "m").venue, questionsOf(club, PEOPLE)], ["Pitch 4", []], "the answer is shown, and the question gone, at once");
});

test("a delete that met an edit shows both, and is answered with whether it is deleted", async () => {
  const row = conflict("deleted", "events", "g", "deleted", { stands: mySide({ deleted: true }), candidates: [side({ fields: { notes: "Late" } })] });
  const club = desk(...TEAMS, ...PLAYERS, MATCH, [...GOAL, true], row);
  const [question] = questionsOf(club, PEOPLE);
  assert.deepEqual(question.options.map(({ who, words, lines }) => [who, words, lines]), [["You", "Deleted it", []], ["Anna", "Wrote in it", [{ name: "Note", words: "Late" }]]]);
  assert.deepEqual(question.answers.map(({ act, choice, value }) => [act, choice, value]), [["Bring it back", "take", false], ["Leave it deleted", "keep", true]]);
  await carryOut(club, question, question.answers[0]);
  assert.equal(club.get("events", "g").kind, "goal");
});

test("a delete that met a child tells which", () => {
  const club = desk(...TEAMS, ...PLAYERS, [...MATCH, true], GOAL, conflict("deleted", "matches", "m", "deleted", { stands: mySide({ deleted: true }), candidates: [side({ collection: "events", record: "g" })] }));
  assert.deepEqual(questionsOf(club, PEOPLE)[0].options[1].lines, [{ name: "New", words: "Goal, Messi, 18'" }]);
});

test("look-alike goals are told apart by what differs", async () => {
  const twin = ["events", "h", { ...GOAL[2], player_id: null, clock_ms: 17 * 60_000 + 30_000 }];
  const row = conflict("duplicate", "events", "g", "duplicate/h", { other: "h", stands: mySide({ record: "g" }), candidates: [side({ record: "h" })] });
  const club = desk(...TEAMS, ...PLAYERS, MATCH, GOAL, twin, row);
  const [question] = questionsOf(club, PEOPLE);
  assert.deepEqual(question.options.map(({ who, words, lines }) => [who, words, lines[0].words]), [["You", "Messi", "17:00"], ["Anna", "Nobody named", "17:30"]]);
  assert.deepEqual(question.options.map(({ answer }) => answer.value), ["h", "g"], "the one that goes is named");
  assert.deepEqual(question.answers.map(({ act, choice }) => [act, choice]), [["Two goals: keep both", "keep"]]);
  await carryOut(club, question, question.options[0].answer);
  assert.deepEqual(club.all("events").map(({ id }) => id), ["g"]);
});

test("what names a team that is given up names the one that stays, before the answer is given", async () => {
  const twin = ["teams", "greens", { name: "Reds" }];
  const row = conflict("duplicate", "teams", "reds", "duplicate/greens", { other: "greens", stands: mySide({ record: "reds" }), candidates: [side({ record: "greens" })] });
  const club = desk(...TEAMS, twin, ...PLAYERS, MATCH, GOAL, row);
  const [question] = questionsOf(club, PEOPLE);
  assert.equal(pointersTo(club, "teams", "reds").length, 4);
  await carryOut(club, question, question.options[1].answer);
  assert.equal(club.get("teams", "reds"), undefined);
  assert.deepEqual(["home_team_id", "away_team_id"].map((field) => club.get("matches", "m")[field]), ["greens", "blues"]);
  assert.deepEqual([club.get("players", "messi").current_team, club.get("events", "g").team_id], ["greens", "greens"]);
  const ops = [...club.state.picture.made.values()].map(({ mutation }) => mutation.op);
  assert.deepEqual([ops.at(-1), new Set(ops.slice(0, -1))], ["resolve", new Set(["put"])]);
});

test("a group of which a part lost leads to the questions about its parts", () => {
  const part = conflict("field", "lineup", "l", "end_min", { stands: side(29), candidates: [mySide(27)] });
  const row = conflict("group", "lineup", "l", "group/x", { candidates: [mySide({ n: 4, conflicts: [part[1], "gone"] })] });
  const club = desk(...TEAMS, ...PLAYERS, MATCH, ["lineup", "l", { match_id: "m", player_id: "messi" }], part, row);
  const group = questionsOf(club, PEOPLE).find(({ kind }) => kind === "group");
  assert.deepEqual(group.parts.map(({ words, isOpen }) => [words, isOpen]), [["Went off at: Messi on the pitch", true], ["Something that is not here yet", false]]);
  assert.deepEqual(group.answers.map(({ act, choice }) => [act, choice]), [["Leave it as it is", "keep"]]);
});

test("nothing open is hidden, whatever stands in it", () => {
  const odd = [undefined, null, "", "x".repeat(100_000), "<img src=x onerror=alert(1)>", "\u202e\u0000\ud800", 1e308, -0, true, [], { a: { b: [1] } }, { deleted: "yes" }, { fields: null }, { record: 7 }, { mutation: null }, { mutation: "{" }, { conflicts: "no" }];
  const rows = [];
  for (const kind of ["field", "deleted", "duplicate", "group", "orphan", "new_kind", null])
    for (const [n, value] of odd.entries())
      for (const [collection, field] of [["events", "player_id"], ["events", "clock_ms"], ["matches", "kickoff_ts"], ["kits", "__proto__"], ["constructor", "toString"], ["conflicts", "x"]])
        rows.push(["conflicts", `${kind} ${n} ${collection} ${field}`, { kind, collection, record: n % 2 ? "g" : value, field, status: "open", stands: n % 3 ? side(value) : value, candidates: n % 5 ? [side(value, { at: value, author: value })] : value, other: value }]);
  const club = desk(...TEAMS, ...PLAYERS, MATCH, GOAL, ...rows);
  const found = questionsOf(club, PEOPLE);
  assert.equal(found.length, rows.length);
  for (const { ask, about, hint, options } of found)
    for (const text of [ask, about, hint, ...options.flatMap(({ words, who, when, lines }) => [words, who, when, ...lines.flatMap((line) => [line.name, line.words])])]) {
      assert.equal(typeof text, "string");
      assert.ok(text.length <= 2_100, "cut short");
    }
});

test("what was refused tells what it was, and which field can be mended", () => {
  const club = desk(...TEAMS, ...PLAYERS);
  const refused = (mutation, more) => refusedWords(club, PEOPLE, { id: "c", device_id: ANNAS, n: 1, mine: false, code: "out_of_bounds", field: "squad_number", sentence: "This field takes 1 to 99.", mutation, ...more });
  const told = refused({ op: "put", collection: "players", record: "messi", wall: NOW_MS, fields: { squad_number: 140 } });
  assert.deepEqual([told.what, told.field, told.canLeaveOut, told.why], ["Shirt number, Messi", "squad_number", false, "This field takes 1 to 99."]);
  assert.ok(refused({ op: "put", collection: "players", record: "messi", wall: 0, fields: { squad_number: 140, notes: "x" } }).canLeaveOut);
  assert.equal(refused(null).field, null);
  for (const mutation of [{ op: "delete", collection: "players", record: "messi" }, { op: "put" }, { op: "put", collection: "__proto__", record: null, fields: "no" }, { op: 7, collection: {}, fields: { squad_number: {} } }])
    assert.equal(typeof refused(mutation).what, "string");
});

test("each field of football has its words", () => {
  for (const [collection, fields] of Object.entries(DEFAULTS)) assert.deepEqual(Object.keys(FIELDS[collection]).sort(), Object.keys(fields).sort(), collection);
  assert.equal(questionFor("event_participants", "player_id", { kind: "substitution" }), "Who came on?");
  assert.equal(questionFor("kits", "shirt_colour", {}), "Shirt colour: which is right?");
  assert.equal(specOf("toString", "constructor").form, "record");
});

test("values are told in words; those that cannot be read as they stand", () => {
  const club = desk(...TEAMS, ["players", "gone", { full_name: "Kim" }, true]);
  const say = (collection, field, value) => valueWords(club, collection, field, value);
  assert.equal(say("events", "player_id", "gone"), "Kim (deleted)");
  assert.equal(say("events", "player_id", "nowhere"), "a player who is not here");
  assert.equal(say("events", "player_id", null), "nobody named");
  assert.equal(say("events", "clock_ms", 1_101_000), "18:21");
  assert.equal(say("lineup", "end_min", 12.5), "12:30");
  assert.equal(say("players", "do_not_share", true), "never shown to others");
  assert.equal(say("matches", "called_off", null), "it is on");
  assert.equal(say("events", "kind", "own_goal"), "Own goal");
  assert.equal(say("events", "clock_ms", "soon"), "soon");
  assert.equal(say("matches", "kickoff_ts", "tomorrow"), "tomorrow");
  assert.equal(say("matches", "venue", { at: 1 }), '{"at":1}');
});

test("who wrote: you, you elsewhere, somebody by name, a phone", () => {
  assert.equal(whoWrote(PEOPLE, { device_id: MINE, author: "user-me" }), "You");
  assert.equal(whoWrote(PEOPLE, { device_id: "x", author: "user-me" }), "You, on another phone");
  assert.equal(whoWrote(PEOPLE, { device_id: "x", author: "user-anna" }), "Anna");
  for (const author of ["user-who", "toString", null, 7, undefined]) assert.equal(whoWrote(PEOPLE, { device_id: "x", author }), "Another phone");
  assert.equal(whoWrote(PEOPLE, null), "Another phone");
});

test("what is typed is read, or said what is wrong with it", () => {
  const read = (collection, field, text) => readTyped(specOf(collection, field), text);
  assert.deepEqual(read("events", "clock_ms", "18:21"), { value: 1_101_000 });
  assert.deepEqual(read("events", "clock_ms", "18"), { value: 1_080_000 });
  assert.ok("problem" in read("events", "clock_ms", "18:75"));
  assert.deepEqual(read("lineup", "end_min", "12:30"), { value: 12.5 });
  assert.deepEqual(read("players", "squad_number", " 9 "), { value: 9 });
  for (const text of ["0", "100", "9.5", "nine"]) assert.ok("problem" in read("players", "squad_number", text), text);
  assert.deepEqual(read("players", "squad_number", ""), { value: null });
  assert.ok("problem" in read("players", "full_name", "  "));
  assert.deepEqual(read("players", "do_not_share", "false"), { value: false });
  assert.ok("problem" in read("matches", "venue", "x".repeat(101)));
  for (const [field, instant] of [["kickoff_ts", "2026-11-22T14:05:00.000Z"], ["finished_at", "2026-11-22T14:05:09.000Z"]])
    assert.deepEqual(read("matches", field, typedFrom(specOf("matches", field), instant)), { value: instant }, "there and back");
  assert.equal(typedFrom(specOf("events", "clock_ms"), 1_101_400), "18:21");
});

const STATUS = { state: "live", pending: 0, parked: 0, conflicts: 0, refused: 0, saved_at: NOW_MS, correction: 0, retry_at: null, problem: null };

test("the line says in every state how much waits on this phone", () => {
  for (const state of ["offline", "idle", "live", "syncing", "signed_out", "refused", "update_needed"]) {
    const { tone, text } = syncWords({ ...STATUS, state, pending: 3 }, true);
    assert.match(text, /3/, state);
    assert.notEqual(tone, "live", state);
  }
  assert.equal(syncWords({ ...STATUS, state: "offline", pending: 3 }, true).text, "3 waiting, saved on this phone");
  assert.equal(syncWords({ ...STATUS, state: "ended", pending: 2, refused: 1 }, true).text, "Access has ended, 3 not sent");
  assert.equal(syncWords({ ...STATUS, state: "local", pending: 3 }, false).text, "Saved on this phone only");
  assert.deepEqual(syncWords({ ...STATUS, refused: 1 }, true), { tone: "bad", text: "1 not accepted, have a look" });
  const calm = { tone: "calm", text: "1 not accepted, a coach sees it" };
  for (const state of ["live", "offline"]) assert.deepEqual(syncWords({ ...STATUS, state, refused: 1 }, true, false, false), calm);
  assert.deepEqual(syncWords({ ...STATUS, refused: 1 }, true, true), calm);
  assert.match(syncSentence({ ...STATUS, refused: 2 }, true, false, false), /^2 changes not accepted. A coach sees them/);
  for (const state of ["live", "idle"]) assert.match(syncWords({ ...STATUS, state }, true).text, /^All saved/);
  assert.ok(!syncWords({ ...STATUS, pending: 1 }, true).text.includes("All saved"), "nothing is called saved that is not");
});

test("sentences say what to do: export where access ended, load again where the app is old", () => {
  assert.match(syncSentence({ ...STATUS, state: "ended", pending: 1 }, true), /save it as a file/);
  assert.doesNotMatch(syncSentence({ ...STATUS, state: "ended" }, true), /file/);
  assert.match(syncSentence({ ...STATUS, state: "update_needed" }, true), /Load it again/);
  assert.match(syncSentence({ ...STATUS, state: "refused", problem: "forbidden" }, true), /ask an owner/);
  assert.equal(clockSentence(4_000), "");
  assert.match(clockSentence(-300_000), /5 minutes fast/);
  assert.match(clockSentence(86_400_000), /24 hours slow/);
});

test("an invitation names its club, as the server writes it", () => {
  const club = "5e06908c-860a-4087-935b-0abb378d8a33";
  const bytes = Buffer.concat([Buffer.from(club.replaceAll("-", ""), "hex"), Buffer.alloc(32, 0xfb)]);
  assert.equal(clubOf(`tli_${bytes.toString("base64url")}`), club);
  for (const text of ["", "tli_", "tlm_aaaaaaaaaaaaaaaaaaaaaaaa", "tli_short"]) assert.equal(clubOf(text), null);
});

test("refusals stand beside their field, and say when to try again", () => {
  const problem = (status, body) => refusalWords(new Problem(status, body), NOW_MS);
  assert.equal(problem(401, { code: "wrong_password" }).field, "password");
  assert.equal(problem(409, { code: "email_taken" }).field, "email");
  assert.equal(problem(422, { code: "weak_password" }).field, "password");
  assert.equal(problem(400, { code: "malformed", path: "$.email", detail: "$.email is wrong" }).field, "email");
  assert.equal(problem(403, { code: "forbidden", detail: "Only an owner." }).words, "Only an owner.");
  assert.match(refusalWords(new Unreachable("429", 40_000, 429), NOW_MS).words, /in 40 seconds/);
  assert.match(refusalWords(new Unreachable("429", 600_000, 429), NOW_MS).words, /at \d\d:\d\d/);
  assert.match(refusalWords(new Unreachable("no line"), NOW_MS).words, /No connection/);
});

test("what is plainly missing is said before anybody is asked", () => {
  const typed = { email: "a@b.example", password: "long enough" };
  assert.equal(missing(typed, "in"), null);
  assert.equal(missing({ ...typed, email: "nobody" }, "in").field, "email");
  assert.equal(missing({ ...typed, password: "short" }, "in"), null, "an old password may be short");
  assert.equal(missing({ ...typed, password: "short" }, "up").field, "password");
  assert.equal(missing({ ...typed, display_name: "A", club_name: "" }, "up").field, "club_name");
});

test("roles are offered as the server gives them", () => {
  const names = (roles) => roles.map(({ role }) => role);
  assert.deepEqual(names(mayInvite("owner")), ["owner", "coach", "scorer", "viewer"]);
  assert.deepEqual(names(mayInvite("coach")), ["scorer", "viewer"]);
  assert.deepEqual(names(mayInvite("scorer")), []);
  assert.deepEqual(names(mayGive("coach", { role: "scorer", isOwn: false })), ["scorer", "viewer"]);
  assert.deepEqual(names(mayGive("coach", { role: "coach", isOwn: false })), []);
  assert.deepEqual(names(mayGive("coach", { role: "coach", isOwn: true })), ["scorer", "viewer"]);
});

test("a match under way is noticed, and one of yesterday is not", () => {
  const kickoff = Date.parse("2026-11-22T14:00:00.000Z");
  const period = ["match_periods", "p", { match_id: "m", type: "regular", number: 1, started_at: "2026-11-22T14:00:00.000Z" }];
  assert.ok(isPlaying(desk(...TEAMS, MATCH, period), kickoff + 600_000));
  assert.ok(!isPlaying(desk(...TEAMS, MATCH, period), kickoff + 24 * 3_600_000));
  assert.ok(!isPlaying(desk(...TEAMS, MATCH), kickoff));
});
