/**
 * The recorded facts of one match, from which everything else is folded; as football/facts.py gathers them. The folds
 * take values and give values: they know no page, no clock and no order of arrival.
 *
 * Fields of records and of what folds answer are named as on the wire.
 */

import { withDefaults } from "./collections.js";

/** @typedef {import("../sync/messages.js").Values} Values */
/**
 * @typedef {object} View What a device shows: a club's `view`, or anything alike. Deleted records are not in it.
 * @property {(collection: string) => Iterable<[id: string, values: Values]>} all
 * @property {(collection: string, id: string) => Values | undefined} get
 */
/** @typedef {"home" | "away"} Side */
/**
 * @typedef {object} Match
 * @property {string} id
 * @property {string | null} season_id
 * @property {string} kickoff_ts an instant
 * @property {string | null} competition
 * @property {string | null} home_team_id
 * @property {string | null} away_team_id
 * @property {Side | null} our_side
 * @property {string | null} venue
 * @property {number} duration_mins all regular periods together
 * @property {string} period_format
 * @property {number} our_score by hand
 * @property {number} opponent_score by hand
 * @property {string | null} called_off
 * @property {string | null} finished_at an instant
 * @property {string | null} notes
 */
/**
 * @typedef {object} PeriodRecord
 * @property {string} id
 * @property {string} match_id
 * @property {string} type
 * @property {number} number
 * @property {string | null} started_at an instant
 * @property {string | null} ended_at an instant
 */
/**
 * @typedef {object} PauseRecord
 * @property {string} id
 * @property {string} period_id
 * @property {number} ordinal
 * @property {string | null} started_at an instant
 * @property {string | null} ended_at an instant
 */
/**
 * @typedef {object} MatchEvent
 * @property {string} id
 * @property {string} match_id
 * @property {string | null} season_id
 * @property {string | null} period_type
 * @property {number | null} period_number
 * @property {number | null} clock_ms played time in the period
 * @property {string} kind
 * @property {string | null} team_id
 * @property {string | null} player_id who did it; of a substitution, who goes off
 * @property {number | null} x
 * @property {number | null} y
 * @property {string | null} notes
 * @property {number} sentiment
 */
/** @typedef {{id: string, event_id: string, player_id: string, kind: string}} Participant */
/**
 * @typedef {object} Stint
 * @property {string} id
 * @property {string} match_id
 * @property {string} player_id
 * @property {string | null} team_id null: ours
 * @property {string | null} start_period_type
 * @property {number | null} start_period
 * @property {number | null} start_min
 * @property {string | null} end_period_type
 * @property {number | null} end_period
 * @property {number | null} end_min null: still on
 * @property {string | null} position
 */
/**
 * @typedef {object} Team
 * @property {string} id
 * @property {string} name
 * @property {string | null} age_group
 * @property {string | null} home_kit_primary
 * @property {string | null} home_kit_secondary
 * @property {string | null} away_kit_primary
 * @property {string | null} away_kit_secondary
 * @property {string | null} logo_url
 */
/**
 * @typedef {object} Player
 * @property {string} id
 * @property {string} full_name
 * @property {number | null} squad_number
 * @property {string | null} preferred_pos
 * @property {string | null} dob
 * @property {string | null} notes
 * @property {string | null} current_team
 * @property {boolean} do_not_share
 * @property {boolean} is_active
 */
/**
 * @typedef {object} MatchFacts One match and what belongs to it; each list is ordered by id.
 * @property {Match} match
 * @property {PeriodRecord[]} periods
 * @property {PauseRecord[]} pauses
 * @property {MatchEvent[]} events
 * @property {Participant[]} participants
 * @property {Stint[]} lineup
 */
/** @typedef {Map<string, any[]>} Children Records by the id of their parent, each list ordered by id. */

/**
 * Collect the facts of a match; undefined where the view has no such match.
 * @param {View} view
 * @param {string} matchId
 * @returns {MatchFacts | undefined}
 */
export function gather(view, matchId) {
  const match = view.get("matches", matchId);
  if (!match) return undefined;
  const only = new Set([matchId]);
  const periods = children(view, "match_periods", "match_id", only);
  const events = children(view, "events", "match_id", only);
  const pauses = children(view, "match_pauses", "period_id", idsOf(periods.get(matchId)));
  const participants = children(view, "event_participants", "event_id", idsOf(events.get(matchId)));
  const lineup = children(view, "lineup", "match_id", only);
  return factsOf(matchId, match, { periods, events, pauses, participants, lineup });
}

/**
 * Collect the facts of all matches, by id, in one pass over the records.
 * @param {View} view
 * @returns {Map<string, MatchFacts>}
 */
export function factsOfAll(view) {
  const of = {
    periods: children(view, "match_periods", "match_id"),
    events: children(view, "events", "match_id"),
    pauses: children(view, "match_pauses", "period_id"),
    participants: children(view, "event_participants", "event_id"),
    lineup: children(view, "lineup", "match_id"),
  };
  return new Map([...view.all("matches")].map(([id, match]) => [id, factsOf(id, match, of)]));
}

/**
 * Return the records of a collection by id, defaults filled in: the teams and players that folds ask for.
 * @param {View} view
 * @param {string} collection
 * @returns {Map<string, any>}
 */
export const recordsOf = (view, collection) =>
  new Map([...view.all(collection)].map(([id, values]) => [id, withDefaults(collection, id, values)]));

/**
 * @param {string} id
 * @param {Values} match
 * @param {Record<"periods" | "events" | "pauses" | "participants" | "lineup", Children>} of
 * @returns {MatchFacts}
 */
function factsOf(id, match, of) {
  const periods = of.periods.get(id) ?? [];
  const events = of.events.get(id) ?? [];
  return {
    match: withDefaults("matches", id, match),
    periods,
    pauses: ofParents(of.pauses, periods),
    events,
    participants: ofParents(of.participants, events),
    lineup: of.lineup.get(id) ?? [],
  };
}

/**
 * @param {View} view
 * @param {string} collection
 * @param {string} field the one that names the parent
 * @param {Set<string> | null} [parents] whose children are wanted; null: everybody's
 * @returns {Children}
 */
function children(view, collection, field, parents = null) {
  /** @type {Children} */
  const found = new Map();
  for (const [id, values] of view.all(collection)) {
    const parent = values[field];
    if (parents && !parents.has(parent)) continue;
    const mine = found.get(parent);
    if (mine) mine.push(withDefaults(collection, id, values));
    else found.set(parent, [withDefaults(collection, id, values)]);
  }
  for (const mine of found.values()) mine.sort(byId);
  return found;
}

/**
 * @param {Children} children
 * @param {{id: string}[]} parents
 */
const ofParents = (children, parents) => parents.flatMap(({ id }) => children.get(id) ?? []).sort(byId);

/** @param {{id: string}[]} [records] */
const idsOf = (records = []) => new Set(records.map(({ id }) => id));

/**
 * Order texts by code unit, as Python's folds do.
 * @param {string} one
 * @param {string} other
 */
export const byText = (one, other) => (one < other ? -1 : one > other ? 1 : 0);

/**
 * @param {{id: string}} one
 * @param {{id: string}} other
 */
export const byId = ({ id: one }, { id: other }) => byText(one, other);
