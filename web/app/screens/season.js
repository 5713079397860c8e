/** Season: how a team did in it, who played how much, who scored; and all of it to take away. */

import { instantMs } from "../../sync/instants.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { ALL, currentSeason, inSeason, playedBy, recordOf, seasonsOf, totalsOf } from "../model/seasons.js";
import { ownTeams } from "../model/squads.js";
import { awards } from "../parts/seasonawards.js";
import { goalsChart, minutesChart, resultsChart } from "../parts/seasoncharts.js";
import { takeAway } from "../parts/seasonexport.js";
import { openSeason } from "../parts/seasonsheet.js";
import { againstWords, dayWords, formChips, letterChip, scoreWords } from "../parts/results.js";
import { to } from "../route.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/seasons.js").Played} Played */
/** @typedef {import("../model/squads.js").Row} Row */
/** @typedef {{team: string | null}} Own `team`: null for all own teams */

/** @type {import("../app.js").Screen} */
export const season = {
  title: () => "Season",
  tab: "season",
  begin: (app) => ({ team: usualTeam(app) }),
  draw(app, own) {
    const seasons = seasonsOf(app.club);
    const matches = app.matches();
    const chosen = app.route.id ?? currentSeason(seasons, matches);
    const row = seasons.find(({ id }) => id === chosen);
    const played = playedBy(inSeason(matches, chosen), own.team, app.now());
    return [
      choice(app, seasons, chosen),
      teamChoice(app, own),
      played.length > 0 ? told(app, own, played) : nothing(seasons.length),
      row && awards(app, row, own.team),
      row && takeAway(app, row),
      row &&
        app.may("coach") &&
        h("p.ending", null, h("button.link", { type: "button", onclick: () => openSeason(app, row) }, "Rename this season")),
    ];
  },
};

/**
 * Return the team that is shown at first: the one that played last, where it is an own one.
 * @param {App} app
 */
function usualTeam(app) {
  const own = ownTeams(app.club);
  return own.length > 1 ? (own.find(({ id }) => id === app.prefs.all.team)?.id ?? null) : null;
}

/**
 * @param {App} app
 * @param {Row[]} seasons
 * @param {string} chosen
 */
function choice(app, seasons, chosen) {
  const chip = (/** @type {string} */ id, /** @type {string} */ words) =>
    h(
      "button.choice",
      { key: id, type: "button", "aria-pressed": String(id === chosen), onclick: () => app.go(to("season", id), { replace: true }) },
      words,
    );
  return h(
    "div.choices",
    { role: "group", "aria-label": "Which season" },
    seasons.map(({ id, label }) => chip(id, String(label))),
    chip(ALL, "All matches"),
    app.may("coach") &&
      h(
        "button.choice",
        {
          type: "button",
          "aria-label": "New season",
          onclick: () => openSeason(app, undefined, (id) => app.go(to("season", id), { replace: true })),
        },
        icon("plus"),
      ),
  );
}

/**
 * @param {App} app
 * @param {Own} own
 */
function teamChoice(app, own) {
  const teams = ownTeams(app.club);
  if (teams.length < 2) return null;
  const onchange = (/** @type {any} */ event) => {
    own.team = event.target.value || null;
    app.redraw();
  };
  return h(
    "label.field.filter",
    null,
    h("span", null, "Team"),
    h(
      "select",
      { name: "team", value: own.team ?? "", onchange },
      h("option", { value: "" }, "All own teams"),
      teams.map(({ id, name }) => h("option", { value: id }, String(name))),
    ),
  );
}

/** @param {number} seasons */
function nothing(seasons) {
  return h(
    "div.empty",
    null,
    h("p", null, "No match has been played to its end here yet."),
    seasons === 0 && h("p", null, "A season gathers matches: make one with the plus above, and name it when you plan a match."),
    h("a.button", { href: to("new") }, "Plan a match"),
  );
}

/**
 * @param {App} app
 * @param {Own} own
 * @param {Played[]} played
 */
function told(app, own, played) {
  const totals = totalsOf(played, app.now());
  return [
    balance(played),
    h("h2", null, "Results"),
    resultsChart(app, played),
    h("h2", null, "Who played how much"),
    minutesChart(app, played, totals, own.team),
    [...totals.values()].some(({ goals, assists }) => goals + assists > 0) && [h("h2", null, "Goals and assists"), goalsChart(app, totals)],
    h("h2", null, "Matches"),
    matchTable(app, played),
  ];
}

/** @param {Played[]} played */
function balance(played) {
  const { won, drawn, lost, goals_for: scored, goals_against: conceded, clean_sheets: clean, form } = recordOf(played);
  const big = (/** @type {number} */ n, /** @type {string} */ words) => h("div", null, h("dt", null, words), h("dd", null, n));
  const difference = scored - conceded;
  return h(
    "section.balance.card",
    { "aria-label": "The season so far" },
    h("dl.wdl", null, big(won, "won"), big(drawn, "drawn"), big(lost, "lost")),
    h(
      "p.goals",
      null,
      h(
        "span",
        null,
        h("strong", null, `${scored}:${conceded}`),
        " goals ",
        h("span.soft", null, `(${difference > 0 ? "+" : ""}${difference})`),
        clean > 0 && h("span.soft", null, `, ${clean} clean ${clean === 1 ? "sheet" : "sheets"}`),
      ),
      formChips(form),
    ),
  );
}

/**
 * @param {App} app
 * @param {Played[]} played
 */
function matchTable(app, played) {
  return h(
    "div.card.flat",
    null,
    h(
      "table.matches-table",
      null,
      h("caption.unseen", null, "Matches with their results, the latest first"),
      h(
        "thead.unseen",
        null,
        h(
          "tr",
          null,
          ["Day", "Match", "Result"].map((head) => h("th", { scope: "col" }, head)),
        ),
      ),
      h(
        "tbody",
        null,
        [...played].reverse().map((each) => matchRow(app, each)),
      ),
    ),
  );
}

/**
 * @param {App} app
 * @param {Played} played
 */
function matchRow(app, played) {
  const { facts, teamId, letter } = played;
  const { match } = facts;
  return h(
    "tr",
    { key: match.id },
    h("td", null, h("time.soft", { datetime: new Date(instantMs(match.kickoff_ts)).toISOString() }, dayWords(facts, app.now()))),
    h(
      "td",
      null,
      h("a", { href: to("match", match.id) }, againstWords(app.club, facts, teamId)),
      match.competition && h("small", null, match.competition),
    ),
    h("td", null, h("span.outcome", null, h("strong", null, scoreWords(played)), letterChip(letter))),
  );
}
