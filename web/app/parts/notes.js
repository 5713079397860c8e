/** The notes on a match: listed, written, corrected, taken back. They stay within the club. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { periodTitle, regularWord } from "../model/calling.js";
import { places } from "../model/eventform.js";
import { selectField, textField } from "./fields.js";
import { formFoot } from "./foot.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../model/squads.js").Row} Row */

const NOTES_MAX = 1_000;

/**
 * @param {App} app
 * @param {MatchFacts} facts
 */
export function notesList(app, facts) {
  const notes = app.club
    .all("match_notes", { match_id: facts.match.id })
    .sort((one, other) => Number(one.period_number ?? 0) - Number(other.period_number ?? 0));
  const mayWrite = app.may("scorer");
  return h(
    "section",
    { key: "notes" },
    h("h3", null, "Notes for the club"),
    notes.length > 0 &&
      h(
        "ul.list",
        null,
        notes.map((note) => h("li", { key: note.id }, item(app, facts, note, mayWrite))),
      ),
    notes.length === 0 && h("p.hint", null, "None yet. No shared page ever shows one."),
    mayWrite && h("button.link", { type: "button", onclick: () => openNote(app, facts.match.id, null) }, "Add a note"),
  );
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {Row} note
 * @param {boolean} mayWrite
 */
function item(app, facts, note, mayWrite) {
  const words = h(
    "span.grow",
    null,
    h("span.note-words", null, String(note.notes)),
    Number(note.period_number ?? 0) > 0 && h("small", null, whenWords(facts, Number(note.period_number))),
  );
  if (!mayWrite) return h("div.item", null, words);
  return h("button.item", { type: "button", onclick: () => openNote(app, facts.match.id, note) }, words, icon("edit"));
}

/**
 * @param {MatchFacts} facts
 * @param {number} number
 */
const whenWords = (facts, number) =>
  number === 0 ? "The whole match" : periodTitle({ type: "regular", number }, regularWord(facts.match));

/**
 * @param {App} app
 * @param {string} matchId
 * @param {Row | null} note null: a new one
 */
function openNote(app, matchId, note) {
  const typed = { notes: String(note?.notes ?? ""), period: String(note?.period_number ?? 0), wrong: "" };
  app.open({
    title: note ? "A note" : "New note",
    draw: (_, close) => {
      const facts = app.facts(matchId);
      if (!facts) return null;
      const numbers = places({ ...facts, periods: [] }).map(({ number }) => number);
      const current = Number(typed.period);
      const all = [0, ...numbers, ...(current > numbers.length ? [current] : [])];
      return h(
        "form.stack",
        {
          novalidate: true,
          onsubmit: (/** @type {Event} */ submitted) => {
            submitted.preventDefault();
            void save(app, matchId, note, typed, close);
          },
        },
        textField("What to remember", typed.notes, (value) => void (typed.notes = value), { rows: 5, maxlength: NOTES_MAX }),
        selectField(
          "About",
          all.map((number) => [String(number), whenWords(facts, number)]),
          typed.period,
          (value) => void (typed.period = value),
        ),
        formFoot(
          typed.wrong,
          h("button.button.wide", null, note ? "Save the note" : "Add the note"),
          note &&
            h("button.button.bad.wide", { type: "button", onclick: () => void remove(app, note, close) }, icon("bin"), "Delete this note"),
        ),
      );
    },
  });
}

/**
 * @param {App} app
 * @param {string} matchId
 * @param {Row | null} note
 * @param {{notes: string, period: string, wrong: string}} typed
 * @param {() => void} close
 */
async function save(app, matchId, note, typed, close) {
  const [notes, number] = [typed.notes.trim(), Number(typed.period)];
  typed.wrong = notes ? "" : "Write something first.";
  if (!notes) return app.redraw();
  const fields = { ...(notes !== note?.notes && { notes }), ...(number !== (note?.period_number ?? 0) && { period_number: number }) };
  const worked = await app.attempt(async () => {
    if (!note) await app.club.put("match_notes", app.club.newId(), { match_id: matchId, ...fields });
    else if (Object.keys(fields).length) await app.club.put("match_notes", note.id, fields);
  });
  if (!worked) return;
  close();
  app.say(note ? "Note saved." : "Note added.");
}

/**
 * @param {App} app
 * @param {Row} note
 * @param {() => void} close
 */
async function remove(app, note, close) {
  if (!(await app.attempt(() => app.club.delete("match_notes", note.id)))) return;
  close();
  app.say("Note deleted.", { undo: () => app.club.restore("match_notes", note.id) });
}
