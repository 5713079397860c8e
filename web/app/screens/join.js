/** Join a club. */

import { h } from "../dom.js";

/** @type {import("../app.js").Screen} */
export const join = {
  title: () => "Join a club",
  tab: "club",
  draw: () => h("p", null, "Join a club"),
};
