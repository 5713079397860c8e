/** Score a match. */

import { h } from "../dom.js";

/** @type {import("../app.js").Screen} */
export const score = {
  title: () => "Score a match",
  draw: () => h("p", null, "Score a match"),
};
