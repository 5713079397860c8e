/** The teams of a new match: ours, who we play, and which of us is at home. */

import { AGE_GROUPS } from "../../football/vocabulary.js";
import { h } from "../dom.js";
import { opponentNames } from "../model/fixtures.js";
import { lengthsOf, THEM, US, usualLength } from "../model/newmatch.js";
import { ageWords, ownTeams } from "../model/squads.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../screens/newmatch.js").Own} Own */

const SUGGESTIONS_MAX = 6;
const SIDE_WORDS = /** @type {const} */ ([
  ["home", "Home"],
  ["away", "Away"],
]);

/**
 * @param {App} app
 * @param {Own} own
 */
export function teamField(app, { draft }) {
  const teams = ownTeams(app.club);
  /** @param {string | null} id */
  const choose = (id) => () => {
    draft.teamId = id;
    draft.ageGroup = id ? String(app.club.get("teams", id)?.age_group ?? "") || null : (app.prefs.all.age_group ?? null);
    draft.length = usualLength(app.matches(), id, draft.ageGroup);
    app.redraw();
  };
  return h(
    "fieldset.stack",
    { key: "ours" },
    h("legend", null, "Our team"),
    teams.length > 0 &&
      h(
        "div.choices",
        null,
        teams.map(({ id, name }) =>
          h("button.choice", { key: id, type: "button", "aria-pressed": String(draft.teamId === id), onclick: choose(id) }, String(name)),
        ),
        h(
          "button.choice",
          { key: "new", type: "button", "aria-pressed": String(draft.teamId === null), onclick: choose(null) },
          "Another team",
        ),
      ),
    draft.teamId === null &&
      h(
        "label.field",
        { key: "typed" },
        h("span.unseen", null, "Name of our team"),
        h("input", {
          type: "text",
          maxlength: 100,
          autocomplete: "off",
          placeholder: US,
          value: draft.teamName,
          oninput: (/** @type {any} */ event) => (draft.teamName = event.target.value),
        }),
      ),
  );
}

/**
 * The age group of a team that is new; it says how long is played.
 * @param {App} app
 * @param {Own} own
 */
export function ageField(app, { draft }) {
  /** @param {string} group */
  const choose = (group) => () => {
    draft.ageGroup = draft.ageGroup === group ? null : group;
    draft.length = lengthsOf(draft.ageGroup)[0] ?? draft.length;
    app.redraw();
  };
  return h(
    "fieldset",
    { key: "age" },
    h("legend", null, "Age group"),
    h(
      "div.choices.slide",
      null,
      AGE_GROUPS.map((group) =>
        h(
          "button.choice",
          { key: group, type: "button", "aria-pressed": String(draft.ageGroup === group), onclick: choose(group) },
          ageWords(group),
        ),
      ),
    ),
  );
}

/**
 * @param {App} app
 * @param {Own} own
 */
export function opponentField(app, { draft }) {
  const typed = draft.opponent.trim().toLocaleLowerCase();
  const names = opponentNames(app.club, app.matches(), draft.teamId).filter((name) => {
    const known = name.toLocaleLowerCase();
    return known.includes(typed) && known !== typed;
  });
  /** @param {string} name */
  const choose = (name) => (/** @type {any} */ event) => {
    draft.opponent = name;
    const field = event.target.closest("fieldset").querySelector("input");
    field.value = name;
    app.redraw();
  };
  return h(
    "fieldset.stack",
    { key: "theirs" },
    h("legend", null, "Against"),
    h(
      "label.field",
      null,
      h("span.unseen", null, "Name of the other team"),
      h("input", {
        type: "text",
        maxlength: 100,
        autocomplete: "off",
        placeholder: THEM,
        value: draft.opponent,
        oninput: (/** @type {any} */ event) => {
          draft.opponent = event.target.value;
          app.redraw();
        },
      }),
    ),
    names.length > 0 &&
      h(
        "div.choices.slide",
        { "aria-label": "Played before", role: "group" },
        names.slice(0, SUGGESTIONS_MAX).map((name) => h("button.choice", { key: name, type: "button", onclick: choose(name) }, name)),
      ),
  );
}

/**
 * @param {App} app
 * @param {Own} own
 */
export function sideField(app, { draft }) {
  return h(
    "fieldset",
    { key: "side" },
    h("legend", null, "We play"),
    h(
      "div.choices",
      null,
      SIDE_WORDS.map(([side, words]) =>
        h(
          "button.choice",
          {
            key: side,
            type: "button",
            "aria-pressed": String(draft.side === side),
            onclick: () => {
              draft.side = side;
              app.redraw();
            },
          },
          words,
        ),
      ),
    ),
  );
}
