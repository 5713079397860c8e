/** What the server did not accept: why, the field to mend in place, and the way to give it up. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { specOf } from "../model/fields.js";
import { refusedWords } from "../model/refused.js";
import { readTyped } from "../model/typed.js";
import { lineOf } from "./question.js";
import { typedField } from "./typed.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/people.js").People} People */
/** @typedef {import("../../sync/quarantine.js").Refused} Refused */
/** @typedef {Map<string, {typed: string | null, problem: string}>} Mending  By conflict: what is typed for the field at fault. */

/**
 * @param {App} app
 * @param {People} people
 * @param {Refused} refused
 * @param {Mending} mending
 */
export function refusedCard(app, people, refused, mending) {
  const { what, why, who, when, lines, field, canLeaveOut, values } = refusedWords(app.club, people, refused);
  const own = mending.get(refused.id) ?? { typed: null, problem: "" };
  const collection = refused.mutation?.collection ?? "";
  const name = `mend-${refused.id}`;
  const send = (/** @type {Event} */ event) => {
    event.preventDefault();
    const typed = own.typed ?? /** @type {any} */ (event.currentTarget).elements?.namedItem(name)?.value ?? "";
    mend(app, refused, field, typed, (problem) => mending.set(refused.id, { ...own, problem }));
  };
  return h(
    "article.card.question",
    { key: refused.id, id: `question-${refused.id}`, tabindex: "-1", "data-kind": "rejected", "aria-label": `Not accepted: ${what}` },
    h("header", null, icon("bang"), h("div", null, h("h3", null, what), h("p.soft", null, `${who}, ${when}`))),
    h("p.wrong", null, why),
    lines.length > 1 && h("dl", null, lines.map(lineOf)),
    app.may("coach") &&
      h(
        "form.stack",
        { novalidate: true, onsubmit: send },
        field &&
          typedField(app, specOf(collection, field), {
            name,
            value: refused.mutation?.fields?.[field],
            values,
            problem: own.problem,
            said: (typed) => mending.set(refused.id, { ...own, typed, problem: "" }),
          }),
        h(
          "div.answers",
          null,
          refused.mutation && h("button.button", { type: "submit" }, field ? "Mend and send" : "Send again"),
          canLeaveOut &&
            h(
              "button.button.calm",
              { type: "button", onclick: () => again(app, refused, { [String(field)]: undefined }) },
              "Send without it",
            ),
          h("button.link", { type: "button", onclick: () => openGiveUp(app, refused, what) }, "Give it up"),
        ),
      ),
  );
}

/**
 * @param {App} app
 * @param {Refused} refused
 * @param {string | null} field
 * @param {string} typed
 * @param {(problem: string) => void} onWrong
 */
function mend(app, refused, field, typed, onWrong) {
  if (!field || !refused.mutation) return again(app, refused, {});
  const spec = specOf(refused.mutation.collection, field);
  const read = readTyped(spec, typed);
  if ("problem" in read) {
    onWrong(read.problem);
    return app.redraw();
  }
  again(app, refused, { [field]: spec.form === "moment" ? uncorrected(app, read.value) : read.value });
}

/**
 * Return an instant as this phone's clock reads it: the server corrects what a put brings.
 * @param {App} app
 * @param {unknown} value
 */
function uncorrected({ club }, value) {
  return typeof value === "string" ? new Date(Date.parse(value) - club.status.correction).toISOString() : value;
}

/**
 * @param {App} app
 * @param {Refused} refused
 * @param {import("../../sync/messages.js").Values} fields
 */
function again(app, refused, fields) {
  void app.attempt(async () => {
    await app.club.mend(refused, fields);
    app.say("Sent again");
  });
}

/**
 * @param {App} app
 * @param {Refused} refused
 * @param {string} what
 */
function openGiveUp(app, refused, what) {
  app.open({
    title: "Give it up?",
    draw: (_, close) =>
      h(
        "div.stack",
        null,
        h("p", null, `${what}: it stays on no phone and not on the server. This cannot be undone.`),
        h(
          "button.button.bad.wide",
          {
            type: "button",
            onclick: () => {
              close();
              void app.attempt(async () => {
                await app.club.discard(refused);
                app.say("Given up");
              });
            },
          },
          "Give it up",
        ),
        h("button.button.calm.wide", { type: "button", onclick: close }, "Keep it for now"),
      ),
  });
}
