/** Unsent: which records hold something that is on this phone only, and about which a question is open. */

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */

/** @type {WeakMap<object, Set<string>>} by picture: each is of one moment */
const known = new WeakMap();

/**
 * Return the ids of records with edits that the server has not answered.
 * @param {Touchline} club
 * @returns {Set<string>}
 */
export function unsentIn(club) {
  const { picture } = club.state;
  let found = known.get(picture);
  if (!found) {
    const waiting = [...picture.made.values()].filter(({ verdict }) => verdict === null);
    found = new Set(waiting.map(({ mutation }) => mutation.record));
    known.set(picture, found);
  }
  return found;
}

/**
 * Return the ids of records about which a question is open; of two that may be one and the same, both.
 * @param {Touchline} club
 * @returns {Set<string>}
 */
export function askedIn(club) {
  return new Set(club.conflicts().flatMap(({ record, other }) => [record, other].filter(Boolean).map(String)));
}

/**
 * Return the ids of a match's events, and periods, that are marked: they or who took part in them.
 * @param {MatchFacts} facts
 * @param {Set<string>} marked
 * @returns {Set<string>}
 */
export function marksOf({ participants, pauses }, marked) {
  if (marked.size === 0) return marked;
  const found = new Set(marked);
  for (const each of participants) if (marked.has(each.id)) found.add(each.event_id);
  for (const each of pauses) if (marked.has(each.id)) found.add(each.period_id);
  return found;
}
