/** Our players in a match: who is on, who starts, what a change writes, and how it is said. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { hasLineup, pairsOf, pairWords, planChanges } from "../app/model/changes.js";
import { lastOf } from "../app/model/fixtures.js";
import { eventWords } from "../app/model/happened.js";
import { startersMax, startersOf, suggested } from "../app/model/lineup.js";
import { callName, onShirt, squadOf } from "../app/model/matchsquad.js";
import { momentOf } from "../app/model/moment.js";
import { at, clubOf, DAY_MS, iso, KICKOFF_MS, match, MINUTE_MS, period, player, stint, TEAMS } from "./clubs.js";

describe("the team in a match", () => {
  const records = [...TEAMS, match(), period(1, 0), player("a", 9), player("b", 4), player("c", 14), player("d", null), stint("a", { position: "ST" }), stint("b")];
  const club = clubOf(records);

  test("is on the pitch by number, and the rest beside it", () => {
    const { on, off } = squadOf(club, club.facts(), "home");
    assert.deepEqual([on.map(callName), off.map(callName)], [["4 b L", "9 a L"], ["14 c L", "d L"]]);
    assert.deepEqual([...on, ...off].map(onShirt), [4, 9, 14, "dL"]);
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
