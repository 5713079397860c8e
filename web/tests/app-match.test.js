/** What a coach's match day is made of: which buttons a match offers, what a new match writes, what a change writes. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hasLineup, pairsOf, pairWords, planChanges } from "../app/model/changes.js";
import { groupsOf, lastOf, letterOf, opponentNames } from "../app/model/fixtures.js";
import { eventWords } from "../app/model/happened.js";
import { startersMax, startersOf, suggested } from "../app/model/lineup.js";
import { callName, squadOf } from "../app/model/matchsquad.js";
import { isGoingOn, minuteWords, momentOf, stageOf } from "../app/model/moment.js";
import { firstTeam, lengthsOf, newestSeason, recordsOf, totalMinutes, usualLength } from "../app/model/newmatch.js";
import { whistlesOf } from "../app/model/whistle.js";
import { factsOfAll, gather } from "../football/facts.js";
import { scoreOf } from "../football/scoreboard.js";

const KICKOFF_MS = Date.parse("2026-11-22T14:00:00.000Z");
const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;
const iso = (ms) => new Date(ms).toISOString();
const at = (minutes) => KICKOFF_MS + minutes * MINUTE_MS;

/** A club of some records, as a device shows them. */
function clubOf(records) {
  const tables = new Map();
  for (const [collection, id, values] of records) {
    const table = tables.get(collection) ?? new Map();
    tables.set(collection, table.set(id, values));
  }
  const rows = (collection) => [...(tables.get(collection) ?? [])];
  const view = {
    all: rows,
    get: (collection, id) => tables.get(collection)?.get(id),
    records: {
      get: (collection, id) => (tables.get(collection)?.has(id) ? { values: tables.get(collection).get(id), deleted: false } : undefined),
      *of(collection) {
        for (const [id, values] of rows(collection)) yield [id, { values, deleted: false }];
      },
    },
  };
  return {
    view,
    get: view.get,
    all: (collection, where = {}) =>
      rows(collection)
        .map(([id, values]) => ({ ...values, id }))
        .filter((row) => Object.entries(where).every(([name, value]) => row[name] === value)),
    facts: (id = "m") => gather(view, id),
    matches: () => [...factsOfAll(view).values()].sort((one, other) => (one.match.kickoff_ts < other.match.kickoff_ts ? 1 : -1)),
  };
}

const TEAMS = [
  ["teams", "us", { name: "Lions", age_group: "U9" }],
  ["teams", "them", { name: "Rovers" }],
];
const match = (more = {}, id = "m") => ["matches", id, { kickoff_ts: iso(KICKOFF_MS), home_team_id: "us", away_team_id: "them", our_side: "home", period_format: "half", duration_mins: 50, ...more }];
const period = (number, from, to = null, type = "regular") => [
  "match_periods",
  `${type} ${number}`,
  { match_id: "m", type, number, started_at: iso(at(from)), ended_at: to === null ? null : iso(at(to)) },
];
const player = (id, number, name = `${id} Last`) => ["players", id, { full_name: name, squad_number: number, current_team: "us" }];
const stint = (id, more = {}) => ["lineup", `stint ${id}`, { match_id: "m", player_id: id, team_id: "us", start_period: 1, start_min: 0, ...more }];

/** The words on the buttons at a minute after kick-off. */
const buttons = (records, minute) => {
  const { main, beside, others } = whistlesOf(clubOf([...TEAMS, ...records]).facts(), at(minute));
  return [main?.words ?? null, beside?.words ?? null, ...others.map(({ words }) => words)];
};

