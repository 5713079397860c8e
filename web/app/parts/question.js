/** A question: what two phones say of one thing, side by side, and the buttons that answer it. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { carryOut } from "../model/merging.js";
import { knownOf } from "../model/records.js";
import { specOf } from "../model/fields.js";
import { readTyped } from "../model/typed.js";
import { typedField } from "./typed.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/conflicts.js").Answer} Answer */
/** @typedef {import("../model/conflicts.js").Line} Line */
/** @typedef {import("../model/conflicts.js").Option} Option */
/** @typedef {import("../model/conflicts.js").Question} Question */

/** Letters from which sides stand below each other: of all, and of one word. */
const [LONG, LONG_WORD] = [60, 9];

/**
 * @param {App} app
 * @param {Question} question
 */
export function questionCard(app, question) {
  const { id, ask, about, hint, options, answers, parts, takesOther } = question;
  const isLong =
    options.length > 2 ||
    options.some(({ words, lines }) =>
      [words, ...lines.map((line) => line.words)].some(
        (text) => text.length > LONG || text.split(/[\s-]/).some((word) => word.length > LONG_WORD),
      ),
    );
  const mayAnswer = app.may("coach");
  return h(
    "article.card.question",
    { key: id, id: `question-${id}`, tabindex: "-1", "aria-label": ask, "data-kind": question.kind },
    h("header", null, icon(MARKS[question.kind] ?? "question"), h("div", null, h("h3", null, ask), about && h("p.soft", null, about))),
    hint && h("p.hint", null, hint),
    options.length > 0 &&
      h(
        "ul.sides",
        { "data-long": isLong },
        options.map((option) => side(app, question, option, mayAnswer)),
      ),
    parts.length > 0 &&
      h(
        "ul.group-parts",
        null,
        parts.map((part) => partLine(part)),
      ),
    mayAnswer &&
      (answers.length > 0 || takesOther) &&
      h(
        "div.answers",
        null,
        answers.map((answer, place) =>
          h(
            "button.button",
            {
              key: answer.act,
              class: place > 0 || parts.some((part) => part.isOpen) || options.some((each) => each.answer) ? "calm" : "",
              type: "button",
              onclick: () => give(app, question, answer),
            },
            answer.act,
          ),
        ),
        takesOther && h("button.link", { type: "button", onclick: () => openOther(app, question) }, "Something else"),
      ),
  );
}

/** @type {Readonly<Record<string, string>>} Kind -> icon. */
const MARKS = Object.freeze({ field: "question", deleted: "bin", duplicate: "copies", group: "swap", orphan: "clock" });

/**
 * @param {App} app
 * @param {Question} question
 * @param {Option} option
 * @param {boolean} mayAnswer
 */
function side(app, question, { words, lines, who, when, stands, answer }, mayAnswer) {
  return h(
    "li.side",
    { "data-stands": stands },
    stands && h("span.tag", null, "Shown now"),
    h("p.said", null, words),
    lines.length > 0 &&
      h(
        "dl",
        null,
        lines.map((line) => lineOf(line)),
      ),
    h("p.small", null, `${who}, ${when}`),
    mayAnswer &&
      answer &&
      h(
        "button.button.wide",
        { type: "button", "aria-label": answer.says, class: stands ? "calm" : "", onclick: () => give(app, question, answer) },
        answer.act,
      ),
  );
}

/** @param {Line} line */
export function lineOf({ name, words }) {
  return h("div", null, h("dt", null, name), h("dd", null, words));
}

/** @param {{id: string, words: string, isOpen: boolean}} part */
function partLine({ id, words, isOpen }) {
  const show = () => {
    const card = document.getElementById(`question-${id}`);
    card?.scrollIntoView({ block: "center" });
    card?.focus({ preventScroll: true });
  };
  return h(
    "li",
    { key: id },
    isOpen ? h("button.link", { type: "button", onclick: show }, words) : h("span", null, words),
    h("span.tag", null, isOpen ? "to answer" : "answered"),
  );
}

/**
 * @param {App} app
 * @param {Question} question
 * @param {Answer} answer
 */
function give(app, question, answer) {
  void app.attempt(async () => {
    await carryOut(app.club, question, answer);
    app.say(`${answer.done}. ${LATER[question.kind] ?? ""}`.trim());
  });
}

/** What can still be done afterwards: an answer has no undo. */
const LATER = /** @type {Record<string, string>} */ ({
  field: "It can be changed like anything else.",
  deleted: "It can be changed like anything else.",
});

/**
 * @param {App} app
 * @param {Question} question
 */
function openOther(app, question) {
  const { collection, record, field, stands } = question.conflict;
  const spec = specOf(collection, field);
  const values = knownOf(app.club, collection, record);
  let typed = /** @type {string | null} */ (null);
  let problem = "";
  app.open({
    title: question.ask,
    draw: (_, close) =>
      h(
        "form.stack",
        {
          novalidate: true,
          onsubmit: (/** @type {Event} */ event) => {
            event.preventDefault();
            const entry = /** @type {HTMLInputElement} */ (
              /** @type {HTMLFormElement} */ (event.currentTarget).elements.namedItem("other")
            );
            const read = readTyped(spec, typed ?? entry.value);
            if ("problem" in read) {
              problem = read.problem;
              return app.redraw();
            }
            close();
            give(app, question, { act: "", says: "", choice: "set", value: read.value, done: "Saved" });
          },
        },
        h("p.soft", null, question.about),
        typedField(app, spec, { name: "other", value: stands.value, values, problem, said: (text) => void (typed = text) }),
        h("button.button.wide", { type: "submit" }, "Save this"),
      ),
  });
}
