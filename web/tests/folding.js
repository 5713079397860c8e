/**
 * Answers football's folds over a pipe, one JSON line in and one out, so that those in Python can judge them.
 *
 *     {view, match, calls}                     [module, function, ...arguments] each; "facts" is the match's, and
 *                                              {map: {...}} and {set: [...]} become what they say
 *     {view, deleted, config, match, deed}     [module, rule, ...arguments]: a press, a substitution or a line-up,
 *                                              carried out by the client
 */

import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { applyWrites } from "../football/edits.js";
import { byId, factsOfAll, gather } from "../football/facts.js";
import { MemoryStore, Shelf } from "../sync/memory.js";
import { open } from "../touchline.js";
import { FakeClock, seededDice } from "./world.js";

const FOLDER = new URL("../football/", import.meta.url);

const modules = Object.fromEntries(
  await Promise.all(
    readdirSync(FOLDER).filter((name) => name.endsWith(".js")).map(async (name) => [name.slice(0, -3), await import(new URL(name, FOLDER))]),
  ),
);

/** A view as a device has it, of plain collections. */
const viewOf = (collections) => ({
  all: (name) => Object.entries(collections[name] ?? {}).sort(([id], [other]) => byId({ id }, { id: other })),
  get: (name, id) => collections[name]?.[id],
});

/** A club whose device holds records, some of them deleted. */
async function clubOf(collections, deleted, config) {
  const [store, dice] = [new MemoryStore(new Shelf()), seededDice(1)];
  const outside = { clock: new FakeClock(), fetch: noLine, locks: null, channel: null, wires: [] };
  const club = await open({ ...outside, store, dice, config });
  await club.state.change((draft) => {
    for (const [isDeleted, found] of [[false, collections], [true, deleted]])
      for (const [name, records] of Object.entries(found))
        for (const [id, values] of Object.entries(records))
          draft.records.set(name, id, { values, deleted: isDeleted, stamp: "", version: 1 });
  });
  return club;
}

const noLine = async () => Promise.reject(new TypeError("no line"));

/** Carry out what a deed writes with the client; answer what it then shows of the collections that a deed touches. */
async function afterDeed({ view: collections, deleted, config, match, deed: [kind, rule, ...given] }) {
  const club = await clubOf(collections, deleted, config);
  const facts = gather(club.view, match);
  const [{ [rule]: decide }, { takenStints, writePress, writePlan }] = [modules[kind], modules.writes];
  const taken = rule === "substitute" ? [takenStints(club.view)] : [];
  const found = decide(facts, ...given, ...taken);
  if (!found.sentence) await applyWrites(club, (kind === "presses" ? writePress : writePlan)(club.view, found));
  const after = TOUCHED.map((name) => [name, Object.fromEntries(club.view.all(name))]);
  const groups = [...club.state.picture.made.values()].map(({ mutation }) => mutation.group?.count ?? null);
  await club.close();
  return { problem: found.sentence ?? null, after: Object.fromEntries(after), groups };
}

const TOUCHED = ["matches", "match_periods", "match_pauses", "events", "event_participants", "lineup"];

const argument = (given, facts) => {
  if (given === "facts") return facts;
  if (given === null || typeof given !== "object") return given;
  if (Array.isArray(given)) return given.map((each) => argument(each, facts));
  if (given.map) return new Map(Object.entries(given.map));
  if (given.set) return new Set(given.set);
  return Object.fromEntries(Object.entries(given).map(([name, value]) => [name, argument(value, facts)]));
};

/** Keys of periods are told as Python's tuples are, maps as objects, sets as sorted lists. */
const told = (_name, value) => {
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value].sort();
  return value && typeof value === "object" && "rank" in value ? [value.rank, value.number] : value;
};

function answer({ view: collections, match, calls }) {
  const view = viewOf(collections);
  const facts = match && gather(view, match);
  const all = match && factsOfAll(view).get(match);
  const answers = calls.map(([module, name, ...given]) => {
    const found = modules[module][name];
    return typeof found === "function" ? (found(...given.map((each) => argument(each, facts))) ?? null) : found;
  });
  return { answers, facts, all };
}

for await (const line of createInterface({ input: process.stdin })) {
  let said;
  try {
    const asked = JSON.parse(line);
    said = asked.deed ? await afterDeed(asked) : answer(asked);
  } catch (error) {
    said = { fault: String(error.stack) };
  }
  process.stdout.write(`${JSON.stringify(said, told)}\n`);
}
