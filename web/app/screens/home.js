/** Matches. */

import { h } from "../dom.js";

/** @type {import("../app.js").Screen} */
export const home = {
  title: () => "Matches",
  tab: "matches",
  draw: () => h("p", null, "Matches"),
};
