/** The sheet of one event: to correct what was recorded, to take it back, or to add what was missed. Works offline. */

import { kindWords } from "../../football/words.js";
import { h } from "../dom.js";
import { icon } from "../icons.js";
import { emptyForm, formOf, readClock } from "../model/eventform.js";
import { addEvent, correctEvent, takeBack, wrongWith } from "../model/eventwrites.js";
import { sidesOf } from "../model/sides.js";
import { eventFields, typedOf } from "./eventfields.js";
import { textField } from "./fields.js";
import { formFoot } from "./foot.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../../football/facts.js").MatchEvent} MatchEvent */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../model/eventform.js").Form} Form */
/** @typedef {import("./eventfields.js").Typed} Typed */

const NOTES_MAX = 500;

/**
 * Open an event; without an id, the form for one that was missed.
 * @param {App} app
 * @param {string} matchId
 * @param {string | null} [eventId]
 */
export function openEvent(app, matchId, eventId = null) {
  const facts = app.facts(matchId);
  const event = facts?.events.find(({ id }) => id === eventId) ?? null;
  if (!facts || (eventId && !event)) return app.say("That entry is not there any more.");
  const before = event ? formOf(facts, event) : null;
  const typed = typedOf(facts, before ? { ...before } : emptyForm(facts, sidesOf(app.club, facts).ours.side));
  app.open({
    title: event ? kindWords(event) : "Something that was missed",
    draw: (_, close) => {
      const now = app.facts(matchId);
      if (!now) return h("p.hint", null, "The match was deleted.");
      /** @param {Event} submitted */
      const submit = (submitted) => {
        submitted.preventDefault();
        void save(app, now, { event, before }, typed, close);
      };
      return h(
        "form.stack",
        { novalidate: true, onsubmit: submit },
        eventFields(app, now, typed),
        textField("Notes", typed.form.notes, (value) => void (typed.form.notes = value), { rows: 2, maxlength: NOTES_MAX }),
        event &&
          h(
            "button.button.bad.wide",
            { key: "delete", type: "button", onclick: () => void remove(app, now, event, close) },
            icon("bin"),
            "Delete this entry",
          ),
        formFoot(typed.wrong, h("button.button.wide", null, event ? "Save the changes" : "Add it")),
      );
    },
  });
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {{event: MatchEvent | null, before: Form | null}} shown
 * @param {Typed} typed
 * @param {() => void} close
 */
async function save(app, facts, { event, before }, typed, close) {
  const read = readClock(facts.match, typed.form.period, typed.minutes, typed.seconds);
  typed.wrong = "wrong" in read ? read.wrong : wrongWith(typed.form);
  if ("wrong" in read || typed.wrong) return app.redraw();
  // The clock is shown in whole seconds: what was not touched stays to the millisecond.
  const isTouched = !before || Math.floor(before.clock_ms / 1_000) !== Math.floor(read.ms / 1_000);
  const after = { ...typed.form, clock_ms: isTouched ? read.ms : before.clock_ms };
  const worked = await app.attempt(() => (event && before ? correctEvent(app, facts, event, before, after) : addEvent(app, facts, after)));
  if (!worked) return;
  close();
  app.say(event ? "Corrected." : `${kindWords(after)} added.`);
}

/**
 * @param {App} app
 * @param {MatchFacts} facts
 * @param {MatchEvent} event
 * @param {() => void} close
 */
async function remove(app, facts, event, close) {
  /** @type {(() => unknown) | undefined} */
  let undo;
  const worked = await app.attempt(async () => void (undo = await takeBack(app, facts, event)));
  if (!worked) return;
  close();
  app.say(`${kindWords(event)} deleted.`, { undo });
}
