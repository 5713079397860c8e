/** Awards of a season: who won what, given and taken back. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { isErased } from "../model/erased.js";
import { byName, NAME_LENGTH_MAX, ownTeams, playerName, playersOf } from "../model/squads.js";
import { to } from "../route.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/squads.js").Row} Row */

const USUAL = ["Player of the season", "Players' player", "Most improved", "Top scorer", "Team spirit", "Best trainer"];

/**
 * @param {App} app
 * @param {Row} season
 * @param {string | null} teamId whose players are shown to choose from; null: all own teams'
 */
export function awards(app, season, teamId) {
  const given = app.club.all("awards", { season_id: season.id }).sort(byName("category"));
  const mayGive = app.may("coach");
  if (given.length === 0 && !mayGive) return null;
  return [
    h("h2", null, "Awards"),
    given.length > 0 &&
      h(
        "ul.list.honours",
        null,
        given.map((award) => h("li", { key: award.id }, line(app, award, mayGive))),
      ),
    mayGive &&
      h(
        "p.acts",
        null,
        h("button.button.calm.wide", { type: "button", onclick: () => openAward(app, season, teamId) }, icon("plus"), "Give an award"),
      ),
  ];
}

/**
 * @param {App} app
 * @param {Row} award
 * @param {boolean} mayTake
 */
function line(app, award, mayTake) {
  const remove = async () => {
    if (await app.attempt(() => app.club.delete("awards", award.id)))
      app.say(`Took back ${award.category}`, { undo: () => app.club.restore("awards", award.id) });
  };
  return h(
    "div.award",
    null,
    h(
      "span.grow",
      null,
      h("strong", null, String(award.category)),
      isErased(app.club, award.player_id)
        ? h("span", null, playerName(app.club, award.player_id))
        : h("a", { href: to("player", String(award.player_id)) }, playerName(app.club, award.player_id)),
      Boolean(award.notes) && h("small", null, String(award.notes)),
    ),
    mayTake &&
      h("button.quiet", { type: "button", "aria-label": `Take back ${award.category}`, onclick: () => void remove() }, icon("bin")),
  );
}

/**
 * @param {App} app
 * @param {Row} season
 * @param {string | null} teamId
 */
function openAward(app, season, teamId) {
  const teams = teamId === null ? ownTeams(app.club).map(({ id }) => id) : [teamId];
  const players = teams.flatMap((id) => playersOf(app.club, id));
  app.open({
    title: "Give an award",
    draw: (_app, close) => {
      const save = async (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        const { category, winner, notes } = /** @type {any} */ (event.currentTarget).elements;
        const fields = {
          season_id: season.id,
          player_id: winner.value,
          category: category.value.trim(),
          ...(notes.value.trim() && { notes: notes.value.trim() }),
        };
        if (!(await app.attempt(() => app.club.put("awards", app.club.newId(), fields)))) return;
        close();
        app.say(`${fields.category}: ${playerName(app.club, winner.value)}`);
      };
      return h(
        "form.stack",
        { onsubmit: save },
        h(
          "label.field",
          null,
          h("span", null, "Award"),
          h("input", {
            name: "category",
            list: "usual-awards",
            required: true,
            pattern: ".*\\S.*",
            maxlength: NAME_LENGTH_MAX,
            autocomplete: "off",
            placeholder: USUAL[0],
          }),
          h(
            "datalist",
            { id: "usual-awards" },
            USUAL.map((words) => h("option", { value: words })),
          ),
        ),
        h(
          "label.field",
          null,
          h("span", null, "Goes to"),
          h(
            "select",
            { name: "winner", required: true },
            h("option", { value: "" }, "Choose"),
            players.map((player) => h("option", { value: player.id }, `${player.squad_number ?? ""} ${player.full_name}`.trim())),
          ),
        ),
        h(
          "label.field",
          null,
          h("span", null, "Why (may be left out)"),
          h("input", { name: "notes", maxlength: 1_000, autocomplete: "off" }),
        ),
        h("button.button.wide", { type: "submit" }, "Give it"),
      );
    },
  });
}
