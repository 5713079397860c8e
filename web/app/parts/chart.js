/**
 * Charts: bars that lie and bars that stand, drawn by hand. Places along the width are shares of it, so that one drawing
 * fits a phone and a desk. Every value stands beside its bar, and the same is a table for who does not see it: colour
 * alone tells nothing.
 */

import { h } from "../dom.js";

/** @typedef {import("../dom.js").Child} Child */
/**
 * @typedef {object} Bar
 * @property {string} key
 * @property {string} label
 * @property {number | string | null} [number] stands before the label
 * @property {number[]} parts lengths, laid one after another; the tones follow `tones`
 * @property {string} text the value as it is written beside the bar
 * @property {(string | number)[]} cells the same for the table
 */
/**
 * @typedef {object} Column
 * @property {string} key
 * @property {string} label beneath the bar
 * @property {string} [sign] above the label, in bold: a letter
 * @property {number} value negative ones hang
 * @property {string} text
 * @property {string} [tone]
 * @property {number} [marks] balls on the bar
 * @property {(string | number)[]} cells
 */

const ROW = 30;
const HEAD = 22;
/** Percent of the width where bars begin, and how long the longest is. */
const BARS_AT = 38;
const BARS_LONG = 44;
const LABEL_LENGTH_MAX = 12;

const PLOT = 116;
const ABOVE = 20;
const BENEATH = 24;
const SIGN = 18;
const MARK = 12;

/**
 * Draw bars that lie, one below the other.
 * @param {object} given
 * @param {string} given.caption
 * @param {string[]} given.heads of the table: what the label is, then one for each cell
 * @param {Bar[]} given.bars
 * @param {{value: number, text: string}} [given.line] a line through all: an average
 * @param {string[]} [given.tones] of the parts
 * @param {Child} [given.legend]
 */
export function lyingBars({ caption, heads, bars, line, tones = ["plain"], legend }) {
  const most = Math.max(1, line?.value ?? 0, ...bars.map(({ parts }) => sum(parts)));
  const along = (/** @type {number} */ value) => (value / most) * BARS_LONG;
  const top = line ? HEAD : 0;
  const height = top + bars.length * ROW;
  return figure(caption, heads, bars, legend, [
    h(
      "svg",
      { width: "100%", height, "aria-hidden": "true" },
      bars.map((bar, place) => lying(bar, top + place * ROW, along, tones)),
      h("line.base", { x1: percent(BARS_AT), x2: percent(BARS_AT), y1: top, y2: height }),
      line &&
        h("line.halo", { x1: percent(BARS_AT + along(line.value)), x2: percent(BARS_AT + along(line.value)), y1: top - 4, y2: height }),
      line &&
        h("line.average", { x1: percent(BARS_AT + along(line.value)), x2: percent(BARS_AT + along(line.value)), y1: top - 4, y2: height }),
      line && h("text.average-text", { x: percent(BARS_AT + along(line.value)), y: top - 9, "text-anchor": "middle" }, line.text),
    ),
  ]);
}

/**
 * @param {Bar} bar
 * @param {number} y
 * @param {(value: number) => number} along
 * @param {string[]} tones
 */
function lying({ key, label, number, parts, text }, y, along, tones) {
  let at = BARS_AT;
  const drawn = parts.map((part, place) => {
    const from = at;
    at += along(part);
    return (
      part > 0 &&
      h("rect", { class: `bar ${tones[place] ?? ""}`, x: percent(from), y: y + 5, width: percent(along(part)), height: ROW - 10, rx: 2 })
    );
  });
  const name = [...label].length > LABEL_LENGTH_MAX ? `${[...label].slice(0, LABEL_LENGTH_MAX - 1).join("")}…` : label;
  return h(
    "g",
    { key },
    h("text.number", { x: percent(7), y: y + 20, "text-anchor": "end" }, String(number ?? "")),
    h("text", { x: percent(9), y: y + 20 }, name),
    drawn,
    h("text.value", { x: "100%", y: y + 20, "text-anchor": "end" }, text),
  );
}

