/** The buttons of the clock: the next thing large, pause or resume beside it. Whatever is pressed can be taken back. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { whistlesOf } from "../model/whistle.js";
import { blow } from "./blow.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../model/whistle.js").Whistle} Whistle */

const MARKS = { start: "whistle", end: "whistle", finish: "whistle", pause: "pause", resume: "play" };

/**
 * @param {App} app
 * @param {MatchFacts} facts
 */
export function clockBar(app, facts) {
  const { main, beside, others } = whistlesOf(facts, app.now());
  if (!main && others.length === 0) return null;
  /** @param {Whistle} whistle @param {string} look */
  const button = (whistle, look) =>
    h(
      `button.button.${look}`,
      { key: `${whistle.act} ${look}`, type: "button", onclick: () => void blow(app, facts.match.id, whistle) },
      icon(MARKS[whistle.act]),
      whistle.words,
    );
  return h(
    "div.clockbar",
    { role: "group", "aria-label": "Clock" },
    beside && button(beside, "calm"),
    main && button(main, "grow"),
    !main && others.map((each) => button(each, "calm")),
  );
}
