/** Matches: the one that goes on as a scoreboard, the next ones, and those that were, by month. */

import { scoreOf } from "../../football/scoreboard.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { monthOfYear } from "../model/days.js";
import { groupsOf } from "../model/fixtures.js";
import { sidesOf } from "../model/sides.js";
import { to } from "../route.js";
import { fixtureRow } from "../parts/fixture.js";
import { scoreboard } from "../parts/scoreboard.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/fixtures.js").Fixture} Fixture */
/** @typedef {import("../model/fixtures.js").Month} Month */

/** @type {import("../app.js").Screen} */
export const home = {
  title: () => "Matches",
  tab: "matches",
  ticks: true,
  draw(app) {
    const { going, next, past } = groupsOf(app.matches(), app.now());
    const isEmpty = going.length + next.length + past.length === 0;
    return h(
      "div.fixtures",
      null,
      waitingBanner(app),
      going.map((fixture) => goingCard(app, fixture)),
      isEmpty && nothingYet(app),
      next.length > 0 && h("section", null, h("h2", null, next.length === 1 ? "Next match" : "Next matches"), list(app, next)),
      past.map((month) => monthOf(app, month)),
      app.may("coach") && h("div.thumb", null, h("a.button.wide", { href: to("new") }, icon("plus"), "New match")),
    );
  },
};

/** @param {App} app */
function waitingBanner(app) {
  const { conflicts, refused } = app.club.status;
  if (conflicts + refused === 0 || !app.may("coach")) return null;
  const words =
    refused > 0
      ? refused === 1
        ? "1 change was not accepted."
        : `${refused} changes were not accepted.`
      : conflicts === 1
        ? "1 question waits for you."
        : `${conflicts} questions wait for you.`;
  return h(
    "div.banner",
    { "data-tone": refused > 0 ? "bad" : null },
    icon("question"),
    h("p.grow", null, words),
    h("a.button", { href: to("questions") }, refused > 0 ? "Look" : "Answer"),
  );
}

/**
 * @param {App} app
 * @param {Fixture} fixture
 */
function goingCard(app, { facts }) {
  const { home, away } = sidesOf(app.club, facts);
  const score = scoreOf(facts);
  // The link covers the card; its name begins with what is read on it, for whoever speaks it to the phone.
  const [act, words] = app.may("scorer") ? ["Go on", "Go on with the match"] : ["Look", "Look at the match"];
  return h(
    "div.going",
    { key: facts.match.id },
    scoreboard(app, facts),
    h(
      "a.go-on",
      { href: to("match", facts.match.id), "aria-label": `${words}: ${home.name} ${score.home}, ${away.name} ${score.away}` },
      act,
      icon("next"),
    ),
  );
}

/**
 * @param {App} app
 * @param {Month} month
 */
function monthOf(app, { key, fixtures }) {
  return h("section", { key }, h("h2", null, monthOfYear(new Date(`${key}T12:00:00`))), list(app, fixtures));
}

/**
 * @param {App} app
 * @param {Fixture[]} fixtures
 */
const list = (app, fixtures) =>
  h(
    "ul.list",
    null,
    fixtures.map((fixture) => fixtureRow(app, fixture)),
  );

/** @param {App} app */
function nothingYet(app) {
  return h(
    "div.empty",
    null,
    icon("whistle"),
    h("p", null, h("strong", null, "No matches yet")),
    h(
      "p",
      null,
      app.may("coach")
        ? "Press “New match” and start recording: it works without signal, and without an account."
        : "The matches of your club will be listed here.",
    ),
    !app.isSignedIn && h("p", null, "Your club is on Touchline already? ", h("a", { href: to("sign-in") }, "Sign in")),
  );
}
