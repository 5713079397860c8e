/** Team: who plays in it, as shirts; added one after another, moved, and taken over from a list. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { ageWords, leaversOf, NAME_LENGTH_MAX, ownTeams, playersOf, sharedNumbers, teamName } from "../model/squads.js";
import { openAdding } from "../parts/addplayers.js";
import { counted, fold } from "../parts/fold.js";
import { playerGrid } from "../parts/playergrid.js";
import { shirt } from "../parts/shirt.js";
import { openImport } from "../parts/squadimport.js";
import { openTeam } from "../parts/teamsheet.js";
import { to } from "../route.js";
import { backLink } from "../shell.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/squads.js").Row} Row */

/** @type {import("../app.js").Screen} */
export const team = {
  title: (app) => teamName(app.club, app.route.id).slice(0, NAME_LENGTH_MAX),
  tab: "squad",
  head(app) {
    const found = teamOf(app);
    return h(
      "div.head",
      null,
      backLink(),
      h("h1", null, teamName(app.club, app.route.id)),
      found &&
        app.may("coach") &&
        h("button.quiet", { type: "button", "aria-label": "Edit team", onclick: () => openTeam(app, found) }, icon("edit")),
    );
  },
  draw(app) {
    const found = teamOf(app);
    if (!found)
      return h("div.empty", null, h("p", null, "This team is not here any more."), h("a.button", { href: to("squad") }, "To the squad"));
    const players = playersOf(app.club, found.id);
    const left = leaversOf(app.club, found.id);
    const mayEdit = app.may("coach");
    return [
      kits(found, players.length),
      twice(players),
      h("h2", null, "Players"),
      players.length > 0 ? playerGrid(players, found) : nobody(app, found),
      mayEdit && acts(app, found, players.length > 0),
      left.length > 0 && fold("Left the club", left.length, playerGrid(left, found)),
      mayEdit && h("p.ending", null, h("button.link.bad", { type: "button", onclick: () => remove(app, found) }, "Delete this team")),
    ];
  },
};

/**
 * @param {App} app
 * @returns {Row | undefined}
 */
function teamOf({ club, route }) {
  const fields = route.id ? club.get("teams", route.id) : undefined;
  return fields && { ...fields, id: String(route.id) };
}

/**
 * @param {Row} team
 * @param {number} count
 */
function kits(team, count) {
  const kit = (/** @type {"home" | "away"} */ side) => {
    const cloth = team[`${side}_kit_primary`];
    if (!cloth && side === "away") return null;
    return h(
      "figure.kit-shown",
      null,
      shirt({ cloth: /** @type {string} */ (cloth ?? null), trim: /** @type {string} */ (team[`${side}_kit_secondary`] ?? null) }),
      h("figcaption", null, side === "home" ? "Home" : "Away"),
    );
  };
  return h(
    "div.kits-shown",
    null,
    kit("home"),
    kit("away"),
    h("p.grow", null, team.age_group && h("span.tag", null, ageWords(team.age_group)), h("span", null, counted(count, "player"))),
  );
}

/** @param {Row[]} players */
function twice(players) {
  const numbers = [...sharedNumbers(players)].map(Number).sort((one, other) => one - other);
  if (numbers.length === 0) return null;
  const words = `${numbers.length === 1 ? `Number ${numbers[0]} is` : `Numbers ${numbers.join(", ")} are`} worn more than once.`;
  return h("div.banner", null, h("p.grow", null, words, " That is allowed; change one if it was a slip."));
}

/**
 * @param {App} app
 * @param {Row} team
 */
function nobody(app, team) {
  const isOwn = ownTeams(app.club).some(({ id }) => id === team.id);
  return h(
    "div.empty",
    null,
    h(
      "p",
      null,
      isOwn
        ? "Nobody yet. Add players one after another, or paste a list."
        : "An opponent needs no players. Add some only if you want to name who scored.",
    ),
  );
}

/**
 * @param {App} app
 * @param {Row} team
 * @param {boolean} isCalm
 */
function acts(app, team, isCalm) {
  return h(
    "div.acts.side-by-side",
    null,
    h("button.button", { type: "button", class: isCalm && "calm", onclick: () => openAdding(app, team) }, icon("plus"), "Add players"),
    h("button.button.calm", { type: "button", onclick: () => openImport(app, team) }, icon("list"), "Paste a list"),
  );
}

/**
 * @param {App} app
 * @param {Row} team
 */
async function remove(app, team) {
  const isGone = await app.attempt(() => app.club.delete("teams", team.id));
  if (!isGone) return;
  app.go(to("squad"), { replace: true });
  app.say(`Deleted ${team.name}; its players and matches stay`, { undo: () => app.club.restore("teams", team.id) });
}
