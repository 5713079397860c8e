/** Squads and seasons in the app: who is listed where, what matches add up to, and charts that say what they show. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { ALL, appearancesOf, currentSeason, inSeason, playedBy, recordOf, seasonLabel, seasonsOf, totalsOf, wholeMinutes } from "../app/model/seasons.js";
import { ageWords, freeNumber, leaversOf, opponents, ownTeams, playersOf, sharedNumbers, withoutTeam } from "../app/model/squads.js";
import { lyingBars, standingBars } from "../app/parts/chart.js";
import { wornBy } from "../app/parts/playergrid.js";
import { againstWords, scoreWords } from "../app/parts/results.js";
import { minutesOf } from "../app/parts/seasoncharts.js";
import { fileWords, hindranceFor as exportHindrance } from "../app/parts/seasonexport.js";
import { details, summary } from "../app/parts/squadimport.js";
import { differing } from "../app/parts/teamsheet.js";
import { factsOfAll } from "../football/facts.js";

const NOW_MS = Date.parse("2026-11-28T12:00:00.000Z");
const MINUTE_MS = 60_000;

/** A club that holds these records, as `club.all`, `club.get` and `club.view` show them. */
function clubOf(records) {
  const rows = (collection) => Object.entries(records[collection] ?? {}).map(([id, values]) => ({ ...values, id }));
  return {
    all: (collection, where = {}) => rows(collection).filter((row) => Object.entries(where).every(([key, value]) => row[key] === value)),
    get: (collection, id) => records[collection]?.[id],
    view: { all: (collection) => Object.entries(records[collection] ?? {}), get: (collection, id) => records[collection]?.[id] },
  };
}

/** The fields of a match of two halves of 30 minutes that were played to the end, so many days ago. */
function match(days, fields = {}) {
  return { kickoff_ts: new Date(NOW_MS - days * 86_400_000).toISOString(), home_team_id: "reds", away_team_id: "blues", our_side: "home", duration_mins: 60, period_format: "half", season_id: "s26", ...fields };
}

function halves(matchId, days) {
  const start = NOW_MS - days * 86_400_000;
  const half = (number) => ({
    match_id: matchId,
    number,
    started_at: new Date(start + (number - 1) * 40 * MINUTE_MS).toISOString(),
    ended_at: new Date(start + (number - 1) * 40 * MINUTE_MS + 30 * MINUTE_MS).toISOString(),
  });
  return { [`${matchId}1`]: half(1), [`${matchId}2`]: half(2) };
}

const goal = (matchId, team, player) => ({ match_id: matchId, kind: "goal", team_id: team, player_id: player, period_number: 1, clock_ms: 5 * MINUTE_MS });
const stint = (matchId, player, more = {}) => ({ match_id: matchId, player_id: player, team_id: "reds", start_period: 1, start_min: 0, ...more });

const RECORDS = {
  seasons: { s25: { label: "2025/26" }, s26: { label: "2026/27" } },
  teams: { reds: { name: "Reds" }, blues: { name: "Blues" }, young: { name: "Acorns" } },
  players: {
    ada: { full_name: "Ada Stone", squad_number: 9, current_team: "reds" },
    bo: { full_name: "Bo Li", squad_number: 7, current_team: "reds" },
    cy: { full_name: "Cy Grant", squad_number: 7, current_team: "reds" },
    dee: { full_name: "Dee Moss", current_team: "reds" },
    eve: { full_name: "Eve Park", squad_number: 3, current_team: "reds", is_active: false },
    fay: { full_name: "Fay Bell", squad_number: 4, current_team: "gone" },
  },
  matches: {
    old: match(20),
    away: match(10, { home_team_id: "blues", away_team_id: "reds", our_side: "away" }),
    last: match(3),
    before: match(200, { season_id: "s25" }),
    next: match(-2),
  },
  match_periods: { ...halves("old", 20), ...halves("away", 10), ...halves("last", 3), ...halves("before", 200) },
  events: { e1: goal("old", "reds", "ada"), e2: goal("old", "reds", "ada"), e3: goal("away", "blues", null), e4: goal("last", "reds", "bo"), e5: goal("last", "blues", null) },
  event_participants: { p1: { event_id: "e1", player_id: "bo", kind: "assist" } },
  lineup: {
    l1: stint("old", "ada"),
    l2: stint("old", "bo", { end_period: 1, end_min: 20 }),
    l3: stint("away", "ada", { start_period: 2, start_min: 0 }),
    l4: stint("last", "bo"),
    l5: stint("old", "rival", { team_id: "blues" }),
  },
};

