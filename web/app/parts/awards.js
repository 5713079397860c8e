/** The awards of a match, such as the player of the match: listed, given, corrected, taken back. */

import { ourTeamId } from "../../football/scoreboard.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { called } from "../model/calling.js";
import { byName, playersOf } from "../model/squads.js";
import { selectField, textField } from "./fields.js";
import { formFoot } from "./foot.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../model/squads.js").Row} Row */
/** @typedef {{category: string, player: string, notes: string, wrong: string}} Typed */

const NAME_MAX = 100;
const NOTES_MAX = 1_000;
const USUAL = "Player of the match";

/**
 * @param {App} app
 * @param {MatchFacts} facts
 */
export function awardsList(app, facts) {
  const awards = awardsOf(app, facts.match.id);
  const mayWrite = app.may("scorer");
  return h(
    "section",
    { key: "awards" },
    h("h3", null, "Awards"),
    awards.length > 0 &&
      h(
        "ul.list",
        null,
        awards.map((award) => h("li", { key: award.id }, item(app, facts, award, mayWrite))),
      ),
    awards.length === 0 && h("p.hint", null, "None yet. They stay within the club."),
    mayWrite &&
      h(
        "button.link",
        { type: "button", onclick: () => openAward(app, facts.match.id, null) },
        awards.length ? "Add another award" : "Name the player of the match",
      ),
  );
}

/**
 * @param {App} app
 * @param {string} matchId
 */
const awardsOf = ({ club }, matchId) => club.all("match_awards", { match_id: matchId }).sort(byName("category"));

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {Row} award
 * @param {boolean} mayWrite
 */
function item(app, facts, award, mayWrite) {
  const who = award.player_id ? called(app.club, String(award.player_id)) : "Nobody yet";
  const words = h(
    "span.grow",
    null,
    h("strong", null, who),
    h("small", null, String(award.category)),
    award.notes && h("span.note-words", null, String(award.notes)),
  );
  if (!mayWrite) return h("div.item", null, words);
  return h("button.item", { type: "button", onclick: () => openAward(app, facts.match.id, award) }, words, icon("edit"));
}

/**
 * @param {App} app
 * @param {string} matchId
 * @param {Row | null} award null: a new one
 */
function openAward(app, matchId, award) {
  const given = awardsOf(app, matchId).map(({ category }) => category);
  const category = award ? String(award.category) : given.includes(USUAL) ? "" : USUAL;
  const typed = { category, player: String(award?.player_id ?? ""), notes: String(award?.notes ?? ""), wrong: "" };
  app.open({
    title: award ? String(award.category) : "New award",
    draw: (_, close) => {
      const facts = app.facts(matchId);
      if (!facts) return null;
      const ids = playersOf(app.club, ourTeamId(facts.match)).map(({ id }) => id);
      if (typed.player && !ids.includes(typed.player)) ids.push(typed.player);
      return h(
        "form.stack",
        {
          novalidate: true,
          onsubmit: (/** @type {Event} */ submitted) => {
            submitted.preventDefault();
            void save(app, matchId, award, typed, close);
          },
        },
        selectField(
          "Who",
          [["", "Nobody yet"], ...ids.map((id) => /** @type {[string, string]} */ ([id, called(app.club, id)]))],
          typed.player,
          (id) => void (typed.player = id),
        ),
        textField("What for", typed.category, (value) => void (typed.category = value), { maxlength: NAME_MAX }),
        textField("Why", typed.notes, (value) => void (typed.notes = value), { rows: 2, maxlength: NOTES_MAX }),
        formFoot(
          typed.wrong,
          h("button.button.wide", null, award ? "Save the award" : "Give the award"),
          award &&
            h(
              "button.button.bad.wide",
              { type: "button", onclick: () => void remove(app, award, close) },
              icon("bin"),
              "Delete this award",
            ),
        ),
      );
    },
  });
}

/**
 * @param {App} app
 * @param {string} matchId
 * @param {Row | null} award
 * @param {Typed} typed
 * @param {() => void} close
 */
async function save(app, matchId, award, typed, close) {
  const category = typed.category.trim();
  const other = awardsOf(app, matchId).find((each) => each.category === category && each.id !== award?.id);
  typed.wrong = !category ? "Say what it is for." : other ? `This match has a "${category}" already. Change that one.` : "";
  if (typed.wrong) return app.redraw();
  const [player, notes] = [typed.player || null, typed.notes.trim() || null];
  const fields = {
    ...(category !== award?.category && { category }),
    ...(player !== (award?.player_id ?? null) && { player_id: player }),
    ...(notes !== (award?.notes ?? null) && { notes }),
  };
  const worked = await app.attempt(async () => {
    if (!award) await app.club.put("match_awards", app.club.newId(), { match_id: matchId, ...fields });
    else if (Object.keys(fields).length) await app.club.put("match_awards", award.id, fields);
  });
  if (!worked) return;
  close();
  app.say(award ? "Award saved." : "Award given.");
}

/**
 * @param {App} app
 * @param {Row} award
 * @param {() => void} close
 */
async function remove(app, award, close) {
  if (!(await app.attempt(() => app.club.delete("match_awards", award.id)))) return;
  close();
  app.say("Award deleted.", { undo: () => app.club.restore("match_awards", award.id) });
}
