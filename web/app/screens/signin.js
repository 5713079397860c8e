/** Sign in. */

import { h } from "../dom.js";

/** @type {import("../app.js").Screen} */
export const signin = {
  title: () => "Sign in",
  tab: "club",
  draw: () => h("p", null, "Sign in"),
};
