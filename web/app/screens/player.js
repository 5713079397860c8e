/** Player: who it is, what they did season by season, and what may be told of them. */

import { POSITIONS } from "../../football/vocabulary.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { isErased } from "../model/erased.js";
import { ALL, appearancesOf, currentSeason, inSeason, playedBy, seasonsOf } from "../model/seasons.js";
import { playerName, teamName } from "../model/squads.js";
import { did } from "../parts/appearances.js";
import { openErasing } from "../parts/erasing.js";
import { fold } from "../parts/fold.js";
import { honours } from "../parts/honours.js";
import { openPlayerExport } from "../parts/playerexport.js";
import { wornBy } from "../parts/playergrid.js";
import { openPlayer } from "../parts/playersheet.js";
import { shirt } from "../parts/shirt.js";
import { to } from "../route.js";
import { backLink } from "../shell.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/squads.js").Row} Row */

/** @type {import("../app.js").Screen} */
export const player = {
  title: (app) => playerName(app.club, app.route.id),
  tab: "squad",
  begin: () => ({ season: null }),
  head(app) {
    const found = playerOf(app);
    return h(
      "div.head",
      null,
      backLink(),
      found && shirt(wornBy(found, teamOf(app, found))),
      h("h1", null, playerName(app.club, app.route.id)),
      found &&
        app.may("coach") &&
        h("button.quiet", { type: "button", "aria-label": "Edit player", onclick: () => openPlayer(app, found) }, icon("edit")),
    );
  },
  draw(app, own) {
    const found = playerOf(app);
    if (!found)
      return h("div.empty", null, h("p", null, goneWords(app)), h("a.button", { href: to("squad") }, "To the squad"));
    const matches = app.matches();
    const seasons = seasonsOf(app.club);
    const season = own.season ?? currentSeason(seasons, matches);
    const played = playedBy(inSeason(matches, season), null, app.now());
    const appearances = appearancesOf(played, found.id, app.now());
    return [
      facts(app, found),
      h("h2", null, "Season"),
      seasons.length > 0 && seasonChoice(app, own, seasons, season),
      appearances.length > 0 ? did(app, found, appearances) : h("p.hint", null, "No match played yet that is recorded here."),
      honours(app, found.id, season),
      app.may("coach") && [onlyCoaches(found), sharing(app, found), leaving(app, found), ownData(app, found)],
    ];
  },
};

/**
 * @param {App} app
 * @returns {Row | undefined}
 */
function playerOf({ club, route }) {
  const fields = route.id ? club.get("players", route.id) : undefined;
  return fields && { ...fields, id: String(route.id) };
}

/** @param {App} app */
function goneWords({ club, route }) {
  return isErased(club, route.id)
    ? "This player was erased for good. The score and the minutes of their matches stay."
    : "This player is not here any more.";
}

/**
 * @param {App} app
 * @param {Row} player
 * @returns {Row | undefined}
 */
function teamOf({ club }, { current_team: id }) {
  const fields = id ? club.get("teams", String(id)) : undefined;
  return fields && { ...fields, id: String(id) };
}

/**
 * @param {App} app
 * @param {Row} player
 */
function facts(app, player) {
  const position = String(player.preferred_pos ?? "");
  return h(
    "p.row.about",
    null,
    teamOf(app, player)
      ? h("a", { href: to("team", String(player.current_team)) }, teamName(app.club, player.current_team))
      : h("span", null, "No team"),
    position && h("span.tag", null, POSITIONS[position] ?? position),
    player.is_active === false && h("span.tag", { "data-tone": "bad" }, "Left the club"),
    Boolean(player.do_not_share) && h("span.tag", null, "Not in shared links"),
  );
}

/**
 * @param {App} app
 * @param {{season: string | null}} own
 * @param {Row[]} seasons
 * @param {string} chosen
 */
function seasonChoice(app, own, seasons, chosen) {
  const choose = (/** @type {string} */ id) => () => {
    own.season = id;
    app.redraw();
  };
  const choices = [...seasons.map(({ id, label }) => [id, String(label)]), [ALL, "All"]];
  return h(
    "div.choices",
    { role: "group", "aria-label": "Season" },
    choices.map(([id, words]) =>
      h("button.choice", { key: id, type: "button", "aria-pressed": String(id === chosen), onclick: choose(id) }, words),
    ),
  );
}

/** @param {Row} player */
function onlyCoaches(player) {
  if (!player.dob && !player.notes) return null;
  const born = player.dob ? new Date(`${player.dob}T12:00:00`).toLocaleDateString("en-GB", { dateStyle: "long" }) : "";
  return fold(
    "Only for coaches",
    null,
    h(
      "dl.facts.told",
      null,
      born && h("div", null, h("dt", null, "Born"), h("dd", null, born)),
      Boolean(player.notes) && h("div", null, h("dt", null, "Notes"), h("dd", null, String(player.notes))),
    ),
  );
}

/**
 * @param {App} app
 * @param {Row} player
 */
function sharing(app, player) {
  const onchange = (/** @type {any} */ event) =>
    void app.attempt(() => app.club.put("players", player.id, { do_not_share: event.target.checked }));
  return [
    h("h2", null, "What may be told"),
    h(
      "label.card.switch.explained",
      null,
      h("input", { type: "checkbox", name: "do_not_share", checked: Boolean(player.do_not_share), onchange }),
      h(
        "span",
        null,
        h("strong", null, "Keep out of shared links"),
        h("small", null, "Whoever watches a match by a link sees nothing of this player: no number, and goals without a scorer."),
      ),
    ),
  ];
}

/**
 * @param {App} app
 * @param {Row} player
 */
function leaving(app, player) {
  const isActive = player.is_active !== false;
  const put = (/** @type {boolean} */ active) => app.club.put("players", player.id, { is_active: active });
  const change = async () => {
    const isStored = await app.attempt(() => put(!isActive));
    if (isStored)
      app.say(isActive ? `${player.full_name} has left; what was recorded stays` : `${player.full_name} is back`, {
        undo: () => put(isActive),
      });
  };
  const remove = async () => {
    if (!(await app.attempt(() => app.club.delete("players", player.id)))) return;
    app.go(player.current_team ? to("team", String(player.current_team)) : to("squad"), { replace: true });
    app.say(`Deleted ${player.full_name}; matches keep what was recorded`, { undo: () => app.club.restore("players", player.id) });
  };
  return [
    h(
      "p.acts",
      null,
      h(
        "button.button.calm.wide",
        { type: "button", onclick: () => void change() },
        isActive ? "Has left the club" : "Is back in the club",
      ),
    ),
    h("p.ending", null, h("button.link.bad", { type: "button", onclick: () => void remove() }, "Delete this player")),
  ];
}

/**
 * What the player, or their family, may ask of the club: to see what is kept, and to be forgotten.
 * @param {App} app
 * @param {Row} player
 */
function ownData(app, player) {
  return [
    h("h2", null, "Their data"),
    h(
      "p.acts",
      null,
      h("button.button.calm.wide", { type: "button", onclick: () => openPlayerExport(app, player) }, "Export what the club holds"),
    ),
    app.isSignedIn &&
      app.may("owner") &&
      h("p.ending", null, h("button.link.bad", { type: "button", onclick: () => openErasing(app, player) }, "Erase this player for good")),
  ];
}
