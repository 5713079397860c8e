/**
 * Answers football's folds over a pipe, one JSON line in and one out, so that those in Python can judge them
 * (tests/web/test_folds.py): `{view, match, calls}` with calls of `[module, function, ...arguments]`. An argument
 * `"facts"` is the match's, `"facts.match"` its record; `{"map": {...}}` and `{"set": [...]}` become what they say.
 */

import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { byId, factsOfAll, gather } from "../football/facts.js";

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
  records: { get: (name, id) => collections[name]?.[id] && { values: collections[name][id], deleted: false } },
});

const argument = (given, { view, facts }) => {
  if (given === "facts") return facts;
  if (given === "facts.match") return facts.match;
  if (given === "view") return view;
  if (Array.isArray(given)) return given;
  if (given?.map) return new Map(Object.entries(given.map));
  return given?.set ? new Set(given.set) : given;
};

/** Keys of periods are told as Python's tuples are, maps as objects, sets as sorted lists. */
const told = (_name, value) => {
  if (value instanceof Map) return Object.fromEntries(value);
  if (value instanceof Set) return [...value].sort();
  return value && typeof value === "object" && "rank" in value ? [value.rank, value.number] : value;
};

for await (const line of createInterface({ input: process.stdin })) {
  const { view: collections, match, calls } = JSON.parse(line);
  const view = viewOf(collections);
  const facts = match && gather(view, match);
  const all = match && factsOfAll(view).get(match);
  const answers = calls.map(([module, name, ...given]) => {
    const found = modules[module][name];
    return typeof found === "function" ? (found(...given.map((each) => argument(each, { view, facts }))) ?? null) : found;
  });
  process.stdout.write(`${JSON.stringify({ answers, facts, all }, told)}\n`);
}
