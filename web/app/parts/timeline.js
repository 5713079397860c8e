/** The timeline of a match: what happened, the latest first, each entry a button that opens it. */

import { scoringSide } from "../../football/scoreboard.js";
import { PERIOD_END, PERIOD_START, timelineOf } from "../../football/timeline.js";
import { kindWords, timeOfDay } from "../../football/words.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { called, regularWord, periodTitle } from "../model/calling.js";
import { sidesOf } from "../model/sides.js";
import { askedIn, marksOf, unsentIn } from "../model/unsent.js";
import { to } from "../route.js";
import { openEvent } from "./eventsheet.js";
import { openPeriods } from "./periods.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../dom.js").Child} Child */
/** @typedef {import("../../football/facts.js").MatchEvent} MatchEvent */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../football/timeline.js").Entry} Entry */
/** @typedef {import("../model/sides.js").Team} Team */
/** @typedef {{filter: string, isWhole: boolean}} Kept */
/**
 * @typedef {object} Told What the rows of one drawing share.
 * @property {App} app
 * @property {MatchFacts} facts
 * @property {{home: Team, away: Team, ours: Team}} sides
 * @property {Set<string>} unsent
 * @property {Set<string>} asked
 * @property {Map<string, MatchEvent>} events
 */

/** Entries from which on it can be narrowed down. */
const LONG = 12;
/** Entries that are drawn at first: the screen is drawn once a second while a match is on. */
const SHOWN_MAX = 60;

/** @type {Record<string, {words: string, kinds: string[]}>} */
const FILTERS = {
  all: { words: "All", kinds: [] },
  goals: { words: "Goals", kinds: ["goal", "own_goal"] },
  cards: { words: "Cards", kinds: ["yellow_card", "red_card"] },
  subs: { words: "Changes", kinds: ["substitution"] },
};
const GOALS = new Set(FILTERS["goals"]?.kinds);
/** @type {Record<string, string>} */
const MARKS = {
  goal: "ball",
  own_goal: "ball",
  yellow_card: "card",
  red_card: "card",
  substitution: "swap",
  corner: "flag",
  foul: "whistle",
  offside: "whistle",
  penalty: "whistle",
  free_kick: "whistle",
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

/**
 * @param {Entry} entry
 * @param {Told} told
 */
function eventRow(entry, told) {
  const { app, facts } = told;
  const isGoal = GOALS.has(entry.kind);
  const event = told.events.get(entry.id);
  const canOpen = app.may("scorer");
  return h(
    "li",
    {
      key: entry.id,
      class: [
        `is-${entry.kind}`,
        isGoal && "is-goal",
        isGoal && event && scoringSide(facts.match, event) === told.sides.ours.side && "is-ours",
      ]
        .filter(Boolean)
        .join(" "),
    },
    h(
      canOpen ? "button.entry" : "div.entry",
      canOpen ? { type: "button", onclick: () => openEvent(app, facts.match.id, entry.id) } : null,
      h("span.entry-when.numbers", null, entry.minute),
      MARKS[entry.kind] ? icon(MARKS[entry.kind] ?? "") : h("span.entry-dot", { "aria-hidden": "true" }),
      h(
        "span.entry-what",
        null,
        h("span.entry-kind", null, kindWords(entry)),
        whoLines(entry, told).map((line) => h("span.entry-who", null, line)),
        event?.notes && h("span.entry-said", null, event.notes),
        told.unsent.has(entry.id) && h("span.tag", null, "on this phone"),
      ),
      isGoal &&
        h("span.entry-after.numbers", { "aria-label": `the score is then ${afterWords(entry).replace("–", " to ")}` }, afterWords(entry)),
    ),
    told.asked.has(entry.id) && h("a.entry-asked", { href: to("questions") }, icon("question"), "A question is open about this"),
  );
}

/**
 * Return who did it, a line each.
 * @param {Entry} entry
 * @param {Told} told
 */
function whoLines({ kind, side, team_id: teamId, player_id: playerId, participants }, { app: { club }, sides }) {
  const team = side && !sides[side].isOurs ? sides[side].name : "";
  const other = (/** @type {string} */ wanted) => participants.find((each) => each.kind === wanted)?.player_id;
  const named = (/** @type {string | null | undefined} */ id) => (id ? called(club, id) : "");
  const on = kind === "substitution" ? other("substitution") : undefined;
  const who = kind === "substitution" ? [on && `${named(on)} on`, playerId && `${named(playerId)} off`].filter(Boolean) : [named(playerId)];
  const first = [team, ...who].filter(Boolean).join(", ") || (side ? sides[side].name : teamId ? "Another team" : "Team not recorded");
  const assist = other("assist");
  return [first, ...(assist ? [`Assist: ${named(assist)}`] : [])];
}

/** @param {Entry} entry */
function afterWords({ score, period_type: type }) {
  return type === "penalty_shootout" ? `${score.home_shootout}–${score.away_shootout}` : `${score.home}–${score.away}`;
}

/**
 * @param {Entry} entry
 * @param {string} title
 * @param {Told} told
 */
function periodRow(entry, title, { app, facts, unsent }) {
  const words = `${title} ${entry.kind === PERIOD_START ? "began" : "ended"}`;
  const at = entry.happened_ms === null ? "" : timeOfDay(entry.happened_ms);
  const row = [
    h("span.entry-when.numbers", null, at),
    h("span.entry-what", null, words, unsent.has(entry.id) && h("span.tag", null, "on this phone")),
  ];
  return h(
    "li.is-edge",
    { key: `${entry.id} ${entry.kind}` },
    app.may("scorer")
      ? h("button.entry", { type: "button", onclick: () => openPeriods(app, facts.match.id) }, row)
      : h("div.entry", null, row),
  );
}