const club = clubOf(RECORDS);
/** The latest first, as the app lists them. */
const MATCHES = [...factsOfAll(club.view).values()].sort((one, other) => (one.match.kickoff_ts < other.match.kickoff_ts ? 1 : -1));

// -- squads -----------------------------------------------------------------------------------------------------------

test("own teams and opponents are told apart by who plays in them and for whom they played", () => {
  assert.deepEqual(ownTeams(club).map(({ id }) => id), ["young", "reds"]);
  assert.deepEqual(opponents(club).map(({ id }) => id), ["blues"]);
});

test("players stand by number, those without one last; who left and who has no team is apart", () => {
  assert.deepEqual(playersOf(club, "reds").map(({ id }) => id), ["bo", "cy", "ada", "dee"]);
  assert.deepEqual(leaversOf(club, "reds").map(({ id }) => id), ["eve"]);
  assert.deepEqual(withoutTeam(club).map(({ id }) => id), ["fay"]);
});

test("a number worn twice is told; none at all is no number", () => {
  assert.deepEqual([...sharedNumbers(playersOf(club, "reds"))], [7]);
  assert.deepEqual([...sharedNumbers([{ id: "x" }, { id: "y" }])], []);
});

test("the next free number goes round, and ends where all are worn", () => {
  const worn = (...numbers) => numbers.map((squad_number) => ({ id: String(squad_number), squad_number }));
  assert.equal(freeNumber([]), 1);
  assert.equal(freeNumber(worn(1, 2, 4)), 3);
  assert.equal(freeNumber(worn(1, 2, 4), 4), 5);
  assert.equal(freeNumber(worn(98, 99), 98), 1);
  assert.equal(freeNumber(worn(...Array.from({ length: 99 }, (_, n) => n + 1)), 50), null);
});

test("a keeper wears the other kit, and the home kit where there is no other", () => {
  const team = { id: "reds", home_kit_primary: "#aa0000", home_kit_secondary: "#ffffff", away_kit_primary: "#0000aa" };
  assert.deepEqual(wornBy({ id: "a", squad_number: 9 }, team), { number: 9, cloth: "#aa0000", trim: "#ffffff" });
  assert.deepEqual(wornBy({ id: "a", squad_number: 1, preferred_pos: "GK" }, team), { number: 1, cloth: "#0000aa", trim: "#ffffff" });
  assert.deepEqual(wornBy({ id: "a", preferred_pos: "GK" }, { id: "reds", home_kit_primary: "#aa0000" }), { number: "", cloth: "#aa0000", trim: null });
  assert.deepEqual(wornBy({ id: "a" }, undefined), { number: "", cloth: null, trim: null });
});

test("only what differs is written: an unset field that stays unset is no change", () => {
  assert.deepEqual(differing({ id: "a", name: "Reds", age_group: "U12" }, { name: "Reds", age_group: null, logo_url: null }), { age_group: null });
  assert.deepEqual([ageWords("U12"), ageWords("adult"), ageWords(null)], ["U12", "Adults", ""]);
});

test("a pasted list says what each row does", () => {
  const row = (act, fields, was = {}, problems = []) => details({ row: 2, act, name: "Ada", fields, was, problems });
  assert.deepEqual(row("create", { full_name: "Ada", squad_number: 9, current_team: "reds" }), ["number 9"]);
  assert.deepEqual(row("update", { squad_number: 9, preferred_pos: "ST" }, { squad_number: 7, preferred_pos: null }), ["number 7 becomes 9, position ST"]);
  assert.deepEqual(row("same", {}), []);
  assert.deepEqual(row("problem", {}, {}, [{ column: "no", sentence: "Give 1 to 99." }, { column: null, sentence: "Twice." }]), ["no: Give 1 to 99.", "Twice."]);
  assert.equal(summary({ created: 2, updated: 0, same: 1, problems: 1 }), "2 new, 1 as they are, 1 left out");
  assert.equal(summary({ created: 0, updated: 0, same: 0, problems: 0 }), "No rows");
});

