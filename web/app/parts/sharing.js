/** The sheet of a match's share links: who may watch it, what they see, and until when. */

import { LINK_MS_MAX } from "../../football/policy.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { heldWords, momentWords, openedWords, showsWords } from "../model/sharewords.js";
import { bringUp, handButtons } from "./handing.js";
import { ask, needs, nothingAsked, sureButton } from "./online.js";
import { openScorers } from "./scorers.js";
import { openLink } from "./sharelink.js";
import { newLink } from "./sharenew.js";
import { openRules } from "./sharerules.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/sharewords.js").Options} Options */
/** @typedef {{young_scores: boolean, young_shirt_numbers: boolean}} Rules */
/**
 * @typedef {object} Link As the server tells of one.
 * @property {string} link_id
 * @property {"live" | "expired" | "revoked"} status
 * @property {Options} asked
 * @property {Options} shows
 * @property {string | null} venue_from
 * @property {{user_id: string, display_name: string | null}} created_by
 * @property {string} expires_at
 * @property {string | null} last_used_on
 */
/**
 * @typedef {object} Sharing What the sheet knows while it is open.
 * @property {string} matchId
 * @property {import("./online.js").Asked<{links: Link[], rules: Rules}>} known
 * @property {import("./online.js").Asked<unknown>} making
 * @property {{url: string, link: Link} | null} made the address is told once, and forgotten with the sheet
 * @property {Options} options of the next one
 * @property {string} hours
 * @property {string} [key] of the link that was asked for and not told yet
 * @property {string} sure what was pressed once, and ends when it is pressed again
 * @property {() => Promise<boolean>} load
 */

const WHAT = "Links are made and ended by the server";

/**
 * @param {App} app
 * @param {string} matchId
 */
export function openShare(app, matchId) {
  const path = `/api/matches/${matchId}/share`;
  /** @type {Sharing} */
  const sharing = {
    matchId,
    known: nothingAsked(),
    making: nothingAsked(),
    made: null,
    options: { score: true, shirt_numbers: false, venue: false },
    hours: "",
    sure: "",
    load: () =>
      ask(app, sharing.known, async () => {
        const [rules, links] = await Promise.all([app.club.request("GET", "/api/sharing/rules"), linksOf(app, path)]);
        return { rules, links };
      }),
  };
  app.open({ title: "Share this match", draw: () => drawSharing(app, sharing) });
  if (app.isSignedIn && app.may("coach")) void sharing.load();
}

/**
 * Return the links of a match; one that the server has not heard of has none.
 * @param {App} app
 * @param {string} path
 * @returns {Promise<Link[]>}
 */
async function linksOf(app, path) {
  try {
    return (await app.club.request("GET", path)).links;
  } catch (error) {
    if (/** @type {any} */ (error).code === "not_found") return [];
    throw error;
  }
}

/**
 * @param {App} app
 * @param {Sharing} sharing
 */
function drawSharing(app, sharing) {
  const { known, made, matchId } = sharing;
  if (!app.facts(matchId)) return h("p.hint", null, "The match was deleted.");
  if (!app.may("coach")) return h("p.hint", null, "Coaches and the club's owner share matches. Ask one of them for a link.");
  const live = known.answer?.links.filter(({ status }) => status === "live") ?? [];
  return h(
    "div.stack",
    null,
    needs(app, known, WHAT, () => void sharing.load()),
    made && madeCard(app, sharing, made),
    known.isBusy && !known.answer && h("p.hint", { role: "status" }, "Asking the server…"),
    known.answer && !made && newLink(app, sharing, known.answer.rules),
    live.length > 0 && liveLinks(app, sharing, live),
    app.isSignedIn &&
      h(
        "section",
        { key: "more" },
        h("h3", null, "More"),
        h(
          "ul.list",
          null,
          h(
            "li",
            { key: "score" },
            h(
              "button.item",
              { type: "button", onclick: () => openScorers(app, matchId) },
              icon("edit"),
              h(
                "span.grow",
                null,
                h("strong", null, "Let somebody score"),
                h("small", null, "A helper records this match, without an account."),
              ),
              icon("next"),
            ),
          ),
          app.may("owner") &&
            known.answer &&
            h(
              "li",
              { key: "rules" },
              h(
                "button.item",
                { type: "button", onclick: () => openRules(app, sharing) },
                icon("flag"),
                h(
                  "span.grow",
                  null,
                  h("strong", null, "What the club shares of U7 to U11"),
                  h("small", null, rulesWords(known.answer.rules)),
                ),
                icon("next"),
              ),
            ),
        ),
      ),
  );
}

/** @param {Rules} rules */
function rulesWords({ young_scores: scores, young_shirt_numbers: numbers }) {
  if (scores && numbers) return "Scores and shirt numbers";
  return scores ? "Scores, no shirt numbers" : numbers ? "Shirt numbers, no scores" : "Neither scores nor shirt numbers";
}

/**
 * @param {App} app
 * @param {Sharing} sharing
 * @param {{url: string, link: Link}} made
 */
function madeCard(app, sharing, { url, link }) {
  const more = () => {
    sharing.made = null;
    app.redraw();
  };
  return h(
    "section.card.link-made",
    { key: "made", "aria-label": "The new link", tabindex: "-1", mounted: bringUp },
    h("h3", null, "The link is ready"),
    h("p.link-told", { tabindex: "0" }, url),
    handButtons(app, { title: "Watch the match", url }, "Share the link"),
    h(
      "p",
      null,
      `It shows: ${[showsWords(link), heldWords(link)].filter(Boolean).join(". ")}. It ends on ${momentWords(Date.parse(link.expires_at))}.`,
    ),
    h("p.hint", null, "The address is told this once. When this sheet is closed nobody can look it up; make another one then."),
    h("button.link", { type: "button", onclick: more }, "Make another one"),
  );
}

/**
 * @param {App} app
 * @param {Sharing} sharing
 * @param {Link[]} live
 */
function liveLinks(app, sharing, live) {
  const endAll = () =>
    void app.attempt(async () => {
      await app.club.request("DELETE", `/api/matches/${sharing.matchId}/share`);
      sharing.made = null;
      await sharing.load();
      app.say("All links have ended. Whoever is watching is cut off within 5 seconds.");
    });
  return h(
    "section.stack",
    { key: "live" },
    h("h3", null, live.length === 1 ? "1 link is open" : `${live.length} links are open`),
    h(
      "ul.list",
      null,
      live.map((link) =>
        h(
          "li",
          { key: link.link_id },
          h(
            "button.item",
            { type: "button", onclick: () => openLink(app, sharing, link) },
            icon("link"),
            h(
              "span.grow",
              null,
              h("strong", null, showsWords(link)),
              heldWords(link) && h("small", null, heldWords(link)),
              h("small", null, `Until ${momentWords(Date.parse(link.expires_at))}, ${openedWords(link.last_used_on)}`),
              h("small", null, `Made by ${link.created_by.display_name ?? "a former member"}`),
            ),
            icon("next"),
          ),
        ),
      ),
    ),
    live.length > 1 && sureButton(app, sharing, "all", [`End all ${live.length}`, `Yes, end all ${live.length} now`], endAll, "wide"),
    h("p.hint", null, `A link lives for ${LINK_MS_MAX / 86_400_000} days at the most.`),
  );
}
