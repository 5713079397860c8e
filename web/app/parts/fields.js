/** Fields of the sheets: a label with what is filled in or chosen. */

import { h } from "../dom.js";

/** @typedef {[value: string, words: string]} Choice */

/**
 * @param {string} label
 * @param {string} value what it begins with
 * @param {(value: string) => void} take
 * @param {Record<string, unknown>} [props] of the input; `rows` makes it a field of several lines
 */
export function textField(label, value, take, props = {}) {
  const tag = "rows" in props ? "textarea" : "input";
  return h(
    "label.field",
    { key: label },
    h("span", null, label),
    h(tag, { autocomplete: "off", ...props, value, oninput: (/** @type {any} */ typing) => take(typing.target.value) }),
  );
}

/**
 * @param {string} label
 * @param {Choice[]} options
 * @param {string} current
 * @param {(value: string) => void} take
 */
export function selectField(label, options, current, take) {
  return h(
    "label.field",
    { key: label },
    h("span", null, label),
    h(
      "select",
      { value: current, onchange: (/** @type {any} */ chosen) => take(chosen.target.value) },
      options.map(([value, words]) => h("option", { key: value, value, selected: value === current }, words)),
    ),
  );
}

/**
 * One of a few, all of them in sight.
 * @param {string} label
 * @param {Choice[]} options
 * @param {string | null} current
 * @param {(value: string) => void} take
 */
export function choiceField(label, options, current, take) {
  return h(
    "fieldset",
    { key: `choice ${label}` },
    h("legend", null, label),
    h(
      "div.choices",
      null,
      options.map(([value, words]) =>
        h(
          "label",
          { key: value },
          h("input", { type: "radio", name: label, checked: value === current, onchange: () => take(value) }),
          words,
        ),
      ),
    ),
  );
}

/**
 * @param {string} label
 * @param {boolean} checked
 * @param {(checked: boolean) => void} take
 * @param {{hint?: string | false, disabled?: boolean}} [more]
 */
export function switchField(label, checked, take, { hint, disabled = false } = {}) {
  return [
    h(
      "label.switch",
      { key: `switch ${label}` },
      h("input", { type: "checkbox", checked, disabled, onchange: (/** @type {any} */ chosen) => take(chosen.target.checked) }),
      h("span.grow", null, label),
    ),
    // Beside the label, not in it: a screen reader names the switch by its first words alone.
    hint && h("p.hint.switch-hint", { key: `hint ${label}` }, hint),
  ];
}
