/** The sheet of one share link that lives: to change what it shows or how long, or to end it. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { ENDS, momentWords } from "../model/sharewords.js";
import { selectField } from "./fields.js";
import { foot } from "./foot.js";
import { ask, needs, nothingAsked } from "./online.js";
import { optionFields } from "./sharenew.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("./sharing.js").Link} Link */
/** @typedef {import("./sharing.js").Sharing} Sharing */

/**
 * @param {App} app
 * @param {Sharing} sharing
 * @param {Link} link
 */
export function openLink(app, sharing, link) {
  const path = `/api/matches/${sharing.matchId}/share/${link.link_id}`;
  const options = { ...link.asked };
  const typed = { hours: "" };
  const asked = nothingAsked();
  const { rules } = sharing.known.answer ?? { rules: { young_scores: false, young_shirt_numbers: false } };
  app.open({
    title: "A share link",
    draw: (_, close) => {
      const save = async () => {
        const body = { ...options, ...(typed.hours && { hours: Number(typed.hours) }) };
        if (!(await ask(app, asked, () => app.club.request("PATCH", path, body)))) return;
        close();
        app.say("Changed. Whoever is watching sees it now.");
        await sharing.load();
      };
      const end = async () => {
        if (!(await ask(app, asked, () => app.club.request("DELETE", path)))) return;
        if (sharing.made?.link.link_id === link.link_id) sharing.made = null;
        close();
        app.say("The link has ended. Whoever is watching by it is cut off within 5 seconds.");
        await sharing.load();
      };
      return h(
        "form.stack",
        {
          onsubmit: (/** @type {Event} */ submitted) => {
            submitted.preventDefault();
            void save();
          },
        },
        h(
          "p.hint",
          null,
          `Made by ${link.created_by.display_name ?? "a former member"}. Its address cannot be looked up; whoever has it keeps it.`,
        ),
        optionFields(app, sharing.matchId, options, rules),
        selectField(
          "Until",
          [
            ["", `As it is: ${momentWords(Date.parse(link.expires_at))}`],
            ...ENDS.filter(([hours]) => hours).map(([hours, words]) => /** @type {[string, string]} */ ([hours, words])),
          ],
          typed.hours,
          (hours) => void (typed.hours = hours),
        ),
        needs(app, asked, "Links are changed by the server"),
        foot(
          h("button.button.wide", { disabled: asked.isBusy }, "Save the changes"),
          h(
            "button.button.bad.wide",
            { type: "button", disabled: asked.isBusy, onclick: () => void end() },
            icon("close"),
            "End this link now",
          ),
        ),
      );
    },
  });
}
