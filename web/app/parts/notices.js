/** What a match wants looked at, said calmly: an end that nobody pressed, too many on the pitch. Nothing was refused for it. */

import { periodsOf } from "../../football/periods.js";
import { crowdPrompts } from "../../football/substitutions.js";
import { periodWords } from "../../football/words.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { regularWord } from "../model/calling.js";
import { callName, memberOf } from "../model/matchsquad.js";
import { openPeriods } from "./periods.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */

/** As many names as a line takes. */
const NAMES_MAX = 4;

/**
 * @param {App} app
 * @param {MatchFacts} facts
 */
export function assumedNote(app, facts) {
  const assumed = periodsOf(facts, app.now()).filter((period) => period.is_assumed);
  if (assumed.length === 0) return null;
  const names = assumed.map(({ key }) => periodWords(key, regularWord(facts.match)).replace(/^E/, "e"));
  return h(
    "div.banner",
    { key: "assumed" },
    icon("clock"),
    h("p.grow", null, `Nobody ended the ${names.join(" and the ")}.`),
    app.may("scorer") && h("button.button", { type: "button", onclick: () => openPeriods(app, facts.match.id) }, "Set it"),
  );
}

/**
 * Say in a line that too many are, or were, on the pitch.
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {() => void} look shows who
 */
export function crowdLine(app, facts, look) {
  const [first] = crowdsOf(app, facts);
  return (
    first &&
    h(
      "div.banner",
      { key: "crowd" },
      icon("people"),
      h("p.grow", null, first.sentence),
      h("button.button", { type: "button", onclick: look }, "Who?"),
    )
  );
}

/**
 * Say of each time that too many were on the pitch who they were.
 * @param {App} app
 * @param {MatchFacts} facts
 */
export function crowdNotes(app, facts) {
  return crowdsOf(app, facts).map(({ sentence, player_ids: ids }, n) => {
    const names = ids.slice(0, NAMES_MAX).map((id) => callName(memberOf(app.club, id)));
    const more = ids.length > NAMES_MAX ? ` and ${ids.length - NAMES_MAX} more` : "";
    return h(
      "div.banner",
      { key: `crowd ${n}` },
      icon("people"),
      h("p.grow", null, `${sentence} One of these was not: ${names.join(", ")}${more}.`),
    );
  });
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 */
function crowdsOf(app, facts) {
  const groups = new Map(app.club.all("teams").map(({ id, age_group }) => [id, /** @type {string | null} */ (age_group ?? null)]));
  return crowdPrompts(facts, groups, app.now());
}
