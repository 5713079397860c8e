/** The form by which a share link is made: what it is to show, with what will be held back said before, and until when. */

import { recordsOf } from "../../football/facts.js";
import { permit, usualExpiryMs, YOUNG_GROUPS } from "../../football/policy.js";
import { ourTeamId } from "../../football/scoreboard.js";
import { h } from "../dom.js";
import { ALWAYS, ENDS, hintsFor, momentWords } from "../model/sharewords.js";
import { selectField, switchField } from "./fields.js";
import { ask, makeOnce, needs, sentFirst } from "./online.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/sharewords.js").Options} Options */
/** @typedef {import("./sharing.js").Rules} Rules */
/** @typedef {import("./sharing.js").Sharing} Sharing */

const HOUR_MS = 3_600_000;
const EVERYTHING = { score: true, shirt_numbers: true, venue: true };

/**
 * @param {App} app
 * @param {Sharing} sharing
 * @param {Rules} rules
 */
export function newLink(app, sharing, rules) {
  const { options, making, matchId } = sharing;
  const facts = app.facts(matchId);
  if (!facts) return null;
  const take = (/** @type {string} */ hours) => {
    sharing.hours = hours;
    app.redraw();
  };
  return h(
    "form.stack",
    {
      key: "new",
      onsubmit: (/** @type {Event} */ submitted) => {
        submitted.preventDefault();
        void make(app, sharing);
      },
    },
    h("p.hint", null, "Whoever has the link can watch the match in a browser, live, without an account."),
    optionFields(app, matchId, options, rules),
    selectField(
      "Until",
      ENDS.map(([value, words]) => [value, words]),
      sharing.hours,
      take,
    ),
    h(
      "p.hint",
      { key: "ends", "aria-live": "polite" },
      `It ends on ${momentWords(sharing.hours ? app.now() + Number(sharing.hours) * HOUR_MS : usualExpiryMs(facts, app.now()))}.`,
    ),
    needs(app, making, "Links are made by the server"),
    h("button.button.wide", { disabled: making.isBusy }, making.isBusy ? "Making it…" : "Make a link"),
  );
}

/**
 * The switches of a link, with what becomes of each for this age group.
 * @param {App} app
 * @param {string} matchId
 * @param {Options} options changed as somebody switches
 * @param {Rules} rules
 */
export function optionFields(app, matchId, options, rules) {
  const facts = app.facts(matchId);
  if (!facts) return null;
  const teams = recordsOf(app.club.view, "teams");
  const all = permit(EVERYTHING, rules, facts, teams);
  const hints = hintsFor(all, groupOf(facts.match, teams));
  const take = (/** @type {keyof Options} */ name) => (/** @type {boolean} */ checked) => {
    options[name] = checked;
    app.redraw();
  };
  return h(
    "fieldset.stack",
    { key: "options" },
    h("legend", null, "What it shows"),
    switchField("Score", options.score, take("score"), { hint: hints.score }),
    switchField("Shirt numbers", options.shirt_numbers, take("shirt_numbers"), { hint: hints.shirt_numbers }),
    switchField("Venue", options.venue, take("venue"), { hint: hints.venue }),
    h("p.hint", null, ALWAYS),
  );
}

/**
 * Return the age group that decides: ours, or that of the other team where it alone is one of the youngest.
 * @param {import("../../football/facts.js").Match} match
 * @param {Map<string, any>} teams
 * @returns {string | null}
 */
function groupOf(match, teams) {
  const own = ourTeamId(match);
  const other = own === match.home_team_id ? match.away_team_id : match.home_team_id;
  const [mine, theirs] = [own, other].map((id) => teams.get(id ?? "")?.age_group ?? null);
  return mine && !YOUNG_GROUPS.includes(mine) && YOUNG_GROUPS.includes(theirs) ? theirs : mine;
}

/**
 * @param {App} app
 * @param {Sharing} sharing
 */
async function make(app, sharing) {
  const { matchId, options, hours } = sharing;
  const worked = await ask(app, sharing.making, async () => {
    await sentFirst(app, matchId);
    const body = { ...options, ...(hours && { hours: Number(hours) }) };
    const { url, link } = await makeOnce(app, sharing, `/api/matches/${matchId}/share`, body);
    sharing.made = { url: new URL(url, location.origin).href, link };
  });
  if (!worked) return;
  app.news = "The link is ready.";
  await sharing.load();
}
