/** What is filled in to get in: a text, a password that can be shown, and what was wrong beside the field. */

import { h } from "../dom.js";
import { icon } from "../icons.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/refusals.js").Wrong} Wrong */
/** @typedef {{wrong: Wrong | null, isBusy: boolean, isShown?: boolean}} Filled What a form keeps beside what is typed. */
/**
 * @typedef {object} Entry
 * @property {string} label
 * @property {string} name
 * @property {string} autocomplete
 * @property {string} [type]
 * @property {string} [value] what it begins with
 * @property {string} [hint]
 * @property {number} [most] letters
 */

/**
 * @param {Entry} entry
 * @param {Filled} own
 */
export function textEntry({ label, name, autocomplete, type = "text", value, hint, most = 254 }, own) {
  const isName = autocomplete === "name" || autocomplete === "organization";
  return h(
    "div.field",
    { key: name },
    h("label", { for: `entry-${name}` }, label), // around the hint, too, it would be the field's name
    h("input", {
      id: `entry-${name}`,
      name,
      type,
      autocomplete,
      maxlength: most,
      autocapitalize: isName ? "words" : "off",
      spellcheck: "false",
      ...(value !== undefined && { value }),
      ...about(name, own, hint),
    }),
    hint && !isWrong(name, own) && h("span.hint", { id: `${name}-hint` }, hint),
    wrongLine(name, own),
  );
}

/**
 * @param {App} app
 * @param {Entry} entry
 * @param {Filled} own
 */
export function passwordEntry(app, { label, name, autocomplete, hint }, own) {
  return h(
    "div.field",
    { key: name },
    h("label", { for: `entry-${name}` }, label),
    h(
      "div.shown-password",
      null,
      h("input", {
        id: `entry-${name}`,
        name,
        type: own.isShown ? "text" : "password",
        autocomplete,
        maxlength: 256,
        autocapitalize: "off",
        spellcheck: "false",
        ...about(name, own, hint),
      }),
      h(
        "button.quiet",
        {
          type: "button",
          "aria-pressed": String(Boolean(own.isShown)),
          "aria-label": "Show the password",
          onclick: () => {
            own.isShown = !own.isShown;
            app.redraw();
          },
        },
        icon("eye"),
      ),
    ),
    hint && !isWrong(name, own) && h("span.hint", { id: `${name}-hint` }, hint),
    wrongLine(name, own),
  );
}

/**
 * Draw what is wrong with the whole form.
 * @param {Filled} own
 */
export function formWrong({ wrong }) {
  return wrong && wrong.field === "" && h("p.banner", { key: "wrong", role: "alert", "data-tone": "bad" }, wrong.words);
}

/**
 * @param {string} name
 * @param {Filled} own
 */
const isWrong = (name, { wrong }) => wrong?.field === name;

/**
 * @param {string} name
 * @param {Filled} own
 * @param {string} [hint]
 */
function about(name, own, hint) {
  if (isWrong(name, own)) return { "aria-invalid": "true", "aria-describedby": `${name}-wrong` };
  return hint ? { "aria-describedby": `${name}-hint` } : {};
}

/**
 * @param {string} name
 * @param {Filled} own
 */
function wrongLine(name, own) {
  return isWrong(name, own) && h("span.wrong", { id: `${name}-wrong`, role: "alert" }, own.wrong?.words);
}

/**
 * Return what was typed, without the spaces around it; a password as it is.
 * @param {Event} event a submit, or a press within the form
 * @returns {Record<string, string>}
 */
export function typedIn(event) {
  const form = /** @type {HTMLFormElement} */ (/** @type {Element} */ (event.currentTarget).closest("form"));
  const all = [...new FormData(form)].map(([name, value]) => [name, name.includes("password") ? String(value) : String(value).trim()]);
  return Object.fromEntries(all);
}
