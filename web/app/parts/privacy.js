/** What is kept where: in a coach's words. */

import { h } from "../dom.js";

/** @type {readonly [string, string][]} */
const PARTS = [
  [
    "On this phone",
    "All matches, players and notes of your club, so that it works without signal. Other apps and websites cannot read it. Forgetting it, under Club, removes all of it.",
  ],
  [
    "On the club's server",
    "The same, once there was signal; and your name, your e-mail address, and a scramble of your password from which nobody reads it back.",
  ],
  ["What your club sees", "Members see matches, players, notes and who recorded what. Birthdays and notes are for members only."],
  [
    "What families see",
    "A share link shows the match: teams, clock and what happened, and the score where that may be shown. Never a name, a note or a birthday; of a child at the most a shirt number, where the club turned that on.",
  ],
  ["What nobody gets", "No advertising, no counting of visitors, no third party. The app loads nothing from anywhere but its own server."],
  [
    "When you leave",
    "Whoever leaves a club loses it on all their phones. Deleting your account wipes your name and address; what you recorded stays with the club.",
  ],
];

export function drawPrivacy() {
  return PARTS.map(([title, words]) => h("section.kept-where", { key: title }, h("h2", null, title), h("p", null, words)));
}
