/** A substitution: who goes off, who comes on, done. Several at once are one act, and can be taken back as one. */

import { MINUTE_MS } from "../../football/clock.js";
import { playedMsByPlayer } from "../../football/minutes.js";
import { ourSide } from "../../football/scoreboard.js";
import { applyWrites } from "../../football/edits.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { pairsOf, pairWords, planChanges } from "../model/changes.js";
import { takeBackEvents } from "../model/happened.js";
import { callName, memberOf, squadOf } from "../model/matchsquad.js";
import { momentOf } from "../model/moment.js";
import { sidesOf } from "../model/sides.js";
import { foot } from "./foot.js";
import { shirts } from "./players.js";
import { openLineup } from "./lineup.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../model/changes.js").Pair} Pair */
/** @typedef {import("../model/matchsquad.js").Member} Member */
/** @typedef {{off: string[], on: string[]}} Picked */

/**
 * The button that opens it; before the first whistle, who starts is what there is to say.
 * @param {App} app
 * @param {MatchFacts} facts
 */
export function changeButton(app, facts) {
  const matchId = facts.match.id;
  if (facts.periods.length === 0)
    return h(
      "button.button.calm.wide",
      { key: "line-up", type: "button", onclick: () => openLineup(app, matchId) },
      icon("people"),
      "Line-up",
    );
  return h(
    "button.button.calm.wide",
    { key: "change", type: "button", onclick: () => openChange(app, matchId) },
    icon("swap"),
    h("span", null, "Substitution", waiting(app, facts)),
  );
}

/**
 * Say who of the bench has played least, and less than anybody on the pitch.
 * @param {App} app
 * @param {MatchFacts} facts
 */
function waiting(app, facts) {
  const { on, bench: off } = squadOf(app.club, facts, ourSide(facts.match));
  if (on.length === 0) return null;
  const played = playedMsByPlayer(facts, app.now());
  const time = (/** @type {Member} */ { id }) => played.get(id) ?? 0;
  const [least] = [...off].sort((one, other) => time(one) - time(other));
  if (!least || time(least) >= Math.min(...on.map(time))) return null;
  return h("small", null, `${callName(least)} has ${Math.floor(time(least) / MINUTE_MS)}′`);
}

/**
 * @param {App} app
 * @param {string} matchId
 * @param {Partial<Picked>} [picked] what is picked already
 */
export function openChange(app, matchId, { off = [], on = [] } = {}) {
  /** @type {Picked} */
  const mine = { off: [...off], on: [...on] };
  app.open({ title: "Substitution", ticks: true, draw: (_, close) => drawChange(app, matchId, mine, close) });
}

/**
 * @param {App} app
 * @param {string} matchId
 * @param {Picked} picked
 * @param {() => void} close
 */
function drawChange(app, matchId, picked, close) {
  const facts = app.facts(matchId);
  if (!facts) return null;
  const squad = squadOf(app.club, facts, ourSide(facts.match));
  if (squad.on.length === 0) return nobodyOn(app, matchId, squad.off.length, close);
  const played = playedMsByPlayer(facts, app.now());
  const minutes = (/** @type {Member} */ { id }) => `${Math.floor((played.get(id) ?? 0) / MINUTE_MS)}′`;
  const bench = [...squad.bench].sort((one, other) => (played.get(one.id) ?? 0) - (played.get(other.id) ?? 0));
  const team = sidesOf(app.club, facts).ours;
  /** @param {keyof Picked} list @param {Member[]} members @param {string} label */
  const half = (list, members, label) => [
    h("h3", null, label, picked[list].length > 0 && h("span.tag", { "data-tone": "live" }, picked[list].length)),
    shirts({
      members,
      team,
      label,
      mark: minutes,
      isChosen: ({ id }) => picked[list].includes(id),
      choose: ({ id }) => {
        picked[list] = picked[list].includes(id) ? picked[list].filter((each) => each !== id) : [...picked[list], id];
        app.redraw();
      },
    }),
  ];
  const pairs = pairsOf(picked.off, picked.on);
  const words = pairs.map((pair) => pairWords(pair, (id) => callName(memberOf(app.club, id))));
  return h(
    "div.picker",
    null,
    half("on", bench, "Coming on"),
    bench.length === 0 && h("p.hint", null, "Nobody is on the bench."),
    half("off", squad.on, "Going off"),
    foot(
      words.length > 0 &&
        h(
          "ul.pairs",
          null,
          words.map((each) => h("li", { key: each }, each)),
        ),
      h(
        "button.button.wide",
        {
          type: "button",
          disabled: pairs.length === 0,
          onclick: () => {
            close();
            void change(app, matchId, pairs, words);
          },
        },
        pairs.length > 1 ? `Make ${pairs.length} changes` : "Make the change",
      ),
    ),
  );
}

/**
 * @param {App} app
 * @param {string} matchId
 * @param {number} count of the squad
 * @param {() => void} close
 */
function nobodyOn(app, matchId, count, close) {
  return h(
    "div.stack",
    null,
    h(
      "p",
      null,
      count > 0
        ? "Say first who is on the pitch. Then a change takes two taps."
        : `There are no players yet. ${app.may("coach") ? "Add them while you pick the line-up." : "A coach adds them."}`,
    ),
    h(
      "button.button.wide",
      {
        type: "button",
        onclick: () => {
          close();
          openLineup(app, matchId);
        },
      },
      "Pick the line-up",
    ),
  );
}

/**
 * @param {App} app
 * @param {string} matchId
 * @param {Pair[]} pairs
 * @param {string[]} words
 */
async function change(app, matchId, pairs, words) {
  const facts = app.facts(matchId);
  if (!facts) return;
  const { club } = app;
  const planned = planChanges(club.view, facts, pairs, momentOf(facts, app.now()), () => club.newId());
  if ("sentence" in planned) return app.say(planned.sentence, { tone: "bad" });
  if (planned.eventIds.length === 0) return app.say("Somebody has logged that change already.");
  if (!(await app.attempt(() => applyWrites(club, planned.writes)))) return;
  navigator.vibrate?.(30);
  app.say(words.join(", "), { undo: () => takeBackEvents(app, matchId, planned.eventIds) });
}
