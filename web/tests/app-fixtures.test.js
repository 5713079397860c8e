/** The list of matches, and the records that a new match becomes. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { groupsOf, opponentNames } from "../app/model/fixtures.js";
import { firstTeam, lengthsOf, newestSeason, recordsOf, totalMinutes, usualLength } from "../app/model/newmatch.js";
import { ourSide } from "../football/scoreboard.js";
import { letterOf, resultOn } from "../football/stats.js";
import { at, clubOf, DAY_MS, iso, KICKOFF_MS, match, period, TEAMS } from "./clubs.js";

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
      return letterOf(resultOn(facts, ourSide(facts.match)));
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
