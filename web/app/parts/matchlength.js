/** How long a match is: what the age group plays, or anything else. */

import { PERIODS_BY_FORMAT } from "../../football/vocabulary.js";
import { h } from "../dom.js";
import { lengthsOf, totalMinutes } from "../model/newmatch.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/newmatch.js").Length} Length */
/** @typedef {import("../screens/newmatch.js").Own} Own */

const FORMAT_WORDS = /** @type {const} */ ([
  ["half", "2 halves"],
  ["quarter", "4 quarters"],
]);
const MINUTES_MAX = 60;

/**
 * @param {App} app
 * @param {Own} own
 */
export function lengthField(app, own) {
  const { draft } = own;
  const offered = lengthsOf(draft.ageGroup);
  const isOffered = offered.some((each) => isSame(each, draft.length));
  const shown = isOffered ? offered : [draft.length, ...offered];
  return h(
    "fieldset.stack",
    { key: "length" },
    h("legend", null, "Length"),
    h(
      "div.choices",
      null,
      shown.map((length) =>
        h(
          "button.choice",
          {
            key: lengthWords(length),
            type: "button",
            "aria-pressed": String(!own.isLengthOpen && isSame(length, draft.length)),
            onclick: () => choose(app, own, length),
          },
          lengthWords(length),
        ),
      ),
      h(
        "button.choice",
        {
          key: "other",
          type: "button",
          "aria-pressed": String(own.isLengthOpen),
          onclick: () => {
            own.isLengthOpen = true;
            app.redraw();
          },
        },
        "Other",
      ),
    ),
    own.isLengthOpen && byHand(app, own),
  );
}

/**
 * @param {App} app
 * @param {Own} own
 * @param {Length} length
 */
function choose(app, own, length) {
  own.draft.length = length;
  own.isLengthOpen = false;
  app.redraw();
}

/**
 * @param {App} app
 * @param {Own} own
 */
function byHand(app, { draft }) {
  return h(
    "div.stack",
    { key: "by hand" },
    h(
      "div.choices",
      null,
      FORMAT_WORDS.map(([format, words]) =>
        h(
          "button.choice",
          {
            key: format,
            type: "button",
            "aria-pressed": String(draft.length.format === format),
            onclick: () => {
              draft.length = { ...draft.length, format };
              app.redraw();
            },
          },
          words,
        ),
      ),
    ),
    h(
      "label.field",
      null,
      h("span", null, "Minutes of each"),
      h("input", {
        type: "number",
        inputmode: "decimal",
        min: "1",
        max: String(MINUTES_MAX),
        step: "0.5",
        value: String(draft.length.minutes),
        oninput: (/** @type {any} */ event) => {
          const minutes = Number(event.target.value);
          if (minutes > 0 && minutes <= MINUTES_MAX) draft.length = { ...draft.length, minutes };
          app.redraw();
        },
      }),
    ),
    h("p.hint", null, `${totalMinutes(draft.length)} minutes together.`),
  );
}

/** @param {Length} length */
const lengthWords = ({ format, minutes }) =>
  `${PERIODS_BY_FORMAT[format] ?? 2} × ${String(minutes).replace(".5", "½").replace(/^0½/, "½")}`;

/**
 * @param {Length} one
 * @param {Length} other
 */
const isSame = (one, other) => one.format === other.format && one.minutes === other.minutes;