// -- seasons ----------------------------------------------------------------------------------------------------------

test("the newest season comes first, and the one of the latest match is shown", () => {
  const seasons = seasonsOf(club);
  assert.deepEqual(seasons.map(({ id }) => id), ["s26", "s25"]);
  assert.equal(currentSeason(seasons, MATCHES), "s26");
  assert.equal(currentSeason(seasons, []), "s26");
  assert.equal(currentSeason([], MATCHES), ALL);
  assert.deepEqual(inSeason(MATCHES, "s25").map(({ match: { id } }) => id), ["before"]);
  assert.equal(inSeason(MATCHES, ALL).length, 5);
});

test("a season is called after both its years, and begins in July", () => {
  assert.equal(seasonLabel(new Date(2026, 6, 1).getTime()), "2026/27");
  assert.equal(seasonLabel(new Date(2026, 5, 30).getTime()), "2025/26");
  assert.equal(seasonLabel(new Date(2099, 11, 1).getTime()), "2099/00");
});

test("complete matches are told as our team sees them, the first first; what is to come is left out", () => {
  const played = playedBy(inSeason(MATCHES, "s26"), null, NOW_MS);
  assert.deepEqual(played.map(({ facts, letter, difference }) => [facts.match.id, letter, difference]), [["old", "W", 2], ["away", "L", -1], ["last", "D", 0]]);
  assert.deepEqual(played.map(scoreWords), ["2-0", "0-1", "1-1"]);
  const { won, drawn, lost, goals_for, goals_against, form } = recordOf(played);
  assert.deepEqual([won, drawn, lost, goals_for, goals_against, form], [1, 1, 1, 3, 2, "WLD"]);
  assert.deepEqual(playedBy(MATCHES, "young", NOW_MS), []);
  assert.equal(playedBy(inSeason(MATCHES, "s26"), "blues", NOW_MS)[0].letter, "L");
});

test("who was against us is named, and where", () => {
  const [facts] = MATCHES.filter(({ match: { id } }) => id === "away");
  assert.equal(againstWords(club, facts, "reds"), "at Blues");
  assert.equal(againstWords(club, facts), "at Blues");
  assert.equal(againstWords(club, facts, "blues"), "Reds");
});

test("minutes and goals of our players are summed; the other side's are not ours", () => {
  const totals = totalsOf(playedBy(inSeason(MATCHES, "s26"), "reds", NOW_MS), NOW_MS);
  assert.deepEqual([...totals.keys()].sort(), ["ada", "bo"]);
  const told = (id) => [totals.get(id).appearances, wholeMinutes(totals.get(id).played_ms), totals.get(id).goals, totals.get(id).assists];
  assert.deepEqual(told("ada"), [2, 90, 2, 0]);
  assert.deepEqual(told("bo"), [2, 80, 1, 1]);
});

test("who never came on is in the picture of minutes, at its end", () => {
  const totals = totalsOf(playedBy(inSeason(MATCHES, "s26"), "reds", NOW_MS), NOW_MS);
  assert.deepEqual(minutesOf(totals, ["ada", "bo", "cy"]), [["ada", 90], ["bo", 80], ["cy", 0]]);
});

test("a player's matches are those in which they appeared", () => {
  const played = playedBy(MATCHES, null, NOW_MS);
  assert.deepEqual(appearancesOf(played, "ada", NOW_MS).map(({ facts }) => facts.match.id), ["old", "away"]);
  assert.deepEqual(appearancesOf(played, "cy", NOW_MS), []);
});

test("a season is taken away only where the server has all of it, and the button says why not", () => {
  const app = (status, more = {}) => ({ club: { status: { state: "live", pending: 0, ...status } }, isSignedIn: true, may: () => true, ...more });
  assert.equal(exportHindrance(app({})), null);
  assert.match(exportHindrance(app({}, { isSignedIn: false })), /sign in/);
  assert.match(exportHindrance(app({ state: "signed_out" })), /sign in/);
  assert.match(exportHindrance(app({ state: "offline" })), /no signal/);
  assert.match(exportHindrance(app({ pending: 2 })), /Wait/);
  assert.match(exportHindrance(app({}, { may: () => false })), /coaches/);
  assert.deepEqual(["2026/27", "Rückrunde (2)", "//"].map(fileWords), ["2026-27", "Rückrunde-2", "touchline"]);
});