describe("the buttons of the clock", () => {
  test("say the next thing, from the first whistle to full time", () => {
    assert.deepEqual(buttons([match()], 0), ["Start 1st half", null]);
    assert.deepEqual(buttons([match(), period(1, 0)], 3), ["End 1st half", "Pause", "Full time"]);
    assert.deepEqual(buttons([match(), period(1, 0, 25)], 30), ["Start 2nd half", null, "Full time"]);
    assert.deepEqual(buttons([match(), period(1, 0, 25), period(2, 35)], 40), ["Full time", "Pause", "End 2nd half"]);
  });

  test("name quarters where quarters are played", () => {
    const quarters = match({ period_format: "quarter" });
    assert.deepEqual(buttons([quarters, period(1, 0, 12)], 13), ["Start 2nd quarter", null, "Full time"]);
  });

  test("resume first while the clock stands", () => {
    const pause = ["match_pauses", "pause", { period_id: "regular 1", ordinal: 1, started_at: iso(at(5)) }];
    assert.deepEqual(buttons([match(), period(1, 0), pause], 6), ["Resume", "End 1st half", "Full time"]);
  });

  test("lead on to extra time and penalties once the match is over", () => {
    const played = [match({ finished_at: iso(at(60)) }), period(1, 0, 25), period(2, 35, 60)];
    assert.deepEqual(buttons(played, 61), [null, null, "Extra time", "Penalties"]);
    const extra = [...played, period(1, 65, 70, "extra_time")];
    assert.deepEqual(buttons(extra, 71), ["Start extra time, 2nd half", null, "Full time"]);
    const shootout = [...extra, period(2, 72, 77, "extra_time"), period(1, 80, null, "penalty_shootout")];
    assert.deepEqual(buttons(shootout, 81), ["Full time", null]);
  });

  test("are none in a match that is called off", () => {
    assert.deepEqual(buttons([match({ called_off: "postponed" })], 0), [null, null]);
  });
});

describe("the moment of a press", () => {
  const moment = (records, minute) => {
    const { key, clock_ms: clock } = momentOf(clubOf([...TEAMS, match(), ...records]).facts(), at(minute));
    return [key.type, key.number, clock / MINUTE_MS];
  };

  test("is in the period that runs, at the end of the last one in a break, and in none before the first whistle", () => {
    assert.deepEqual(moment([], 0), ["regular", 0, 0]);
    assert.deepEqual(moment([period(1, 0)], 12), ["regular", 1, 12]);
    assert.deepEqual(moment([period(1, 0, 26)], 30), ["regular", 1, 26]);
  });

  test("is said as people say it", () => {
    const facts = clubOf([...TEAMS, match(), period(1, 0)]).facts();
    assert.equal(minuteWords(facts.match, momentOf(facts, at(26))), "25+2'");
    const planned = clubOf([...TEAMS, match()]).facts();
    assert.equal(minuteWords(planned.match, momentOf(planned, at(0))), "");
  });

  test("shows stoppage time beside the length of the half", () => {
    const stage = stageOf(clubOf([...TEAMS, match(), period(1, 0)]).facts(), at(26) + 7_000);
    assert.deepEqual([stage.status, stage.words, stage.clock, stage.isRunning], ["live", "1st half", "25:00 +1:07", true]);
    assert.equal(isGoingOn(stage.status), true);
  });
});

describe("the list of matches", () => {
  const other = (id, days, more = {}) => match({ kickoff_ts: iso(KICKOFF_MS + days * DAY_MS), ...more }, id);
  const records = [...TEAMS, match(), period(1, 0), other("soon", 2), other("later", 9), other("past", -7), other("older", -9), other("oldest", -40)];

  test("has what goes on first, the next ones soonest first, and the past by month", () => {
    const { going, next, past } = groupsOf(clubOf(records).matches(), at(5));
    const ids = (fixtures) => fixtures.map(({ facts }) => facts.match.id);
    assert.deepEqual([ids(going), ids(next)], [["m"], ["soon", "later"]]);
    assert.deepEqual(past.map(({ key, fixtures }) => [key, ids(fixtures)]), [["2026-11-01", ["past", "older"]], ["2026-10-01", ["oldest"]]]);
  });

  test("suggests whom one has played, the latest first, and never oneself", () => {
    const club = clubOf([...records, ["teams", "new", { name: "Albion" }]]);
    assert.deepEqual(opponentNames(club, club.matches(), "us"), ["Rovers", "Albion"]);
  });

  test("counts a result from our side, and a shootout decides what was level", () => {
    const goal = (id, team, type = "regular") => ["events", id, { match_id: "m", kind: "goal", team_id: team, period_type: type, period_number: 1 }];
    const letter = (more, ...goals) => {
      const facts = clubOf([...TEAMS, match(more), ...goals]).facts();
      return letterOf(facts.match, scoreOf(facts));
    };
    assert.equal(letter({}, goal("1", "us")), "W");
    assert.equal(letter({ our_side: "away" }, goal("1", "us")), "L");
    assert.equal(letter({}, goal("1", "us"), goal("2", "them")), "D");
    assert.equal(letter({}, goal("1", "us"), goal("2", "them"), goal("3", "them", "penalty_shootout")), "L");
  });
});

