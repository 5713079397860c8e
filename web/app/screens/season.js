/** Season. */

import { h } from "../dom.js";

/** @type {import("../app.js").Screen} */
export const season = {
  title: () => "Season",
  tab: "season",
  draw: () => h("p", null, "Season"),
};