// -- charts -----------------------------------------------------------------------------------------------------------

/** All descriptions of an element in a drawing, in order. */
function found(node, tag) {
  if (typeof node === "string") return [];
  return [...(node.tag === tag ? [node] : []), ...node.children.flatMap((child) => found(child, tag))];
}

const words = (node) => (typeof node === "string" ? node : node.children.map(words).join(""));
const share = (value) => Number(String(value).replace("%", ""));

test("bars that lie: lengths in proportion, within the width, each with its value and a row of the table", () => {
  const bar = (key, parts) => ({ key, label: key, number: 9, parts, text: parts.join(" + "), cells: [key, ...parts] });
  const chart = lyingBars({ caption: "Goals.", heads: ["Player", "Goals", "Assists"], bars: [bar("Ada", [3, 1]), bar("Bo", [0, 2])], tones: ["goal", "assist"], line: { value: 2, text: "average 2" } });
  assert.equal(chart.tag, "figure");
  const rects = found(chart, "rect").map(({ props }) => [props.class, share(props.x), share(props.width)]);
  assert.equal(rects.length, 3, "nothing is drawn of a part that is nothing");
  const [goals, assist, others] = rects;
  assert.ok(Math.abs(goals[2] - 3 * assist[2]) < 0.05);
  assert.ok(Math.abs(goals[1] + goals[2] - assist[1]) < 0.05, "one part begins where the other ends");
  assert.ok(Math.abs(others[2] - 2 * assist[2]) < 0.05);
  assert.ok(rects.every(([, x, width]) => x + width < 85), "the value has its place");
  assert.deepEqual(found(chart, "tr").map((row) => row.children.map(words)), [["Player", "Goals", "Assists"], ["Ada", "3", "1"], ["Bo", "0", "2"]]);
  assert.equal(found(chart, "svg")[0].props["aria-hidden"], "true");
});

test("bars that stand: up is more, down is less, nothing is seen too; all within the drawing", () => {
  const column = (key, value, marks = 0) => ({ key, label: key, sign: "W", value, text: String(value), marks, cells: [key, value] });
  const chart = standingBars({ caption: "Difference.", heads: ["Match", "Goals"], columns: [column("a", 4), column("b", -2, 0), column("c", 0, 2)] });
  const [svg] = found(chart, "svg");
  const [line] = found(svg, "line").map(({ props }) => props.y1);
  const [up, down, level] = found(svg, "rect").map(({ props }) => props);
  assert.ok(Math.abs(up.y + up.height - line) < 0.01 && down.y === line);
  assert.ok(Math.abs(up.height - 2 * down.height) < 0.01);
  assert.ok(level.height > 0 && level.y < line && level.y + level.height > line);
  assert.ok(up.y > 0 && down.y + down.height < svg.props.height);
  assert.equal(found(svg, "circle").length, 2);
  assert.deepEqual(found(chart, "tr").map((row) => row.children.map(words)), [["Match", "Goals"], ["a", "4"], ["b", "-2"], ["c", "0"]]);
});

test("a chart of nothing is drawn without a fault", () => {
  for (const values of [[], [0], [0, 0]]) {
    const columns = values.map((value, place) => ({ key: String(place), label: "", value, text: "", cells: [place, value] }));
    const drawn = [standingBars({ caption: "", heads: ["a", "b"], columns }), lyingBars({ caption: "", heads: ["a", "b"], bars: columns.map(({ value, ...rest }) => ({ ...rest, parts: [value] })), line: { value: 0, text: "" } })];
    for (const chart of drawn)
      for (const { props } of [...found(chart, "rect"), ...found(chart, "line"), ...found(chart, "text")])
        for (const place of ["x", "y", "x1", "x2", "y1", "y2", "width", "height"]) assert.ok(!String(props[place]).includes("NaN"), place);
  }
});
