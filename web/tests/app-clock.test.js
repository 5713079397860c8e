/** Which buttons of the clock a match offers, and the moment that a press belongs to. */

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isGoingOn, minuteWords, momentOf, stageOf } from "../app/model/moment.js";
import { whistlesOf } from "../app/model/whistle.js";
import { at, clubOf, iso, match, MINUTE_MS, period, TEAMS } from "./clubs.js";

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
