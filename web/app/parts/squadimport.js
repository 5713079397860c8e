/**
 * The sheet that takes a squad over from a list: pasted, or a CSV file. The server reads it and says what each row would
 * do; nothing is written before that was looked at.
 */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { to } from "../route.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/squads.js").Row} Row */
/** @typedef {import("../dom.js").Child} Child */
/**
 * @typedef {object} Line What a row does, or would do.
 * @property {number} row
 * @property {"create" | "update" | "same" | "problem"} act
 * @property {string} name
 * @property {Record<string, any>} fields
 * @property {Record<string, any>} was
 * @property {{column: string | null, sentence: string}[]} problems
 */
/** @typedef {{created: number, updated: number, same: number, problems: number, unknown_columns: string[], rows: Line[]}} Preview */
/** @typedef {{text: string, preview: Preview | null, problem: string, isBusy: boolean}} Own */

const ACTS = { create: "new", update: "changed", same: "as it is", problem: "left out" };
const FIELDS = /** @type {Record<string, string>} */ ({ full_name: "name", squad_number: "number", preferred_pos: "position", dob: "date of birth" });
const EXAMPLE = "number,name,position\n7,Anna Berg,ST\n9,Leon Ito,GK";

/**
 * @param {App} app
 * @param {Row} team
 */
export function openImport(app, team) {
  /** @type {Own} */
  const own = { text: "", preview: null, problem: "", isBusy: false };
  app.open({
    title: "Paste a list",
    draw: (_app, close) => {
      const hindrance = hindranceFor(app);
      if (hindrance) return h("div.stack", null, h("p.hindrance", null, hindrance), !app.isSignedIn && h("a.button", { href: to("sign-in") }, "Sign in"));
      return own.preview ? look(app, team, own, own.preview, close) : write(app, team, own);
    },
  });
}

/**
 * Return why a list cannot be taken over now; null where it can.
 * @param {App} app
 */
function hindranceFor(app) {
  const { state } = app.club.status;
  if (!app.isSignedIn || state === "signed_out") return "The server reads the list. Sign in first; players added by hand need no account.";
  if (state === "offline") return "The server reads the list, and there is no signal. Try again later, or add players by hand.";
  return null;
}

/**
 * @param {App} app
 * @param {Row} team
 * @param {Own} own
 */
function write(app, team, own) {
  const read = async (/** @type {SubmitEvent} */ event) => {
    event.preventDefault();
    own.preview = await ask(app, team, own, true);
    app.redraw();
  };
  return h(
    "form.stack",
    { onsubmit: read },
    h("p", null, "Copy rows out of a spreadsheet, with the names of the columns in the first: name, number, position, date of birth, in any order."),
    h(
      "label.field",
      null,
      h("span", null, "The list"),
      h("textarea", { name: "list", rows: 7, required: true, spellcheck: "false", placeholder: EXAMPLE, value: own.text, oninput: (/** @type {any} */ event) => (own.text = event.target.value) }),
    ),
    h("label.button.calm.pick", null, icon("list"), "Choose a CSV file", h("input", { type: "file", accept: ".csv,.tsv,.txt,text/csv", onchange: (/** @type {any} */ event) => void take(app, own, event.target) })),
    own.problem && h("p.wrong", { role: "alert" }, own.problem),
    h("button.button.wide", { type: "submit", disabled: own.isBusy }, own.isBusy ? "Reading" : "Show what it does"),
  );
}

/**
 * Take the text of a file into the field.
 * @param {App} app
 * @param {Own} own
 * @param {HTMLInputElement} input
 */
async function take(app, own, input) {
  const [file] = input.files ?? [];
  if (!file) return;
  own.problem = "";
  await app.attempt(async () => {
    own.text = new TextDecoder("utf-8", { fatal: true }).decode(await file.arrayBuffer());
  }, () => "That file is not text in UTF-8. Save the sheet as CSV UTF-8.");
}

/**
 * @param {App} app
 * @param {Row} team
 * @param {Own} own
 * @param {boolean} isPreview
 * @returns {Promise<Preview | null>}
 */
async function ask(app, team, own, isPreview) {
  own.isBusy = true;
  own.problem = "";
  app.redraw();
  const path = `/api/teams/${team.id}/players/import?preview=${isPreview}`;
  try {
    return await app.club.request("POST", path, own.text, { type: "text/csv; charset=utf-8" });
  } catch (error) {
    own.problem = wordsFor(error);
    return null;
  } finally {
    own.isBusy = false;
  }
}

/** @param {any} error */
function wordsFor(error) {
  if (error?.code === "not_found") return "The server does not know this team yet. Wait until all is saved, then try again.";
  if (error?.name === "Unreachable") return "No connection. Nothing was written; try again when there is signal.";
  if (error?.name === "SignedOut") return "Sign in again, then try once more.";
  return error?.body?.detail ?? "That did not work. Look at the list, and try again.";
}

/**
 * @param {App} app
 * @param {Row} team
 * @param {Own} own
 * @param {Preview} preview
 * @param {() => void} close
 */
function look(app, team, own, preview, close) {
  const apply = async () => {
    const done = await ask(app, team, own, false);
    if (done) {
      close();
      app.club.sync();
      app.say(`${summary(done)}`);
    }
    app.redraw();
  };
  const writes = preview.created + preview.updated;
  return h(
    "div.stack",
    null,
    h("p", { role: "status" }, `${summary(preview)}.`),
    preview.unknown_columns.length > 0 && h("p.hint", null, `Left alone: ${preview.unknown_columns.join(", ")}.`),
    h("ul.list.rows", null, preview.rows.map((line) => h("li", { key: line.row, "data-act": line.act }, rowLine(line)))),
    own.problem && h("p.wrong", { role: "alert" }, own.problem),
    h(
      "div.side-by-side",
      null,
      h("button.button.calm", { type: "button", onclick: () => back(app, own) }, "Back to the list"),
      h("button.button", { type: "button", disabled: own.isBusy || writes === 0, onclick: () => void apply() }, writes === 0 ? "Nothing to write" : `Write ${writes}`),
    ),
  );
}

/**
 * @param {App} app
 * @param {Own} own
 */
function back(app, own) {
  own.preview = null;
  app.redraw();
}

/** @param {Preview} preview */
export function summary({ created, updated, same, problems }) {
  const parts = [created && `${created} new`, updated && `${updated} changed`, same && `${same} as they are`, problems && `${problems} left out`];
  return parts.filter(Boolean).join(", ") || "No rows";
}

/** @param {Line} line */
function rowLine(line) {
  return h(
    "div.row-line",
    null,
    h("span.grow", null, h("strong", null, line.name || `Row ${line.row}`), details(line).map((each) => h("small", null, each))),
    h("span.tag", { "data-tone": line.act === "problem" ? "bad" : null }, ACTS[line.act]),
  );
}

/**
 * Return what a row writes, in words.
 * @param {Line} line
 */
export function details({ act, fields, was, problems }) {
  if (act === "problem") return problems.map(({ column, sentence }) => (column ? `${column}: ${sentence}` : sentence));
  const told = Object.entries(fields).filter(([field]) => FIELDS[field] && !(act === "create" && field === "full_name"));
  const words = told.map(([field, value]) => `${FIELDS[field]} ${was[field] == null ? "" : `${was[field]} becomes `}${value}`);
  return words.length ? [words.join(", ")] : [];
}
