/** The sheet in which the owner says what links to matches of the youngest may show. */

import { h } from "../dom.js";
import { switchField } from "./fields.js";
import { foot } from "./foot.js";
import { ask, needs, nothingAsked } from "./online.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("./sharing.js").Sharing} Sharing */

/**
 * @param {App} app
 * @param {Sharing} sharing
 */
export function openRules(app, sharing) {
  const rules = { young_scores: false, young_shirt_numbers: false, ...sharing.known.answer?.rules };
  const asked = nothingAsked();
  app.open({
    title: "What the club shares",
    draw: (_, close) =>
      h(
        "form.stack",
        {
          onsubmit: async (/** @type {Event} */ submitted) => {
            submitted.preventDefault();
            if (!(await ask(app, asked, () => app.club.request("PUT", "/api/sharing/rules", rules)))) return;
            close();
            app.say("Saved, for all links of the club.");
            await sharing.load();
          },
        },
        h(
          "p",
          null,
          "For U7 to U11, and teams whose age group nobody set. The FA lets clubs collect their results and not publish them. A family link is not a publication; whether it may tell the score is yours to decide.",
        ),
        switchField("Family links may show the score", rules.young_scores, (checked) => void (rules.young_scores = checked)),
        switchField(
          "Family links may show shirt numbers",
          rules.young_shirt_numbers,
          (checked) => void (rules.young_shirt_numbers = checked),
          { hint: "Only of our own players, and never a name." },
        ),
        h("p.hint", null, "It holds for links that are open already, too."),
        needs(app, asked, "The club's rules are kept by the server"),
        foot(h("button.button.wide", { disabled: asked.isBusy }, "Save for the whole club")),
      ),
  });
}
