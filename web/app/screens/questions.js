/** Questions. */

import { h } from "../dom.js";

/** @type {import("../app.js").Screen} */
export const questions = {
  title: () => "Questions",
  tab: "matches",
  draw: () => h("p", null, "Questions"),
};
