/** Club. */

import { h } from "../dom.js";

/** @type {import("../app.js").Screen} */
export const club = {
  title: () => "Club",
  tab: "club",
  draw: () => h("p", null, "Club"),
};
