/** The timeline of a match: what happened, the latest first, each entry a button that opens it. */

import { PERIOD_END, PERIOD_START, timelineOf } from "../../football/timeline.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { periodTitle, regularWord } from "../model/calling.js";
import { sidesOf } from "../model/sides.js";
import { askedIn, marksOf, unsentIn } from "../model/unsent.js";
import { openEvent } from "./eventsheet.js";
import { eventRow, GOALS, periodRow } from "./timelinerows.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../football/timeline.js").Entry} Entry */
/** @typedef {{filter: string, isWhole: boolean}} Kept */
/** @typedef {import("./timelinerows.js").Told} Told */

/** Entries from which on it can be narrowed down. */
const LONG = 12;
/** Entries that are drawn at first: the screen is drawn once a second while a match is on. */
const SHOWN_MAX = 60;

/** @type {Record<string, {words: string, kinds: string[]}>} */
const FILTERS = {
  all: { words: "All", kinds: [] },
  goals: { words: "Goals", kinds: [...GOALS] },
  cards: { words: "Cards", kinds: ["yellow_card", "red_card"] },
  subs: { words: "Changes", kinds: ["substitution"] },
};

/** @type {WeakMap<object, Kept>} what a screen's timeline shows, for as long as the screen is open */
const kept = new WeakMap();

/**
 * @param {App} app
 * @param {MatchFacts} facts
 */
export function timeline(app, facts) {
  const entries = timelineOf(facts, app.now());
  const happened = entries.filter(isEvent);
  const own = keptOf(app);
  const kinds = FILTERS[own.filter]?.kinds ?? [];
  const isLong = happened.length > LONG;
  const wanted = isLong && kinds.length ? happened.filter(({ kind }) => kinds.includes(kind)) : entries;
  const newest = [...wanted].reverse();
  const shown = own.isWhole ? newest : newest.slice(0, SHOWN_MAX);
  return h(
    "section.story",
    { "aria-label": "Timeline" },
    h("h2.unseen", { key: "title" }, "Timeline"),
    isLong && chips(app, own),
    entries.length === 0 && empty(app, facts),
    entries.length > 0 && wanted.length === 0 && h("p.hint", null, "None in this match."),
    byPeriod(shown, toldOf(app, facts)),
    shown.length < newest.length &&
      h("button.button.calm.wide", { type: "button", onclick: () => change(app, own, { isWhole: true }) }, `Show all ${newest.length}`),
    entries.length > 0 && app.may("scorer") && missed(app, facts),
  );
}

/** @param {App} app */
function keptOf(app) {
  const screen = app.own ?? app;
  const found = kept.get(screen) ?? { filter: "all", isWhole: false };
  kept.set(screen, found);
  return found;
}

/**
 * @param {App} app
 * @param {Kept} own
 * @param {Partial<Kept>} changes
 */
function change(app, own, changes) {
  Object.assign(own, changes);
  app.redraw();
}

/**
 * @param {App} app
 * @param {Kept} own
 */
function chips(app, own) {
  return h(
    "div.choices",
    { role: "group", "aria-label": "What to show" },
    Object.entries(FILTERS).map(([name, { words }]) =>
      h(
        "button.choice",
        { type: "button", key: name, "aria-pressed": String(own.filter === name), onclick: () => change(app, own, { filter: name }) },
        words,
      ),
    ),
  );
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 */
function empty(app, facts) {
  return h(
    "div.empty",
    null,
    h("p", null, "Nothing has been recorded yet. What you record stands here, the latest first."),
    app.may("scorer") && missed(app, facts),
  );
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 */
function missed(app, facts) {
  return h(
    "button.button.calm.wide",
    { type: "button", onclick: () => openEvent(app, facts.match.id, null) },
    icon("plus"),
    "Add something that was missed",
  );
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @returns {Told}
 */
function toldOf(app, facts) {
  return {
    app,
    facts,
    sides: sidesOf(app.club, facts),
    // Where nobody has signed in all is on this phone alone, and the line above says so once.
    unsent: app.isSignedIn ? marksOf(facts, unsentIn(app.club)) : new Set(),
    asked: marksOf(facts, askedIn(app.club)),
    events: new Map(facts.events.map((event) => [event.id, event])),
  };
}

/**
 * @param {Entry[]} entries the latest first
 * @param {Told} told
 */
function byPeriod(entries, told) {
  /** @type {Map<string, Entry[]>} */
  const periods = new Map();
  for (const entry of entries) {
    const key = `${entry.period_type} ${entry.period_number}`;
    const mine = periods.get(key);
    if (mine) mine.push(entry);
    else periods.set(key, [entry]);
  }
  const regular = regularWord(told.facts.match);
  return [...periods].map(([key, mine]) => {
    const [first] = mine;
    const title = first ? periodTitle({ type: first.period_type, number: first.period_number }, regular) : "";
    return h(
      "section",
      { key },
      h("h3", null, title),
      h(
        "ol",
        null,
        mine.map((entry) => (isEvent(entry) ? eventRow(entry, told) : periodRow(entry, title, told))),
      ),
    );
  });
}

/** @param {Entry} entry */
const isEvent = ({ kind }) => kind !== PERIOD_START && kind !== PERIOD_END;
