/** Blowing the whistle: what a button of the clock writes, and how that is taken back. */

import { isProblem, end, finish, pause, resume, start } from "../../football/presses.js";
import { applyWrites } from "../../football/edits.js";
import { writePress } from "../../football/writes.js";
import { formatInstant } from "../../sync/instants.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/clock.js").PeriodKey} PeriodKey */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../football/presses.js").Edge} Edge */
/** @typedef {import("../../football/presses.js").Problem} Problem */
/** @typedef {import("../../football/edits.js").Write} Write */
/** @typedef {import("../model/whistle.js").Whistle} Whistle */

/**
 * Press a button of the clock. What somebody pressed before stands.
 * @param {App} app
 * @param {string} matchId
 * @param {Whistle} whistle
 */
export async function blow(app, matchId, whistle) {
  const facts = app.facts(matchId);
  if (!facts) return;
  const { club } = app;
  const edges = edgesOf(facts, whistle, app.now());
  const wrong = edges.find(isProblem);
  if (wrong && isProblem(wrong)) return app.say(wrong.sentence, { tone: "bad" });
  // The rules judge by the server's time; what is written is this phone's reading, which the server corrects.
  const at = formatInstant(club.clock.now());
  /** @type {Write[]} */
  const written = [];
  const isStored = await app.attempt(async () => {
    for (const edge of edges) {
      if (isProblem(edge)) continue;
      const writes = writePress(club.view, { ...edge, at });
      await applyWrites(club, writes);
      written.push(...writes.writes);
    }
  });
  if (!isStored) return;
  navigator.vibrate?.(30);
  if (written.length === 0) app.say(`${whistle.done}: that was pressed already`);
  else app.say(whistle.done, { undo: () => takeBack(app, written) });
}

/**
 * @param {MatchFacts} facts
 * @param {Whistle} whistle
 * @param {number} nowMs
 * @returns {(Edge | Problem)[]}
 */
function edgesOf(facts, { act, key }, nowMs) {
  if (act === "finish") return [...(key ? [end(facts, key, nowMs)] : []), finish(facts, nowMs)];
  if (!key) return [];
  return [{ start, end, pause, resume }[act](facts, key, nowMs)];
}

/**
 * Undo a press: what it created goes, what it wrote on a record that was there is open again.
 * @param {App} app
 * @param {Write[]} written
 */
async function takeBack({ club }, written) {
  for (const { op, collection, id, fields } of [...written].reverse()) {
    if (op === "create") await club.delete(collection, id);
    else await club.put(collection, id, Object.fromEntries(Object.keys(fields).map((name) => [name, null])));
  }
}