describe("a new match", () => {
  const draft = { teamId: null, teamName: "", ageGroup: null, opponent: "", side: "home", length: { format: "half", minutes: 25 }, kickoff: "", seasonId: null, competition: "", venue: "" };
  const make = (more = {}, teams = []) => {
    let count = 0;
    return recordsOf({ ...draft, ...more }, { teams, newId: () => `new ${++count}`, nowMs: KICKOFF_MS });
  };

  test("with nothing filled in is us against opponents, now", () => {
    const { writes, matchId, teamId } = make();
    assert.deepEqual(writes.map(({ collection, fields }) => [collection, fields.name]), [["teams", "Us"], ["teams", "Opponents"], ["matches", undefined]]);
    assert.deepEqual(writes.at(-1), {
      collection: "matches",
      id: matchId,
      fields: { kickoff_ts: iso(KICKOFF_MS), home_team_id: teamId, away_team_id: "new 2", our_side: "home", duration_mins: 50, period_format: "half" },
    });
  });

  test("takes a team that is there for a name typed again", () => {
    const { writes } = make({ teamId: "us", opponent: " rovers ", side: "away" }, [{ id: "us", name: "Lions" }, { id: "them", name: "Rovers" }]);
    assert.equal(writes.length, 1);
    const { home_team_id: home, away_team_id: away } = writes[0].fields;
    assert.deepEqual([home, away], ["them", "us"]);
  });

  test("never plays a team against itself", () => {
    const { writes } = make({ teamId: "us", opponent: "Lions" }, [{ id: "us", name: "Lions" }]);
    assert.deepEqual(writes.map(({ fields }) => fields.name), ["Lions", undefined]);
    assert.notEqual(writes[1].fields.away_team_id, "us");
  });

  test("gives both new teams the age group, and a later kick-off as it was typed", () => {
    const { writes } = make({ teamName: "Cubs", ageGroup: "U8", kickoff: "2026-12-05T10:30", venue: " Rec " });
    assert.deepEqual(writes.slice(0, 2).map(({ fields }) => fields.age_group), ["U8", "U8"]);
    const { kickoff_ts: kickoff, venue } = writes[2].fields;
    assert.deepEqual([Date.parse(kickoff), venue], [new Date(2026, 11, 5, 10, 30).getTime(), "Rec"]);
  });

  test("lasts as long as the last one, else as the age group plays, within what a match may have", () => {
    const club = clubOf([...TEAMS, match({ period_format: "quarter", duration_mins: 48 })]);
    assert.deepEqual(usualLength(club.matches(), "us", "U9"), { format: "quarter", minutes: 12 });
    assert.deepEqual(usualLength([], "us", "U11"), { format: "half", minutes: 30 });
    assert.deepEqual(lengthsOf("U9"), [{ format: "half", minutes: 25 }, { format: "quarter", minutes: 12.5 }]);
    assert.deepEqual([12.5, 0, 60].map((minutes) => totalMinutes({ format: "quarter", minutes })), [50, 1, 200]);
  });

  test("begins with the team of the last use and the newest season", () => {
    const club = clubOf([...TEAMS, match(), ["seasons", "old", { label: "2025/26" }], ["seasons", "new", { label: "2026/27" }]]);
    assert.equal(newestSeason(club), "new");
    assert.equal(newestSeason(clubOf(TEAMS)), null);
    assert.deepEqual(["them", "gone", undefined].map((kept) => firstTeam([{ id: "them" }, { id: "us" }], club.matches(), kept)), ["them", "us", "us"]);
    assert.equal(firstTeam([], [], undefined), null);
  });
});

