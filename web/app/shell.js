/**
 * Shell: what surrounds every screen: its head, the line that tells of the sync, the tabs, and what lies above it all.
 */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { to } from "./route.js";
import { screenFor } from "./screens.js";
import { syncLine } from "./parts/syncline.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {import("./app.js").Sheet} Sheet */

const TABS = [
  { name: "matches", href: to(), words: "Matches", mark: "ball" },
  { name: "squad", href: to("squad"), words: "Squad", mark: "shirt" },
  { name: "season", href: to("season"), words: "Season", mark: "chart" },
  { name: "club", href: to("club"), words: "Club", mark: "flag" },
];

/** @param {App} app */
export function shell(app) {
  const screen = screenFor(app.route);
  if (app.own === undefined) app.own = screen.begin?.(app) ?? {};
  const title = screen.title(app, app.own);
  if (document.title !== `${title} · Touchline`) document.title = `${title} · Touchline`;
  return [
    h(
      "header.board",
      { key: "head" },
      screen.head ? screen.head(app, app.own) : plainHead(title, screen.tab),
      !isAtDoor(app) && syncLine(app),
    ),
    h("main", { key: `main ${app.route.name} ${app.route.id ?? ""}`, id: "main", tabindex: "-1" }, screen.draw(app, app.own)),
    !app.isScorer && !isAtDoor(app) && tabs(app, screen.tab),
    ...app.sheets.map((sheet, place) => drawSheet(app, sheet, place)),
    app.sheets.length === 0 && note(app),
    h("p.unseen", { key: "news", role: "status", "aria-live": "polite" }, app.news),
  ];
}

/**
 * Tell whether somebody stands before a match that they were asked to score: there is nothing to be saved, or to go to.
 * @param {App} app
 */
function isAtDoor({ route, isScorer }) {
  return route.name === "score" && !isScorer;
}

/** @param {App} app */
export function isTicking(app) {
  return Boolean(screenFor(app.route).ticks || app.sheets.some((sheet) => sheet.ticks));
}

/**
 * @param {string} title
 * @param {string} [tab]
 */
function plainHead(title, tab) {
  const isTop = TABS.some((each) => each.name === tab && each.words === title);
  return h("div.head", null, isTop ? h("span.word", { "aria-hidden": "true" }, "Touchline") : backLink(), h("h1", null, title));
}

/** The way back: to what was seen before, or to the matches where the app was opened here. */
export function backLink() {
  return h(
    "a.back",
    {
      href: to(),
      "aria-label": "Back",
      onclick: (/** @type {Event} */ event) => {
        if (history.length < 2) return;
        event.preventDefault();
        history.back();
      },
    },
    icon("back"),
  );
}

/**
 * @param {App} app
 * @param {string} [current]
 */
function tabs(app, current) {
  const { conflicts } = app.club.status;
  return h(
    "nav.tabs",
    { key: "tabs", "aria-label": "Main" },
    TABS.map(({ name, href, words, mark }) =>
      h(
        "a",
        { key: name, href, "aria-current": name === current ? "page" : null },
        icon(mark),
        h("span", null, words),
        name === "matches" && conflicts > 0 && h("span.badge", { "aria-label": `${conflicts} to answer` }, conflicts),
      ),
    ),
  );
}

/**
 * @param {App} app
 * @param {Sheet} sheet
 * @param {number} place
 */
function drawSheet(app, sheet, place) {
  const close = () => app.close(sheet);
  return h(
    "dialog.sheet",
    {
      key: `sheet ${place}`,
      "aria-label": sheet.title,
      mounted: (/** @type {HTMLDialogElement} */ dialog) => dialog.showModal(),
      gone: (/** @type {HTMLDialogElement} */ dialog) => dialog.close(), // hands the focus back
      oncancel: (/** @type {Event} */ event) => {
        event.preventDefault();
        close();
      },
      onclick: (/** @type {Event} */ event) => event.target === event.currentTarget && close(),
    },
    h(
      "div.sheet-body",
      null,
      h(
        "div.sheet-head",
        null,
        h("h2", null, sheet.title),
        h("button.quiet", { type: "button", "aria-label": "Close", onclick: close }, icon("close")),
      ),
      sheet.draw(app, close),
    ),
    // All that is not in the topmost sheet is out of reach: the undo of what was done in it stands there too.
    place === app.sheets.length - 1 && note(app),
  );
}

/** @param {App} app */
function note(app) {
  const told = app.note;
  return h(
    "div",
    { key: "note", role: told ? "region" : null, "aria-label": told ? "What was done" : null },
    told &&
      h(
        "div.note",
        { key: String(told.until), "data-tone": told.tone },
        h("span", null, told.text),
        told.undo &&
          h(
            "button",
            {
              type: "button",
              onclick: () => {
                app.hush();
                void app.attempt(async () => told.undo?.());
              },
            },
            "Undo",
          ),
      ),
  );
}
