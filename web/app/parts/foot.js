/** The foot of a sheet: what closes it, always in reach. While an undo is shown there, it leaves room for that. */

import { h } from "../dom.js";

/**
 * @param {import("../app.js").App} app
 * @param {...import("../dom.js").Child} children
 */
export const foot = (app, ...children) => h("div.foot", { key: "foot", "data-noted": app.note ? "" : null }, ...children);
