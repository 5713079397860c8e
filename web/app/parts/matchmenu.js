/** What is rarely done with a match: its details, report, an early full time, calling it off, deleting it. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { whistlesOf } from "../model/whistle.js";
import { to } from "../route.js";
import { blow } from "./blow.js";
import { openMatchDetails } from "./details.js";
import { openPeriods } from "./periods.js";
import { openReport } from "./report.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {{words: string, mark: string, act: () => unknown, isBad?: boolean}} Item */

/** @param {App} app @param {string} matchId */
export function openMatchMenu(app, matchId) {
  app.open({
    title: "This match",
    draw: (_, close) =>
      h(
        "ul.list.menu",
        null,
        itemsOf(app, matchId).map(({ words, mark, act, isBad }) =>
          h(
            "li",
            { key: words },
            h(
              "button.item",
              {
                type: "button",
                "data-tone": isBad ? "bad" : null,
                onclick: () => {
                  close();
                  act();
                },
              },
              icon(mark),
              h("span.grow", null, words),
            ),
          ),
        ),
      ),
  });
}

/**
 * @param {App} app
 * @param {string} matchId
 * @returns {Item[]}
 */
function itemsOf(app, matchId) {
  const facts = app.facts(matchId);
  if (!facts) return [];
  const [isScorer, isCoach] = [app.may("scorer"), app.may("coach")];
  const { main, others } = whistlesOf(facts, app.now());
  const whistles = main && isScorer ? others : [];
  const isOff = facts.match.called_off !== null;
  return [
    { words: "Report", mark: "list", act: () => openReport(app, matchId) },
    ...(isCoach ? [{ words: "Details of the match", mark: "edit", act: () => openMatchDetails(app, matchId) }] : []),
    ...(isScorer ? [{ words: "Times of the periods", mark: "clock", act: () => openPeriods(app, matchId) }] : []),
    ...whistles.map((each) => ({ words: each.words, mark: "whistle", act: () => blow(app, matchId, each) })),
    ...(isScorer && !isOff ? [{ words: "Postpone it", mark: "pause", act: () => callOff(app, matchId, "postponed") }] : []),
    ...(isScorer && !isOff ? [{ words: "Call it off", mark: "close", act: () => callOff(app, matchId, "cancelled") }] : []),
    ...(isScorer && isOff ? [{ words: "It is on again", mark: "play", act: () => callOff(app, matchId, null) }] : []),
    ...(isCoach ? [{ words: "Delete this match", mark: "bin", act: () => remove(app, matchId), isBad: true }] : []),
  ];
}

/**
 * @param {App} app
 * @param {string} matchId
 * @param {"cancelled" | "postponed" | null} why null: it is on again
 */
async function callOff(app, matchId, why) {
  const before = app.facts(matchId)?.match.called_off ?? null;
  const isStored = await app.attempt(() => app.club.put("matches", matchId, { called_off: why }));
  const words = why === "postponed" ? "The match is postponed" : why === "cancelled" ? "The match is called off" : "The match is on again";
  if (isStored) app.say(words, { undo: () => app.club.put("matches", matchId, { called_off: before }) });
}

/**
 * @param {App} app
 * @param {string} matchId
 */
async function remove(app, matchId) {
  if (!(await app.attempt(() => app.club.delete("matches", matchId)))) return;
  app.go(to(), { replace: true });
  app.say("The match is deleted, with all that was recorded in it", { undo: () => app.club.restore("matches", matchId) });
}
