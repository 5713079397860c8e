/** Minutes: how long everybody of ours has played, least first, so that a coach sees who needs time. */

import { MINUTE_MS } from "../../football/clock.js";
import { periodLengths, playedMsByPlayer } from "../../football/minutes.js";
import { ourSide } from "../../football/scoreboard.js";
import { h } from "../dom.js";
import { onShirt, sentOff, squadOf } from "../model/matchsquad.js";
import { sidesOf } from "../model/sides.js";
import { openChange } from "./change.js";
import { shirt } from "./shirt.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../model/matchsquad.js").Member} Member */

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {boolean} isOver nobody is on any more
 */
export function minutes(app, facts, isOver) {
  const { on, off } = squadOf(app.club, facts, ourSide(facts.match));
  const played = playedMsByPlayer(facts, app.now());
  const length = periodLengths(facts, app.now()).reduce((sum, [, ms]) => sum + ms, 0);
  const team = sidesOf(app.club, facts).ours;
  const gone = sentOff(facts);
  const isOn = new Set(isOver ? [] : on.map(({ id }) => id));
  const time = (/** @type {Member} */ { id }) => played.get(id) ?? 0;
  const whereOf = (/** @type {Member} */ { id, position }) =>
    gone.has(id) ? h("span.tag", { "data-tone": "bad" }, "Sent off") : isOn.has(id) && h("span.tag", null, position ?? "On");
  const all = [...on, ...off].sort((one, other) => time(one) - time(other) || Number(isOn.has(one.id)) - Number(isOn.has(other.id)));
  return h(
    "ul.minutes",
    { "aria-label": "Minutes played" },
    all.map((member) => {
      const isPlaying = isOn.has(member.id);
      const share = length > 0 ? Math.min(time(member) / length, 1) : 0;
      const whole = Math.floor(time(member) / MINUTE_MS);
      const line = [
        shirt({ number: onShirt(member), cloth: team.cloth, trim: team.trim }),
        h(
          "span.grow",
          null,
          h("span.name", null, member.name, whereOf(member)),
          h("span.share", { "aria-hidden": "true" }, h("span.filled", { style: { "--share": String(share) } })),
        ),
        h("b.numbers", null, `${whole}′`, h("span.unseen", null, whole === 1 ? " minute" : " minutes")),
      ];
      const change = () => openChange(app, facts.match.id, isPlaying ? { off: [member.id] } : { on: [member.id] });
      const mayChange = app.may("scorer") && !isOver && !gone.has(member.id);
      const row = mayChange
        ? h("button.played-row", { type: "button", title: "Change", onclick: change }, line)
        : h("div.played-row", null, line);
      return h("li", { key: member.id, "data-on": isPlaying ? "" : null }, row);
    }),
  );
}
