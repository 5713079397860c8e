/** Look-alikes: two records that may be one and the same, told apart by what the other has not. */

import { sidesOf, told } from "./conflictsides.js";
import { pointersTo } from "./merging.js";
import { knownOf, minuteOf, recordWords } from "./records.js";
import { fieldWords, valueWords } from "./values.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("./conflicts.js").Answer} Answer */
/** @typedef {import("./conflicts.js").Line} Line */

/** @type {Readonly<Record<string, {ask: string, one: string, two: string}>>} What look-alikes are, as a coach says it. */
const ALIKE = Object.freeze({
  events: { ask: "The same goal, or two?", one: "One goal", two: "Two goals" },
  teams: { ask: "One team, or two?", one: "One team", two: "Two teams" },
  players: { ask: "One player, or two?", one: "One player", two: "Two players" },
  seasons: { ask: "One season, or two?", one: "One season", two: "Two seasons" },
  match_awards: { ask: "One award, or two?", one: "One award", two: "Two awards" },
  match_periods: { ask: "The same half, or two?", one: "The same", two: "Two of them" },
});
const ALIKE_OTHERWISE = { ask: "The same thing twice?", one: "The same", two: "Two things" };

/**
 * Ask whether two records are one.
 * @type {import("./conflicts.js").Tell}
 */
export function aboutAlike(club, people, conflict, values) {
  const { collection, record, other } = conflict;
  const words = Object.hasOwn(ALIKE, collection) ? ALIKE[collection] : ALIKE_OTHERWISE;
  const sides = sidesOf(conflict);
  const options = [record, other].map((id, place) => {
    const side = sides.find((each) => each.value?.record === id) ?? sides[place];
    const drops = place === 0 ? other : record;
    /** @type {Answer} */
    const answer = {
      act: "Only this",
      says: `${words.one}: only the ${place === 0 ? "first" : "second"}`,
      choice: "take",
      value: drops,
      drops,
      done: `${words.one}: the ${place === 0 ? "first" : "second"} stays`,
    };
    return { ...alikeWords(club, collection, id, drops), ...told(people, side), stands: false, answer };
  });
  const about = collection === "events" || collection === "match_awards" ? minuteOf(club, values) : "";
  const answers = /** @type {Answer[]} */ ([
    { act: `${words.two}: keep both`, says: `${words.two}: keep both`, choice: "keep", done: `${words.two}: both stay` },
  ]);
  return { ask: words.ask, about, options, answers, hint: alikeHint(collection) };
}

/** @param {string} collection */
function alikeHint(collection) {
  if (collection === "events") return "Both count in the score until somebody answers.";
  return collection === "teams" || collection === "players" || collection === "seasons"
    ? "What belongs to the other moves over to the one that stays."
    : "";
}

/**
 * Return one of two look-alikes, with what the other has not.
 * @param {Touchline} club
 * @param {string} collection
 * @param {string} id
 * @param {string} otherId
 * @returns {{words: string, lines: Line[]}}
 */
function alikeWords(club, collection, id, otherId) {
  const [values, other] = [knownOf(club, collection, id), knownOf(club, collection, otherId)];
  const byPlayer = collection === "events" || collection === "match_awards";
  const words = byPlayer ? valueWords(club, collection, "player_id", values.player_id) : recordWords(club, collection, values);
  const fields = [...new Set([...Object.keys(values), ...Object.keys(other)])].filter(
    (field) => !HIDDEN.has(field) && !(byPlayer && field === "player_id"),
  );
  const differs = fields.filter((field) => (values[field] ?? null) !== (other[field] ?? null));
  const lines = fieldWords(club, collection, Object.fromEntries(differs.map((field) => [field, values[field] ?? null])));
  const used = pointersTo(club, collection, id).length;
  return {
    words: words.replace(/^./u, (letter) => letter.toUpperCase()),
    lines: [
      ...(club.view.records.get(collection, id)?.deleted ? [{ name: "Now", words: "deleted" }] : []),
      ...lines,
      ...helpers(club, collection, id),
      ...(used > 0 ? [{ name: "Used", words: used === 1 ? "once" : `${used} times` }] : []),
    ],
  };
}

/** What does not help to tell two look-alikes apart. */
const HIDDEN = new Set([
  "match_id",
  "season_id",
  "x",
  "y",
  "sentiment",
  "period_type",
  "period_number",
  "do_not_share",
  "is_active",
  "home_kit_primary",
  "home_kit_secondary",
  "away_kit_primary",
  "away_kit_secondary",
  "logo_url",
]);

/**
 * Return who else took part in an event.
 * @param {Touchline} club
 * @param {string} collection
 * @param {string} id
 * @returns {Line[]}
 */
function helpers(club, collection, id) {
  if (collection !== "events") return [];
  return club
    .all("event_participants", { event_id: id })
    .map((each) => ({
      name: valueWords(club, "event_participants", "kind", each.kind),
      words: valueWords(club, "event_participants", "player_id", each.player_id),
    }));
}
