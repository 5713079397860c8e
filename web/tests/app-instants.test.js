/** What a phone with a wrong clock shows of its own presses. */

import assert from "node:assert/strict";
import { test } from "node:test";
import { byServerTime } from "../app/model/instants.js";
import { clockOf, elapsedMs } from "../football/live.js";
import { gather } from "../football/facts.js";
import { make } from "../sync/outbox.js";
import { shown, View } from "../sync/overlay.js";
import { Draft, newMeta } from "../sync/state.js";
import { Records } from "../sync/records.js";

const SERVER_MS = Date.parse("2026-11-22T14:00:00.000Z");
const HOUR_MS = 3_600_000;
const iso = (ms) => new Date(ms).toISOString();

/** A phone with so much to add to its clock, and what it wrote. */
function phone(correction) {
  const picture = { meta: { ...newMeta("de000000-0000-4000-8000-00000000000a"), correction }, records: new Records(), made: new Map() };
  const write = (edit) => {
    const draft = new Draft(picture);
    make(draft, { op: "put", wall: SERVER_MS - correction, ...edit });
    picture.meta = draft.meta;
    for (const made of draft.patch().made) picture.made.set(made.mutation.n, made);
    return [...picture.made.keys()].at(-1);
  };
  const facts = () => gather(byServerTime(new View(shown(picture), new Map()), picture), "m");
  return { picture, write, facts };
}

const started = (correction, at = SERVER_MS) => ({
  collection: "match_periods",
  record: "p",
  fields: { match_id: "m", number: 1, type: "regular", started_at: iso(at - correction) },
});
const match = { collection: "matches", record: "m", fields: { kickoff_ts: iso(SERVER_MS) } };

test("a phone one hour slow shows 0:03 of the half it began three seconds ago without signal", () => {
  const { write, facts } = phone(HOUR_MS);
  write(match);
  write(started(HOUR_MS));
  const now = SERVER_MS + 3_000;
  assert.equal(elapsedMs(clockOf(facts(), now), now), 3_000);
});

test("a planned kick-off is off a calendar, and stays", () => {
  const { write, facts } = phone(HOUR_MS);
  write(match);
  write(started(HOUR_MS));
  assert.equal(facts().match.kickoff_ts, iso(SERVER_MS));
});

test("once answered, an edit is moved as the server said, and no more once the log shows it", () => {
  const { picture, write, facts } = phone(HOUR_MS);
  write(match);
  const n = write(started(HOUR_MS));
  const verdict = { n, verdict: "applied" };
  picture.made.set(n, { ...picture.made.get(n), verdict, correction: HOUR_MS - 5_000, timestamp: "9.00000000000000aa" });
  assert.equal(facts().periods[0].started_at, iso(SERVER_MS - 5_000));
  const values = { match_id: "m", number: 1, type: "regular", started_at: iso(SERVER_MS) };
  picture.records.set("match_periods", "p", { values, deleted: false, stamp: "", version: 9 });
  picture.meta.cursor = "9.00000000000000aa";
  assert.equal(facts().periods[0].started_at, iso(SERVER_MS));
});

test("only what this phone wrote is moved: a start from another phone stands beside the end pressed here", () => {
  const { picture, write, facts } = phone(HOUR_MS);
  write(match);
  const values = { match_id: "m", number: 1, type: "regular", started_at: iso(SERVER_MS) };
  picture.records.set("match_periods", "p", { values, deleted: false, stamp: "", version: 1 });
  write({ collection: "match_periods", record: "p", fields: { ended_at: iso(SERVER_MS + 60_000 - HOUR_MS) } });
  assert.deepEqual(
    [facts().periods[0].started_at, facts().periods[0].ended_at],
    [iso(SERVER_MS), iso(SERVER_MS + 60_000)],
  );
});

test("an answer to a question repeats a corrected time, and is not moved again", () => {
  const { write, facts } = phone(HOUR_MS);
  write(match);
  write(started(HOUR_MS));
  const resolve = { field: "started_at", choice: "take", value: iso(SERVER_MS + 1_000) };
  write({ op: "resolve", collection: "match_periods", record: "p", resolve });
  assert.equal(facts().periods[0].started_at, iso(SERVER_MS + 1_000));
});

test("with a right clock the view is the same one", () => {
  const view = new View(new Records(), new Map());
  assert.equal(byServerTime(view, { meta: newMeta("d"), made: new Map() }), view);
});
