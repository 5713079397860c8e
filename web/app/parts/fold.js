/** A fold: what is looked at less often; and how many of a thing there are, in words. */

import { h } from "../dom.js";

/**
 * Draw what is looked at less often.
 * @param {string} title
 * @param {number | null} count of what is in it
 * @param {import("../dom.js").Child} content
 */
export function fold(title, count, content) {
  return h(
    "details.fold",
    { key: `fold ${title}` },
    h("summary", null, h("span", null, title), count !== null && h("span.tag", null, count)),
    content,
  );
}

/**
 * @param {number} n
 * @param {string} thing
 */
export const counted = (n, thing) => `${n === 0 ? "No" : n} ${thing}${n === 1 ? "" : "s"}`;
