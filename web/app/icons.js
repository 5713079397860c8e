/** Icons: drawn by us as lines of chalk, on a grid of 24. */

import { h } from "./dom.js";

/** Name -> paths; those in `filled` are areas. */
const PATHS = {
  ball: ["M12 2.8a9.2 9.2 0 1 0 0 18.4 9.2 9.2 0 0 0 0-18.4z", "M12 8l3.8 2.8-1.5 4.5H9.7l-1.5-4.5z", "M12 8V3m3.8 7.8l4.7-1.6m-6.2 6.1l2.9 4m-7.5-4l-2.9 4m1.4-8.5L3.5 9.2"],
  shirt: ["M8.5 3.5c.8 2.4 6.2 2.4 7 0l4.2 1.9 2 4.6-3.4 1.7-1.1-1.2v10H6.8v-10l-1.1 1.2L2.3 10l2-4.6z"],
  chart: ["M4 20.5h16", "M6.5 17v-5m5.5 5V5m5.5 12V9"],
  flag: ["M5 21.5V3", "M5 4c5-2.5 8 2.5 13.5 0v9C13 15.5 10 10.5 5 13"],
  back: ["M14.5 5l-7 7 7 7"],
  next: ["M9.5 5l7 7-7 7"],
  close: ["M5.5 5.5l13 13m0-13l-13 13"],
  plus: ["M12 4.5v15M4.5 12h15"],
  check: ["M4.5 12.5l5 5 10-11"],
  swap: ["M4 8h14m-4-4.5L18.5 8 14 12.5M20 16H6m4-4.5L5.5 16l4.5 4.5"],
  card: ["M7 3.5h10v17H7z"],
  pause: ["M8.5 5v14m7-14v14"],
  play: ["M7 4.5v15l12.5-7.5z"],
  whistle: ["M3 9.5h11.5a5 5 0 1 1-4.7 6.700L9 14H3z", "M15 9V5m-3.5 1L10 4m9 2l1.5-2"],
  clock: ["M12 3.5a8.5 8.5 0 1 0 0 17 8.5 8.5 0 0 0 0-17z", "M12 7.5V12l3 2.5"],
  share: ["M12 14.5V3.5m-4 3.800l4-3.800 4 3.800", "M6 11H4.5v9.5h15V11H18"],
  save: ["M12 3.5v11m-4-3.800l4 3.800 4-3.800", "M4.5 15v5.5h15V15"],
  list: ["M8.5 6h12m-12 6h12m-12 6h12M4 6h.1M4 12h.1M4 18h.1"],
  people: ["M9 4.5a3.5 3.5 0 1 0 0 7 3.5 3.5 0 0 0 0-7z", "M2.5 20c.5-4 3-6 6.5-6s6 2 6.5 6", "M16 5a3.2 3.2 0 0 1 0 6.300M17.5 14.300c2.3.7 3.7 2.7 4 5.7"],
  edit: ["M4 20l1-4.5L16.5 4l3.5 3.5L8.5 19z", "M14 6.5l3.5 3.5"],
  bin: ["M4.5 6.5h15", "M9 6V3.5h6V6", "M6.5 6.5l1 14h9l1-14"],
  more: ["M5 12h.1M12 12h.1M19 12h.1"],
  question: ["M8.5 9a3.5 3.5 0 1 1 5 3.200c-1 .6-1.5 1.2-1.5 2.800", "M12 19h.1"],
  link: ["M10 14a4 4 0 0 0 6 .4l3-3a4 4 0 0 0-5.7-5.700l-1 1", "M14 10a4 4 0 0 0-6-.4l-3 3a4 4 0 0 0 5.7 5.700l1-1"],
  phone: ["M7.5 2.5h9v19h-9z", "M11 18.5h2"],
  copies: ["M8.5 8.5h12v12h-12z", "M15.5 8.5v-5h-12v12h5"],
  bang: ["M12 3.5L21 20H3z", "M12 9.5v5m0 2.8h.1"],
  eye: ["M2.5 12c2-4 5.5-6.5 9.5-6.5s7.5 2.5 9.5 6.5c-2 4-5.5 6.5-9.5 6.5S4.5 16 2.5 12z", "M12 9.3a2.7 2.7 0 1 0 0 5.4 2.7 2.7 0 0 0 0-5.4z"],
  pitch: ["M3 5h18v14H3z", "M12 5v14", "M12 9.5a2.5 2.5 0 1 0 0 5 2.5 2.5 0 0 0 0-5z", "M3 9h3v6H3m18-6h-3v6h3"],
};

/**
 * Draw an icon; it says nothing to a screen reader.
 * @param {string} name
 */
export function icon(name) {
  const paths = PATHS[/** @type {keyof typeof PATHS} */ (name)] ?? PATHS.more;
  return h("svg.icon", { viewBox: "0 0 24 24", "aria-hidden": "true" }, paths.map((d) => h("path", { d })));
}
