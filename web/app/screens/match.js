/** Match: the scoreboard above; below it the pad to record with, the timeline, and the team. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { isGoingOn, stageOf } from "../model/moment.js";
import { sidesOf } from "../model/sides.js";
import { to } from "../route.js";
import { backLink } from "../shell.js";
import { assumedNote, crowdLine } from "../parts/notices.js";
import { clockBar } from "../parts/clockbar.js";
import { openMatchMenu } from "../parts/matchmenu.js";
import { pad } from "../parts/pad.js";
import { openReport } from "../parts/report.js";
import { scoreboard } from "../parts/scoreboard.js";
import { openShare } from "../parts/sharing.js";
import { teamPart } from "../parts/teampart.js";
import { timeline } from "../parts/timeline.js";
import { listenForKeys } from "../parts/matchkeys.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {{part: string, isRestOpen: boolean}} Own */

const PARTS = [
  ["play", "Play"],
  ["timeline", "Timeline"],
  ["team", "Team"],
];

/** @type {import("../app.js").Screen} */
export const match = {
  title(app) {
    const facts = app.facts(app.route.id ?? "");
    if (!facts) return "Match";
    const { home, away } = sidesOf(app.club, facts);
    return `${home.name} v ${away.name}`;
  },
  tab: "matches",
  ticks: true,
  begin: (app) => ({ part: app.route.part ?? firstPart(app), isRestOpen: false }),
  head,
  draw(app, /** @type {Own} */ own) {
    const facts = app.facts(app.route.id ?? "");
    if (!facts)
      return h(
        "p",
        null,
        "This match is not on this phone. It was deleted, or has not arrived yet. ",
        h("a", { href: to() }, "To the matches"),
      );
    const offered = PARTS.filter(([name]) => name !== "play" || app.may("scorer"));
    const part = offered.some(([name]) => name === own.part) ? own.part : offered[0][0];
    return h(
      "div",
      { key: facts.match.id, mounted: (/** @type {HTMLElement} */ place) => listenForKeys(app, facts.match.id, place) },
      partButtons(app, own, offered, part),
      h(
        `section.part.${part}`,
        { key: part },
        part === "timeline" ? timeline(app, facts) : part === "team" ? teamPart(app, facts) : play(app, facts, own),
      ),
    );
  },
};

/**
 * Before and after a match the pad is not what one comes for.
 * @param {App} app
 */
function firstPart(app) {
  const facts = app.facts(app.route.id ?? "");
  if (!facts) return "play";
  const { status } = stageOf(facts, app.now());
  if (!app.may("scorer")) return "timeline";
  return isGoingOn(status) || status === "scheduled" ? "play" : "timeline";
}

/**
 * @param {App} app
 */
function head(app) {
  const facts = app.facts(app.route.id ?? "");
  const title = match.title(app, app.own);
  if (!facts) return h("div.head", null, backLink(), h("h1", null, title));
  return [
    h(
      "div.head",
      null,
      backLink(),
      h("h1.unseen", null, title),
      h("p.grow.small-head", null, facts.match.competition ?? ""),
      app.may("coach") &&
        h("button.quiet", { type: "button", "aria-label": "Share", onclick: () => openShare(app, facts.match.id) }, icon("share")),
      h("button.quiet", { type: "button", "aria-label": "More", onclick: () => openMatchMenu(app, facts.match.id) }, icon("more")),
    ),
    scoreboard(app, facts),
  ];
}

/**
 * @param {App} app
 * @param {Own} own
 * @param {string[][]} offered
 * @param {string} current
 */
function partButtons(app, own, offered, current) {
  return h(
    "div.segments",
    { role: "group", "aria-label": "Show" },
    offered.map(([name, words]) =>
      h("button", { key: name, type: "button", "aria-pressed": String(name === current), onclick: () => show(app, own, name) }, words),
    ),
  );
}

/**
 * @param {App} app
 * @param {Own} own
 * @param {string} part
 */
function show(app, own, part) {
  own.part = part;
  history.replaceState(null, "", to("match", app.route.id ?? "", part)); // the way back leads to the same part
  app.redraw();
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {Own} own
 */
function play(app, facts, own) {
  const { called_off: calledOff } = facts.match;
  const { status } = stageOf(facts, app.now());
  return [
    calledOff !== null && h("p.banner", null, calledOff === "postponed" ? "This match is postponed." : "This match is called off."),
    assumedNote(app, facts),
    crowdLine(app, facts, () => show(app, own, "team")),
    status === "completed" && over(app, facts.match.id),
    clockBar(app, facts),
    pad(app, facts, own),
  ];
}

/**
 * What one does with a match that is over.
 * @param {App} app
 * @param {string} matchId
 */
function over(app, matchId) {
  return h(
    "div.match-over",
    { key: "over" },
    h("button.button", { type: "button", onclick: () => openReport(app, matchId) }, icon("list"), "Report"),
    app.may("coach") && h("button.button.calm", { type: "button", onclick: () => openShare(app, matchId) }, icon("share"), "Share"),
  );
}
