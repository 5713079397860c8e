/** The door of a match that is scored by link: which match a link is for, what is said, and where the app may go. */

import "fake-indexeddb/auto";
import assert from "node:assert/strict";
import { test } from "node:test";
import { doorWords } from "../app/model/scorerwords.js";
import { syncSentence, syncWords } from "../app/model/syncwords.js";
import { Prefs } from "../app/prefs.js";
import { readRoute } from "../app/route.js";
import { knownBy, openScoring, others } from "../app/scoring.js";

const [ONE, TWO] = ["5c000000-0000-4000-8000-000000000001", "5c000000-0000-4000-8000-000000000002"];

function prefsWith(kept) {
  const prefs = new Prefs(null);
  prefs.keep(kept);
  return prefs;
}

test("a link that was opened before is known by its end, which opens nothing; one begun by code is no other's", () => {
  const prefs = prefsWith({ scores: { [ONE]: { tail: "abcd1234", at: 1 }, [TWO]: { tail: "", at: 2 } } });
  assert.equal(knownBy(prefs, "tlm_0123456789_abcd1234"), ONE);
  assert.equal(knownBy(prefs, "tlm_0123456789_wxyz9876"), undefined);
  assert.deepEqual(others({ club: { matchId: ONE }, prefs }).map(([id]) => id), [TWO]);
  assert.deepEqual(others({ club: { matchId: null }, prefs }).map(([id]) => id), [TWO, ONE]);
});

test("without a link the page goes on with its match; with an unknown one it stands at the door and keeps nothing", async () => {
  const prefs = prefsWith({ score: ONE, scores: { [ONE]: { tail: "abcd1234", at: 1 } } });
  for (const [secret, expected] of [["", ONE], ["tlm_x_abcd1234", ONE], ["tlm_x_other000", null]]) {
    const club = await openScoring(prefs, secret, undefined);
    assert.equal(club.matchId, expected);
    assert.equal(club.account, null);
    await club.close();
  }
  const names = (await indexedDB.databases()).map(({ name }) => name);
  assert.deepEqual(names, [`touchline-score-${ONE}`]);
});

test("at the door there is one match, and nothing else of the app", () => {
  assert.deepEqual(readRoute({ pathname: "/score", hash: "#tlm_ab-c_1" }), { name: "score", secret: "tlm_ab-c_1" });
  assert.deepEqual(readRoute({ pathname: "/score", hash: `#/match/${ONE}` }), { name: "match", id: ONE });
  for (const hash of ["", "#/", "#/squad", "#/sign-in"]) assert.deepEqual(readRoute({ pathname: "/score/", hash }), { name: "score", secret: "" });
});

test("what was wrong is said beside the field, in words for whoever holds the link", () => {
  const said = (error, hasLink = false) => doorWords(error, hasLink, 0);
  assert.equal(said({ code: "not_found" }).field, "code");
  assert.match(said({ code: "not_found" }, true).words, /not copied whole/);
  assert.match(said({ code: "invitation_ended" }, true).words, /link has ended/);
  assert.match(said({ code: "invitation_ended" }).words, /code has ended/);
  assert.match(said({ name: "Unreachable", status: 0 }).words, /signal once/);
  assert.match(said({ name: "Unreachable", status: 429, askedMs: 4_000 }).words, /in 4 seconds/);
  assert.equal(said({ code: "malformed", body: {} }).field, "name");
});

test("the line that tells of the sync speaks of the link", () => {
  const status = { pending: 2, parked: 0, refused: 0, conflicts: 0, saved_at: null, correction: 0, retry_at: null, problem: null };
  assert.match(syncWords({ ...status, state: "ended" }, true, true).text, /link has ended/);
  assert.match(syncWords({ ...status, state: "signed_out" }, true, true).text, /open the link again/);
  assert.match(syncSentence({ ...status, state: "ended" }, true, true), /link has ended.*save it as a file/);
  assert.match(syncWords({ ...status, state: "ended", pending: 0 }, true).text, /club has ended/);
});
