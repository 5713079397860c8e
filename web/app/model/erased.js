/** The erased: players of whom nothing is left but that somebody was there. */

/** @typedef {import("../../touchline.js").Touchline} Touchline */

/** What who was erased is called where something of them stays: a goal, minutes, an award. */
export const ERASED_NAME = "Player";
const SOMEBODY = "Somebody";

/**
 * Tell whether a player was erased: of one who was only deleted the fields are kept.
 * @param {Touchline} club
 * @param {unknown} playerId
 */
export function isErased({ view }, playerId) {
  const held = playerId ? view.records.get("players", String(playerId)) : undefined;
  return held !== undefined && held.deleted && Object.keys(held.values).length === 0;
}

/**
 * Return what a player is called who is not there.
 * @param {Touchline} club
 * @param {unknown} playerId
 * @param {string} [otherwise] of whom it is not known why
 */
export const nameless = (club, playerId, otherwise = SOMEBODY) => (isErased(club, playerId) ? ERASED_NAME : otherwise);

/**
 * Tell whether two names are one to the server too: their words are, in whatever case and with whatever between them.
 * @param {string} one
 * @param {string} other
 */
export function sameName(one, other) {
  return wordsOf(one) === wordsOf(other);
}

/** @param {string} name */
const wordsOf = (name) => (name.normalize("NFKC").toLowerCase().match(/[\p{L}\p{N}\p{M}]+/gu) ?? []).join(" ");

/**
 * Say that edits were not kept, since who they were about was erased meanwhile.
 * @param {number} count
 */
export function letGoSentence(count) {
  return count === 1
    ? "Something written on this phone was about a player who has been erased. It was not kept."
    : `${count} things written on this phone were about a player who has been erased. They were not kept.`;
}