describe("the team in a match", () => {
  const records = [...TEAMS, match(), period(1, 0), player("a", 9), player("b", 4), player("c", 14), player("d", null), stint("a", { position: "ST" }), stint("b")];
  const club = clubOf(records);

  test("is on the pitch by number, and the rest beside it", () => {
    const { on, off } = squadOf(club, club.facts(), "home");
    assert.deepEqual([on.map(callName), off.map(callName)], [["4 b L", "9 a L"], ["14 c L", "d L"]]);
    assert.equal(squadOf(club, club.facts(), "away").on.length, 0);
  });

  test("still lists who has left the squad since", () => {
    const gone = clubOf([...records, ["players", "a", { full_name: "a Last", squad_number: 9, current_team: "them" }]]);
    assert.deepEqual(squadOf(gone, gone.facts(), "home").on.map(({ id }) => id), ["b", "a"]);
  });

  test("changes several at once, as one group of writes", () => {
    let count = 0;
    const pairs = pairsOf(["a", "b"], ["c"]);
    assert.deepEqual(pairs, [{ off: "a", on: "c" }, { off: "b", on: null }]);
    const { eventIds, writes } = planChanges(club.view, club.facts(), pairs, momentOf(club.facts(), at(10)), () => `e${++count}`);
    assert.deepEqual(eventIds, ["e1", "e2"]);
    assert.equal(writes.is_group, true);
    const told = writes.writes.map(({ op, collection, fields }) => [op, collection, fields.player_id ?? fields.end_min]);
    assert.deepEqual(told, [
      ["put", "events", "a"],
      ["put", "event_participants", "c"],
      ["put", "lineup", 10],
      ["put", "lineup", "c"],
      ["put", "events", "b"],
      ["put", "lineup", 10],
    ]);
    assert.equal(writes.writes[3].fields.position, "ST");
  });

  test("does not log again what somebody logged already", () => {
    const logged = clubOf([
      ...TEAMS, match(), period(1, 0), player("a", 9), player("c", 14),
      stint("a", { end_period: 1, end_min: 10 }), stint("c", { start_min: 10 }),
      ["events", "e", { match_id: "m", kind: "substitution", period_number: 1, clock_ms: 600_000, team_id: "us", player_id: "a" }],
      ["event_participants", "p", { event_id: "e", player_id: "c", kind: "substitution" }],
    ]);
    const planned = planChanges(logged.view, logged.facts(), [{ off: "a", on: "c" }], momentOf(logged.facts(), at(10)), () => "again");
    assert.deepEqual(planned, { eventIds: [], writes: { writes: [], is_group: true } });
  });

  test("says a change as it is called", () => {
    assert.equal(pairWords({ off: "a", on: "c" }, (id) => id), "c on for a");
    assert.equal(pairWords({ off: "a", on: null }, (id) => id), "a off");
  });

  test("starts as it is recorded, and the last match of the team suggests the next", () => {
    const next = match({ kickoff_ts: iso(KICKOFF_MS + DAY_MS) }, "next");
    const both = clubOf([...records, next, ["lineup", "late", { match_id: "m", player_id: "c", team_id: "us", start_period: 1, start_min: 7 }]]);
    assert.deepEqual([...startersOf(both.facts())], [["a", "ST"], ["b", null]]);
    assert.deepEqual([...suggested(both, both.matches(), both.facts("next"))], [["a", "ST"], ["b", null]]);
    assert.equal(suggested(both, both.matches(), both.facts("m")).size, 0);
    assert.deepEqual([hasLineup(both.facts("m")), hasLineup(both.facts("next"))], [true, false]);
    assert.equal(startersMax(both, both.facts()), 7);
    assert.equal(lastOf(both.matches(), "us").match.id, "next");
  });

  test("says what happened with who, who else, and when", () => {
    const event = { match_id: "m", kind: "goal", period_number: 1, clock_ms: 11 * MINUTE_MS, team_id: "us" };
    const told = (more, ...parts) => {
      const all = clubOf([...records, ["events", "e", { ...event, ...more }], ...parts]);
      return eventWords(all, all.facts(), all.facts().events[0]);
    };
    assert.equal(told({}), "Goal, Lions, 12'");
    assert.equal(told({ player_id: "a" }), "Goal, 9 a L, 12'");
    assert.equal(told({ player_id: "a" }, ["event_participants", "p", { event_id: "e", player_id: "b", kind: "assist" }]), "Goal, 9 a L (4 b L), 12'");
    assert.equal(told({ team_id: null, period_number: 0 }), "Goal");
  });
});
