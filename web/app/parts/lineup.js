/** The line-up: who starts, picked by taps on shirts; a player who is not in the squad yet is added in place. */

import { isProblem } from "../../football/presses.js";
import { ourSide, ourTeamId } from "../../football/scoreboard.js";
import { lineUp } from "../../football/substitutions.js";
import { POSITIONS } from "../../football/vocabulary.js";
import { applyWrites } from "../../football/edits.js";
import { writePlan } from "../../football/writes.js";
import { h } from "../dom.js";
import { startersMax, startersOf, suggested } from "../model/lineup.js";
import { squadOf } from "../model/matchsquad.js";
import { sidesOf } from "../model/sides.js";
import { addPlayer } from "./addplayer.js";
import { foot } from "./foot.js";
import { shirts } from "./players.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../model/lineup.js").Starters} Starters */
/** @typedef {import("../model/matchsquad.js").Member} Member */
/** @typedef {{picked: Starters, isPlacing: boolean}} Mine */

/**
 * @param {App} app
 * @param {string} matchId
 */
export function openLineup(app, matchId) {
  const facts = app.facts(matchId);
  if (!facts) return;
  /** @type {Mine} */
  const mine = { picked: startersOf(facts), isPlacing: false };
  app.open({ title: "Who starts", draw: (_, close) => drawLineup(app, matchId, mine, close) });
}

/**
 * @param {App} app
 * @param {string} matchId
 * @param {Mine} mine
 * @param {() => void} close
 */
function drawLineup(app, matchId, mine, close) {
  const facts = app.facts(matchId);
  if (!facts) return null;
  const { on, off } = squadOf(app.club, facts, ourSide(facts.match));
  const members = [...on, ...off].sort((one, other) => (one.number ?? 1_000) - (other.number ?? 1_000));
  const most = startersMax(app.club, facts);
  const team = sidesOf(app.club, facts).ours;
  return h(
    "div.picker",
    null,
    members.length === 0
      ? h(
          "p.hint",
          null,
          `${team.name} has no players yet. ${app.may("coach") ? "Add those who play today; the rest can wait." : "A coach adds them."}`,
        )
      : suggestion(app, facts, mine),
    members.length > 0 &&
      shirts({
        members,
        team,
        label: "Squad",
        isChosen: ({ id }) => mine.picked.has(id),
        mark: ({ id }) => mine.picked.get(id) ?? null,
        choose: ({ id }) => {
          if (mine.picked.has(id)) mine.picked.delete(id);
          else mine.picked.set(id, String(app.club.get("players", id)?.preferred_pos ?? "") || null);
          app.redraw();
        },
      }),
    mine.isPlacing &&
      positions(
        mine,
        members.filter(({ id }) => mine.picked.has(id)),
      ),
    app.may("coach") && addPlayer(app, facts, (id) => mine.picked.set(id, null)),
    foot(
      h(
        "p.picked-count",
        { "data-many": mine.picked.size > most ? "" : null, role: "status" },
        h("b.numbers", null, `${mine.picked.size} of ${most}`),
        mine.picked.size > most ? `, ${mine.picked.size - most} too many` : "",
      ),
      h(
        "div.row",
        null,
        mine.picked.size > 0 &&
          h(
            "button.button.calm",
            {
              type: "button",
              "aria-pressed": String(mine.isPlacing),
              onclick: () => {
                mine.isPlacing = !mine.isPlacing;
                app.redraw();
              },
            },
            "Positions",
          ),
        h(
          "button.button.grow",
          { type: "button", disabled: mine.picked.size === 0, onclick: () => void save(app, matchId, mine, close) },
          "Save the line-up",
        ),
      ),
    ),
  );
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {Mine} mine
 */
function suggestion(app, facts, mine) {
  if (mine.picked.size > 0) return null;
  const last = suggested(app.club, app.matches(), facts);
  if (last.size === 0) return h("p.hint", null, "Tap the shirts of those who start.");
  return h(
    "button.button.calm.wide",
    {
      type: "button",
      onclick: () => {
        mine.picked = new Map(last);
        app.redraw();
      },
    },
    `As last time: ${last.size} players`,
  );
}

/**
 * @param {Mine} mine
 * @param {Member[]} members those who start
 */
function positions(mine, members) {
  return h(
    "ul.positions",
    null,
    members.map(({ id, number, name }) => {
      const position = mine.picked.get(id);
      return h(
        "li",
        { key: id },
        h(
          "label.row",
          null,
          h("span.grow", null, [number, name].filter((each) => each !== null).join(" ")),
          h(
            "select",
            { value: position ?? "", onchange: (/** @type {any} */ event) => void mine.picked.set(id, event.target.value || null) },
            h("option", { value: "" }, "Anywhere"),
            Object.entries(POSITIONS)
              .filter(([code]) => code !== "SUB")
              .map(([code, words]) => h("option", { value: code }, `${code} · ${words}`)),
          ),
        ),
      );
    }),
  );
}

/**
 * @param {App} app
 * @param {string} matchId
 * @param {Mine} mine
 * @param {() => void} close
 */
async function save(app, matchId, { picked }, close) {
  const facts = app.facts(matchId);
  if (!facts) return;
  const { club } = app;
  const before = [...startersOf(facts)];
  const isWritten = await write(app, facts, [...picked]);
  if (!isWritten) return;
  close();
  app.say(`${picked.size} start`, {
    undo: async () => {
      const now = app.facts(matchId);
      if (!now) return;
      if (before.length > 0) await write(app, now, before);
      else for (const stint of now.lineup) if (picked.has(stint.player_id) && stint.end_min === null) await club.delete("lineup", stint.id);
    },
  });
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {[string, string | null][]} players
 */
async function write(app, facts, players) {
  const plan = lineUp(facts, players, ourTeamId(facts.match));
  if (isProblem(plan)) {
    app.say(plan.sentence, { tone: "bad" });
    return false;
  }
  const writes = writePlan(app.club.view, plan);
  return writes.writes.length === 0 || app.attempt(() => applyWrites(app.club, writes));
}
