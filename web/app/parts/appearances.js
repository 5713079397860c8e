/** What a player did: sums, minutes and goals match by match, and the matches themselves. */

import { h } from "../dom.js";
import { wholeMinutes } from "../model/seasons.js";
import { to } from "../route.js";
import { legendOf, standingBars } from "./chart.js";
import { counted } from "./fold.js";
import { againstWords, dayWords, letterChip, scoreWords } from "./results.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/squads.js").Row} Row */
/** @typedef {ReturnType<typeof import("../model/seasons.js").appearancesOf>} Appearances */

/**
 * Draw sums, minutes match by match, and the matches.
 * @param {App} app
 * @param {Row} player
 * @param {Appearances} appearances
 */
export function did(app, player, appearances) {
  const total = (/** @type {keyof Appearances[number]["tally"]} */ name) => appearances.reduce((sum, { tally }) => sum + tally[name], 0);
  const cards = [total("yellow_cards"), total("red_cards")];
  return [
    h(
      "dl.tiles",
      null,
      tile("Minutes", wholeMinutes(total("played_ms"))),
      tile("Matches", appearances.length),
      tile("Started", total("starts")),
      tile("Goals", total("goals"), total("goals") > 0 ? "goal" : ""),
      tile("Assists", total("assists")),
      player.preferred_pos === "GK"
        ? tile("Saves", total("saves"))
        : tile("Cards", cards[0] + cards[1] === 0 ? 0 : `${cards[0]} yellow${cards[1] ? `, ${cards[1]} red` : ""}`),
    ),
    standingBars({
      caption: "Minutes in each match.",
      legend: total("goals") > 0 && legendOf([["mark", "a goal"]]),
      heads: ["Match", "Minutes", "Goals"],
      columns: appearances.map(({ facts: match, teamId, tally }) => ({
        key: match.match.id,
        label: dayWords(match, app.now()),
        value: wholeMinutes(tally.played_ms),
        text: `${wholeMinutes(tally.played_ms)}'`,
        marks: tally.goals,
        cells: [`${dayWords(match, app.now())}, ${againstWords(app.club, match, teamId)}`, wholeMinutes(tally.played_ms), tally.goals],
      })),
    }),
    h("h2", null, "Matches"),
    h(
      "ul.list",
      null,
      [...appearances].reverse().map((each) => h("li", { key: each.facts.match.id }, matchLine(app, each))),
    ),
  ];
}

/**
 * @param {string} name
 * @param {string | number} value
 * @param {string} [tone]
 */
function tile(name, value, tone) {
  return h("div", { "data-tone": tone || null }, h("dt", null, name), h("dd", null, String(value)));
}

/**
 * @param {App} app
 * @param {Appearances[number]} appearance
 */
function matchLine(app, appearance) {
  const { facts: match, teamId, tally, letter } = appearance;
  const parts = [
    `${wholeMinutes(tally.played_ms)} minutes`,
    tally.goals && counted(tally.goals, "goal"),
    tally.assists && counted(tally.assists, "assist"),
    tally.yellow_cards && "yellow card",
    tally.red_cards && "red card",
  ];
  return h(
    "a",
    { href: to("match", match.match.id) },
    letterChip(letter),
    h(
      "span.grow",
      null,
      h("strong", null, againstWords(app.club, match, teamId)),
      h("small", null, `${dayWords(match, app.now())}: ${parts.filter(Boolean).join(", ")}`),
    ),
    h("span.numbers", null, scoreWords(appearance)),
  );
}
