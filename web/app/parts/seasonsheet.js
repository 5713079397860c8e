/** The sheet that makes or renames a season. */

import { h } from "../dom.js";
import { LABEL_LENGTH_MAX, seasonLabel, seasonsOf } from "../model/seasons.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/squads.js").Row} Row */

/**
 * @param {App} app
 * @param {Row} [season] the one to rename; a new one without it
 * @param {(id: string) => void} [made] called with the id once it is stored
 */
export function openSeason(app, season, made) {
  const known = seasonsOf(app.club);
  const next = seasonLabel(app.now());
  let label = season ? String(season.label) : known.some((each) => each.label === next) ? "" : next;
  const begins = label;
  app.open({
    title: season ? "Rename season" : "New season",
    draw: (_app, close) => {
      const isTaken = known.some((each) => each.id !== season?.id && each.label === label.trim());
      const save = async (/** @type {SubmitEvent} */ event) => {
        event.preventDefault();
        const id = season?.id ?? app.club.newId();
        if (!(await app.attempt(() => app.club.put("seasons", id, { label: label.trim() })))) return;
        close();
        made?.(id);
      };
      return h(
        "form.stack",
        { onsubmit: save },
        h(
          "label.field",
          null,
          h("span", null, "Name"),
          h("input", {
            name: "label",
            required: true,
            pattern: ".*\\S.*",
            maxlength: LABEL_LENGTH_MAX,
            autocomplete: "off",
            autofocus: true,
            placeholder: next,
            value: begins,
            oninput: (/** @type {any} */ event) => {
              label = event.target.value;
              app.redraw();
            },
          }),
          isTaken && h("small.wrong", null, "There is a season of this name already."),
        ),
        h("button.button.wide", { type: "submit" }, season ? "Save" : "Make the season"),
      );
    },
  });
}
