/** The foot of a sheet: what it does and what closes it, within reach of the thumb however long the sheet is. */

import { h } from "../dom.js";

/** @param {...import("../dom.js").Child} children the last is what is pressed */
export const foot = (...children) => h("div.sheet-foot", { key: "foot" }, ...children);

/**
 * The foot of a form.
 * @param {string} wrong why it was not done
 * @param {...import("../dom.js").Child} buttons
 */
export const formFoot = (wrong, ...buttons) => foot(wrong && h("p.wrong", { role: "alert" }, wrong), ...buttons);
