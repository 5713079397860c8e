/** Players as shirts to tap: with a number, and the name as it is called across the pitch. */

import { h } from "../dom.js";
import { onShirt } from "../model/matchsquad.js";
import { shirt } from "./shirt.js";

/** @typedef {import("../model/matchsquad.js").Member} Member */
/** @typedef {import("../model/sides.js").Team} Team */

/**
 * @param {object} given
 * @param {readonly Member[]} given.members
 * @param {Pick<Team, "cloth" | "trim">} given.team whose shirt they wear
 * @param {(member: Member) => void} given.choose
 * @param {string} given.label what they are to a screen reader: `On the pitch`
 * @param {(member: Member) => boolean} [given.isChosen] makes them switches
 * @param {(member: Member) => string | number | null} [given.mark] a few letters beneath the name: minutes, a position
 */
export function shirts({ members, team, choose, label, isChosen, mark }) {
  return h(
    "ul.shirts",
    { "aria-label": label },
    members.map((member) =>
      h(
        "li",
        { key: member.id },
        h(
          "button.player-button",
          {
            type: "button",
            "aria-pressed": isChosen ? String(isChosen(member)) : null,
            "aria-label": [member.number, member.name, mark?.(member)]
              .filter((each) => each !== null && each !== undefined && each !== "")
              .join(" "),
            onclick: () => choose(member),
          },
          shirt({ number: onShirt(member), cloth: team.cloth, trim: team.trim }),
          h("span.name", null, member.short),
          mark && h("small.numbers", null, mark(member) ?? ""),
        ),
      ),
    ),
  );
}
