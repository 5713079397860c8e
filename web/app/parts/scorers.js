/** The sheet of a match's scorers: links and codes by which somebody without an account records this one match. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { momentWords } from "../model/sharewords.js";
import { selectField } from "./fields.js";
import { bringUp, handButtons } from "./handing.js";
import { ask, makeOnce, needs, nothingAsked, sentFirst, sureButton } from "./online.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {{scorer_id: string, name: string, devices: number, expires_at: number, is_live: boolean}} Scorer */
/**
 * @typedef {object} Scorers What the sheet knows while it is open.
 * @property {string} matchId
 * @property {import("./online.js").Asked<Scorer[]>} known
 * @property {import("./online.js").Asked<unknown>} making
 * @property {{url: string, code: string, scorer: Scorer} | null} made told once, and forgotten with the sheet
 * @property {string} hours
 * @property {string} [key] of the link that was asked for and not told yet
 * @property {string} sure what was pressed once, and ends when it is pressed again
 * @property {() => Promise<boolean>} load
 */

const ENDS = /** @type {[string, string][]} */ ([
  ["", "A day after kick-off"],
  ["3", "In 3 hours"],
  ["12", "In 12 hours"],
  ["48", "In 2 days"],
]);

/**
 * @param {App} app
 * @param {string} matchId
 */
export function openScorers(app, matchId) {
  /** @type {Scorers} */
  const scorers = {
    matchId,
    known: nothingAsked(),
    making: nothingAsked(),
    made: null,
    hours: "",
    sure: "",
    load: () => ask(app, scorers.known, () => scorersOf(app, matchId)),
  };
  app.open({ title: "Let somebody score", draw: () => drawScorers(app, scorers) });
  if (app.isSignedIn) void scorers.load();
}

/**
 * @param {App} app
 * @param {string} matchId
 * @returns {Promise<Scorer[]>}
 */
async function scorersOf(app, matchId) {
  try {
    return (await app.club.request("GET", `/api/matches/${matchId}/scorers`)).scorers;
  } catch (error) {
    if (/** @type {any} */ (error).code === "not_found") return []; // the server has not heard of the match yet
    throw error;
  }
}

/**
 * @param {App} app
 * @param {Scorers} scorers
 */
function drawScorers(app, scorers) {
  const { known, made } = scorers;
  if (!app.may("coach")) return h("p.hint", null, "Coaches and the club's owner choose who scores.");
  const live = known.answer?.filter((each) => each.is_live) ?? [];
  return h(
    "div.stack",
    null,
    needs(app, known, "Scorers' links are made by the server", () => void scorers.load()),
    made && madeCard(app, scorers, made),
    known.answer && !made && makeForm(app, scorers),
    live.length > 0 &&
      h(
        "section",
        { key: "live" },
        h("h3", null, "Who may score"),
        h(
          "ul.list",
          null,
          live.map((each) => h("li", { key: each.scorer_id }, scorerRow(app, scorers, each))),
        ),
      ),
  );
}

/**
 * @param {App} app
 * @param {Scorers} scorers
 */
function makeForm(app, scorers) {
  const { making } = scorers;
  return h(
    "form.stack",
    {
      key: "new",
      onsubmit: (/** @type {Event} */ submitted) => {
        submitted.preventDefault();
        void make(app, scorers);
      },
    },
    h(
      "p",
      null,
      "A parent or a helper records this match on their own phone: the clock, goals, changes. They need no account, see this match with its squad, and nothing else of the club.",
    ),
    selectField("Until", ENDS, scorers.hours, (hours) => void (scorers.hours = hours)),
    needs(app, making, "Scorers' links are made by the server"),
    h("button.button.wide", { disabled: making.isBusy }, making.isBusy ? "Making it…" : "Make a link and a code"),
  );
}

/**
 * @param {App} app
 * @param {Scorers} scorers
 * @param {{url: string, code: string, scorer: Scorer}} made
 */
function madeCard(app, scorers, { url, code, scorer }) {
  const more = () => {
    scorers.made = null;
    app.redraw();
  };
  return h(
    "section.card.link-made",
    { key: "made", "aria-label": "The new scorer's link", tabindex: "-1", mounted: bringUp },
    h("h3", null, "Read out this code"),
    h("p.scorer-code.numbers", { "aria-label": [...code].join(" ") }, code),
    h("p.hint", null, `They open ${location.host}/score and type it. Capitals and the dash do not matter.`),
    h("p", null, "Or send them the link:"),
    h("p.link-told", { tabindex: "0" }, url),
    handButtons(app, { title: "Score the match", url }, "Send the link"),
    h(
      "p.hint",
      null,
      `Good until ${momentWords(scorer.expires_at)}. Both are told this once; when this sheet is closed nobody can look them up.`,
    ),
    h("button.link", { type: "button", onclick: more }, "Make another one"),
  );
}

/**
 * @param {App} app
 * @param {Scorers} scorers
 * @param {Scorer} each
 */
function scorerRow(app, scorers, { scorer_id: id, name, devices, expires_at: expires }) {
  const end = () =>
    void app.attempt(async () => {
      await app.club.request("DELETE", `/api/matches/${scorers.matchId}/scorers/${id}`);
      if (scorers.made?.scorer.scorer_id === id) scorers.made = null;
      await scorers.load();
      app.say(`${name || "Whoever has it"} cannot score any more. What they recorded stays.`);
    });
  const phones = devices === 0 ? "" : devices === 1 ? ", on 1 phone" : `, on ${devices} phones`;
  return h(
    "div.item",
    null,
    icon("edit"),
    h("span.grow", null, h("strong", null, name || "Not used yet"), h("small", null, `Until ${momentWords(expires)}${phones}`)),
    sureButton(app, scorers, id, ["End", "Really end"], end),
  );
}

/**
 * @param {App} app
 * @param {Scorers} scorers
 */
async function make(app, scorers) {
  const { matchId, hours } = scorers;
  const worked = await ask(app, scorers.making, async () => {
    await sentFirst(app, matchId);
    const { scorer, link, code } = await makeOnce(app, scorers, `/api/matches/${matchId}/scorers`, hours ? { hours: Number(hours) } : {});
    scorers.made = { url: new URL(link, location.origin).href, code, scorer };
  });
  if (!worked) return;
  app.news = "The link and the code are ready.";
  await scorers.load();
}
