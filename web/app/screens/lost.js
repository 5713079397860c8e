/** Lost: an address that names nothing here. */

import { h } from "../dom.js";
import { to } from "../route.js";

/** @type {import("../app.js").Screen} */
export const lost = {
  title: () => "Not found",
  draw: () =>
    h("section", null, h("p", null, "There is nothing at this address."), h("p", null, h("a.button", { href: to() }, "To the matches"))),
};