/**
 * Draw bars that stand, one beside the other; negative ones hang from the line.
 * @param {object} given
 * @param {string} given.caption
 * @param {string[]} given.heads of the table: what the label is, then one for each cell
 * @param {Column[]} given.columns
 * @param {Child} [given.legend]
 */
export function standingBars({ caption, heads, columns, legend }) {
  const most = Math.max(0, ...columns.map(({ value }) => value));
  const least = Math.min(0, ...columns.map(({ value }) => value));
  const tall = PLOT / (most - least || 1);
  const line = ABOVE + most * tall;
  const hangs = least < 0 ? ABOVE : 0;
  const height = ABOVE + PLOT + hangs + BENEATH + (columns.some(({ sign }) => sign) ? SIGN : 0);
  return figure(caption, heads, columns, legend, [
    h(
      "div.scroll",
      { mounted: (/** @type {HTMLElement} */ box) => (box.scrollLeft = box.scrollWidth) },
      h(
        "svg.standing",
        { width: "100%", height, "aria-hidden": "true", style: { "--n": String(columns.length) } },
        h("line.base", { x1: 0, x2: "100%", y1: line, y2: line }),
        columns.map((column, place) => standing(column, place, columns.length, { line, tall, height })),
      ),
    ),
  ]);
}

/**
 * @param {Column} column
 * @param {number} place
 * @param {number} count
 * @param {{line: number, tall: number, height: number}} plot
 */
function standing({ key, label, sign, value, text, tone = "plain", marks = 0 }, place, count, { line, tall, height }) {
  const wide = 100 / count;
  const middle = percent((place + 0.5) * wide);
  const length = Math.max(Math.abs(value) * tall, 3);
  const isUp = value > 0;
  const top = isUp ? line - length : value < 0 ? line : line - 1.5;
  const highest = Math.min(top, line - (marks > 0 ? marks * MARK + 3 : 0));
  return h(
    "g",
    { key },
    h("rect", { class: `bar ${tone}`, x: percent((place + 0.2) * wide), y: top, width: percent(0.6 * wide), height: length, rx: 2 }),
    Array.from({ length: marks }, (_, nth) => h("circle.mark", { cx: middle, cy: line - 8 - nth * MARK, r: 4.5 })),
    h("text.value", { x: middle, y: value < 0 ? line + length + 15 : highest - 5, "text-anchor": "middle" }, text),
    sign && h("text.sign", { class: tone, x: middle, y: height - SIGN - 4, "text-anchor": "middle" }, sign),
    h("text.label", { x: middle, y: height - 5, "text-anchor": "middle" }, label),
  );
}

/**
 * @param {string} caption
 * @param {string[]} heads
 * @param {{key: string, cells: (string | number)[]}[]} rows
 * @param {Child} legend
 * @param {Child} drawing
 */
function figure(caption, heads, rows, legend, drawing) {
  return h(
    "figure.chart",
    null,
    h("figcaption", null, h("span", null, caption), legend),
    drawing,
    h(
      "div.unseen",
      null,
      h(
        "table",
        null,
        h(
          "thead",
          null,
          h(
            "tr",
            null,
            heads.map((head) => h("th", { scope: "col" }, head)),
          ),
        ),
        h(
          "tbody",
          null,
          rows.map(({ key, cells }) =>
            h(
              "tr",
              { key },
              cells.map((cell, place) => (place === 0 ? h("th", { scope: "row" }, String(cell)) : h("td", null, String(cell)))),
            ),
          ),
        ),
      ),
    ),
  );
}

/**
 * Draw what a tone or a mark means.
 * @param {[tone: string, words: string][]} meanings `mark` is the ball
 */
export function legendOf(meanings) {
  return h(
    "span.legend",
    null,
    meanings.map(([tone, words]) => h("span", null, h("i", { class: `swatch ${tone}`, "aria-hidden": "true" }), words)),
  );
}

/** @param {number[]} parts */
const sum = (parts) => parts.reduce((total, part) => total + part, 0);

/** @param {number} share */
const percent = (share) => `${Math.round(share * 100) / 100}%`;
