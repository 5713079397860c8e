/** Questions: what two phones say differently, and what the server did not accept, for a person to settle. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { questionsOf } from "../model/conflicts.js";
import { learnNames, peopleOf } from "../model/people.js";
import { knownOf, matchName } from "../model/records.js";
import { valueWords } from "../model/values.js";
import { saveUnsent } from "../parts/files.js";
import { questionCard } from "../parts/question.js";
import { refusedCard } from "../parts/refused.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/conflicts.js").Question} Question */

/** @type {import("../app.js").Screen} */
export const questions = {
  title: () => "Questions",
  tab: "matches",
  begin(app) {
    void learnNames(app);
    return { mending: new Map() };
  },
  draw(app, own) {
    const people = peopleOf(app);
    const open = questionsOf(app.club, people);
    const refused = app.club.quarantine();
    if (open.length + refused.length === 0) return nothing();
    return [
      refused.length > 0 && notAccepted(app, people, refused, own.mending),
      open.length > 0 &&
        h(
          "p.hint",
          { key: "lead" },
          app.may("coach")
            ? "Two phones say different things. Nothing is lost: choose what stays."
            : "A coach or an owner answers these. Nothing is lost meanwhile.",
        ),
      inMatches(app, open).map(([id, group]) =>
        h(
          "section.stack.to-answer",
          { key: id },
          heading(app, id),
          group.map((each) => questionCard(app, each)),
        ),
      ),
    ];
  },
};

/**
 * @param {App} app
 * @param {import("../model/people.js").People} people
 * @param {import("../../sync/quarantine.js").Refused[]} refused
 * @param {import("../parts/refused.js").Mending} mending
 */
function notAccepted(app, people, refused, mending) {
  return h(
    "section.stack.to-answer",
    { key: "refused" },
    h("h2", null, "Not accepted"),
    h(
      "p.hint",
      null,
      app.may("coach")
        ? "The server could not take these. They are kept until you mend them or give them up."
        : "The server could not take these. They are kept; a coach or an owner mends them.",
    ),
    refused.map((each) => refusedCard(app, people, each, mending)),
    h("button.link", { type: "button", onclick: () => saveUnsent(app) }, "Save them as a file"),
  );
}

/**
 * Return the questions by their match, the latest first; those of no match come last, under an empty id.
 * @param {App} app
 * @param {Question[]} open
 * @returns {[string, Question[]][]}
 */
function inMatches(app, open) {
  /** @type {Map<string, Question[]>} */
  const found = new Map();
  for (const each of open) found.set(each.matchId ?? "", [...(found.get(each.matchId ?? "") ?? []), each]);
  const kickoff = (/** @type {string} */ id) => String(knownOf(app.club, "matches", id).kickoff_ts ?? "");
  return [...found].sort(([one], [other]) => (one === "" ? 1 : other === "" ? -1 : kickoff(one) < kickoff(other) ? 1 : -1));
}

/**
 * @param {App} app
 * @param {string} id
 */
function heading({ club }, id) {
  if (id === "") return h("h2", null, "Squad and club");
  return h(
    "h2",
    null,
    matchName(club, id),
    h("small", null, valueWords(club, "matches", "kickoff_ts", knownOf(club, "matches", id).kickoff_ts)),
  );
}

function nothing() {
  return h(
    "div.empty",
    null,
    icon("check"),
    h("p", null, "Nothing to answer"),
    h("p.small", null, "When two phones record different things, you are asked here."),
  );
}
