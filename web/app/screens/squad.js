/** Squad: the club's own teams, and those it plays against. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { ageWords, opponents, ownTeams, playersOf, withoutTeam } from "../model/squads.js";
import { counted, fold } from "../parts/fold.js";
import { playerGrid } from "../parts/playergrid.js";
import { shirt } from "../parts/shirt.js";
import { openTeam } from "../parts/teamsheet.js";
import { to } from "../route.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/squads.js").Row} Row */

/** @type {import("../app.js").Screen} */
export const squad = {
  title: () => "Squad",
  tab: "squad",
  draw(app) {
    const own = ownTeams(app.club);
    const others = opponents(app.club);
    const astray = withoutTeam(app.club);
    const mayEdit = app.may("coach");
    return [
      own.length === 0 && empty(app, mayEdit),
      own.length > 0 && h("h2.unseen", null, "Own teams"),
      own.length > 0 &&
        h(
          "ul.teams",
          null,
          own.map((team) => h("li", { key: team.id }, teamCard(app, team))),
        ),
      own.length > 0 &&
        mayEdit &&
        h("p.acts", null, h("button.button.calm.wide", { type: "button", onclick: () => makeTeam(app) }, icon("plus"), "New team")),
      others.length > 0 &&
        fold(
          "Opponents",
          others.length,
          h(
            "ul.list",
            null,
            others.map((team) => h("li", { key: team.id }, opponentLine(team))),
          ),
        ),
      astray.length > 0 && fold("Without a team", astray.length, playerGrid(astray, undefined)),
    ];
  },
};

/**
 * @param {App} app
 * @param {boolean} mayEdit
 */
function empty(app, mayEdit) {
  return h(
    "div.empty",
    null,
    h(
      "div.empty-shirts",
      null,
      shirt({ number: 7, cloth: "#14713f", trim: "#ffffff" }),
      shirt({ number: 10, cloth: "#ffd84d", trim: "#14201a" }),
    ),
    h("p", null, "No team yet. Make yours, then add who plays: a number and a name is enough."),
    mayEdit && h("button.button", { type: "button", onclick: () => makeTeam(app) }, "Make your team"),
  );
}

/** @param {App} app */
function makeTeam(app) {
  openTeam(app, undefined, (id) => app.go(to("team", id)));
}

/**
 * @param {App} app
 * @param {Row} team
 */
function teamCard(app, team) {
  const players = playersOf(app.club, team.id).length;
  return h(
    "a.card.team-card",
    { href: to("team", team.id) },
    h(
      "span.kits",
      { "aria-hidden": "true" },
      Boolean(team.away_kit_primary) && shirt({ cloth: text(team.away_kit_primary), trim: text(team.away_kit_secondary) }),
      shirt({ cloth: text(team.home_kit_primary), trim: text(team.home_kit_secondary) }),
    ),
    h("span.grow", null, h("strong", null, String(team.name)), h("small", null, counted(players, "player"))),
    team.age_group && h("span.tag", null, ageWords(team.age_group)),
    icon("next"),
  );
}

/** @param {Row} team */
function opponentLine(team) {
  return h(
    "a",
    { href: to("team", team.id) },
    shirt({ cloth: text(team.home_kit_primary), trim: text(team.home_kit_secondary) }),
    h("span.grow", null, h("strong", null, String(team.name))),
    icon("next"),
  );
}

/** @param {unknown} value */
const text = (value) => (typeof value === "string" ? value : null);
