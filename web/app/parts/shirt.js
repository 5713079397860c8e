/** A shirt in a team's colours with a number on it: how players are told apart at a glance. */

import { h } from "../dom.js";

const COLOUR = /^#[0-9A-Fa-f]{6}$/;
const CLOTH = "M17 2c2 4 12 4 14 0l9 4 6 11-8 4-2-3v24H12V18l-2 3-8-4L8 6z";
const TRIM = "M8 6l-6 11 8 4 2-3V4.2zM40 6l6 11-8 4-2-3V4.2zM17 2c2 4 12 4 14 0l2.5 1.1C31 9.5 17 9.5 14.5 3.1z";
const PLAIN = "#e9efe9";
/** Perceived lightness from which dark digits read better (ITU-R BT.601 weights, of 255). */
const LIGHT = 150;

/**
 * @param {object} worn
 * @param {number | string | null} [worn.number]
 * @param {string | null} [worn.cloth] `#rrggbb`
 * @param {string | null} [worn.trim]
 */
export function shirt({ number = "", cloth, trim }) {
  const main = COLOUR.test(cloth ?? "") ? String(cloth) : PLAIN;
  const edge = COLOUR.test(trim ?? "") ? String(trim) : main;
  return h(
    "svg.shirt",
    {
      viewBox: "0 0 48 44",
      "aria-hidden": "true",
      style: { "--cloth": main, "--trim": edge, "--digits": isLight(main) ? "#14201a" : "#fff" },
    },
    h("path.cloth", { d: CLOTH }),
    h("path.trim", { d: TRIM }),
    number !== "" && number !== null && h("text", { x: 24, y: 30, "text-anchor": "middle" }, String(number)),
  );
}

/** @param {string} colour */
function isLight(colour) {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  return red * 0.299 + green * 0.587 + blue * 0.114 > LIGHT;
}
