/** Match. */

import { h } from "../dom.js";

/** @type {import("../app.js").Screen} */
export const match = {
  title: () => "Match",
  draw: () => h("p", null, "Match"),
};
