/** The sheet of a match's report: a text to paste into a chat, made on this phone. It says what it names. */

import { recordsOf } from "../../football/facts.js";
import { isUnpublished, report } from "../../football/report.js";
import { h } from "../dom.js";
import { switchField } from "./fields.js";
import { foot } from "./foot.js";
import { handButtons } from "./handing.js";

/** @typedef {import("../app.js").App} App */

/**
 * @param {App} app
 * @param {string} matchId
 */
export function openReport(app, matchId) {
  /** @type {{names: boolean, score: boolean | null}} null: as the age group has it */
  const chosen = { names: false, score: null };
  app.open({
    title: "Report",
    draw: () => {
      const facts = app.facts(matchId);
      if (!facts) return h("p.hint", null, "The match was deleted.");
      const [teams, players] = [recordsOf(app.club.view, "teams"), recordsOf(app.club.view, "players")];
      const isYoung = isUnpublished(facts, teams);
      const text = report(facts, teams, { players, is_full: chosen.names }, { now_ms: app.now(), with_score: chosen.score });
      const choose = (/** @type {Partial<typeof chosen>} */ change) => {
        Object.assign(chosen, change);
        app.redraw();
      };
      return h(
        "div.stack",
        null,
        h("pre.report-text", { tabindex: "0", "aria-label": "The text" }, text),
        isYoung &&
          switchField("Score and scorers", chosen.score ?? false, (score) => choose({ score }), {
            hint: "Left out for this age group: the FA lets clubs collect results of U7 to U11 and not publish them.",
          }),
        switchField("Full names", chosen.names, (names) => choose({ names }), { hint: "Without them, shirt numbers." }),
        h("p.hint", null, "Who is marked as not to be shared is called “a player” either way. Notes are never in it."),
        foot(
          chosen.names &&
            h(
              "p.banner.report-names",
              { key: "names", role: "note" },
              "This names children. Send it to their families and the club, and put it nowhere that others can read.",
            ),
          handButtons(app, { title: text.split("\n", 1)[0] ?? "Match report", text }, "Share the text"),
        ),
      );
    },
  });
}
