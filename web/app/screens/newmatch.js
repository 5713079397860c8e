/** New match. */

import { h } from "../dom.js";

/** @type {import("../app.js").Screen} */
export const newmatch = {
  title: () => "New match",
  draw: () => h("p", null, "New match"),
};
