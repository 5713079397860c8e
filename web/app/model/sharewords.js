/** What a share link shows and holds back, in words, before it is made and after. */

/** @typedef {{score: boolean, shirt_numbers: boolean, venue: boolean}} Options */
/** @typedef {Options & {venue_from_ms: number | null}} Permitted As football/policy.js answers. */
/** @typedef {{asked: Options, shows: Options, venue_from: string | null}} Shown As the server tells of a link. */
/** @typedef {{score: string, shirt_numbers: string, venue: string}} Hints */

/** What all viewers get, whatever a link asks for. */
export const ALWAYS = "Always: the teams, kick-off, the clock and what happened. Never: a child's name, notes or anything else about them.";

/**
 * Return what stands beside each switch: what will be shown for this age group, and why.
 * @param {Permitted} all what would be shown if everything was asked for
 * @param {string | null} ageGroup of our team
 * @returns {Hints}
 */
export function hintsFor(all, ageGroup) {
  const isOfChildren = all.venue_from_ms !== null;
  const whose = ageGroup ? `${ageGroup}s` : "teams without an age group";
  return {
    score: all.score
      ? "As it stands, with the goals."
      : `Results of ${whose} are shown only where the club's owner turned that on. Until then nothing tells the score.`,
    shirt_numbers: !all.shirt_numbers
      ? `Shirt numbers of ${whose} are shown only where the club's owner turned that on.`
      : isOfChildren
        ? "Only our own, and none beside a card, a foul or an own goal. Who is not to be shared has none."
        : "Beside what they did. Who is not to be shared has none.",
    venue: isOfChildren ? "From kick-off on: nobody learns beforehand where children will be." : "At any time.",
  };
}

const NAMES = /** @type {const} */ ([
  ["score", "score"],
  ["shirt_numbers", "shirt numbers"],
  ["venue", "venue"],
]);

/**
 * Return what a link shows: `Score and venue`.
 * @param {Shown} link
 */
export function showsWords({ shows }) {
  const shown = NAMES.filter(([name]) => shows[name]).map(([, words]) => words);
  return shown.length ? listed(shown).replace(/^./, (first) => first.toUpperCase()) : "Clock and events only";
}

/**
 * Return what a link asks for and is held back, or nothing.
 * @param {Shown} link
 */
export function heldWords({ asked, shows, venue_from: venueFrom }) {
  const held = NAMES.filter(([name]) => name !== "venue" && asked[name] && !shows[name]).map(([, words]) => words);
  const parts = [
    held.length ? `${listed(held)} held back for this age group` : "",
    asked.venue && !shows.venue && venueFrom ? "venue from kick-off on" : "",
  ];
  return parts
    .filter(Boolean)
    .join(", ")
    .replace(/^./, (first) => first.toUpperCase());
}

/** @param {string[]} words */
export const listed = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);

/**
 * Return a moment as a person would say it: `Sun 29 Nov, 11:00`.
 * @param {number} ms
 */
export function momentWords(ms) {
  return new Date(ms).toLocaleString("en-GB", { weekday: "short", day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
}

/**
 * Return when a link was opened last. The server keeps the day, and no more.
 * @param {string | null} day
 */
export function openedWords(day) {
  if (!day) return "not opened yet";
  return `last opened on ${new Date(`${day}T12:00:00`).toLocaleDateString("en-GB", { weekday: "short", day: "numeric", month: "short" })}`;
}

/** Ends that can be chosen: hours from now, and what they are called. */
export const ENDS = /** @type {const} */ ([
  ["", "A day after the match"],
  ["6", "In 6 hours"],
  ["72", "In 3 days"],
  ["168", "In a week"],
  ["720", "In 30 days"],
]);
