/** Team. */

import { h } from "../dom.js";

/** @type {import("../app.js").Screen} */
export const team = {
  title: () => "Team",
  tab: "squad",
  draw: () => h("p", null, "Team"),
};
