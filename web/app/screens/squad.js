/** Squad. */

import { h } from "../dom.js";

/** @type {import("../app.js").Screen} */
export const squad = {
  title: () => "Squad",
  tab: "squad",
  draw: () => h("p", null, "Squad"),
};
