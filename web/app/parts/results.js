/** Results: how a match is named, dated and told in a line, and a team's form. */

import { instantMs } from "../../sync/instants.js";
import { h } from "../dom.js";
import { sidesOf } from "../model/sides.js";
import { teamName } from "../model/squads.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../model/seasons.js").Played} Played */

export const LETTERS = /** @type {Record<string, string>} */ ({ W: "Won", D: "Drawn", L: "Lost" });
export const TONES = /** @type {Record<string, string>} */ ({ W: "won", D: "drawn", L: "lost" });

/**
 * Return the score as our team sees it, ours first: `3-1`.
 * @param {Played} played
 */
export const scoreWords = ({ result }) =>
  `${result.goals_for}-${result.goals_against}${shootoutWords(result)}`;

/** @param {Played["result"]} result */
const shootoutWords = ({ shootout_for: ours, shootout_against: theirs }) => (ours || theirs ? ` (${ours}-${theirs})` : "");

/**
 * Return who a team played against, and where: `Hartsea Juniors`, `at Hartsea Juniors`.
 * @param {Touchline} club
 * @param {MatchFacts} facts
 * @param {string} [teamId]
 */
export function againstWords(club, facts, teamId) {
  const { match } = facts;
  if (teamId && teamId === match.away_team_id) return `at ${teamName(club, match.home_team_id, "opponents")}`;
  if (teamId && teamId === match.home_team_id) return teamName(club, match.away_team_id, "Opponents");
  const { theirs } = sidesOf(club, facts);
  return theirs.side === "home" ? `at ${theirs.name}` : theirs.name;
}

/**
 * Return the day of a match where the reader is: `21 Nov`, with the year where that is another one.
 * @param {MatchFacts} facts
 * @param {number} nowMs
 */
export function dayWords({ match }, nowMs) {
  const at = new Date(instantMs(match.kickoff_ts));
  const isThisYear = at.getFullYear() === new Date(nowMs).getFullYear();
  return at.toLocaleDateString("en-GB", { day: "numeric", month: "short", ...(!isThisYear && { year: "2-digit" }) });
}

/** @param {string} letter */
export function letterChip(letter) {
  return h("span.letter", { class: TONES[letter], title: LETTERS[letter] }, letter);
}

/**
 * Draw the newest results, the last one last.
 * @param {string} form
 */
export function formChips(form) {
  const letters = [...form];
  return h(
    "span.form",
    { role: "img", "aria-label": `Form, the newest last: ${letters.map((letter) => LETTERS[letter]).join(", ")}` },
    letters.map(letterChip),
  );
}
