/** Player. */

import { h } from "../dom.js";

/** @type {import("../app.js").Screen} */
export const player = {
  title: () => "Player",
  tab: "squad",
  draw: () => h("p", null, "Player"),
};
