/**
 * What readers see of a record: its declared fields, and for those that nobody wrote the default. The declaration is
 * football/collections.py; what it says of bounds and references is the server's to judge.
 */

/** @typedef {import("../sync/messages.js").Value} Value */
/** @typedef {import("../sync/messages.js").Values} Values */

/** @type {Readonly<Record<string, Readonly<Record<string, Value>>>>} Collection -> field -> default. */
export const DEFAULTS = Object.freeze({
  seasons: { label: null },
  teams: {
    name: null,
    age_group: null,
    home_kit_primary: null,
    home_kit_secondary: null,
    away_kit_primary: null,
    away_kit_secondary: null,
    logo_url: null,
  },
  players: {
    full_name: null,
    squad_number: null,
    preferred_pos: null,
    dob: null,
    notes: null,
    current_team: null,
    do_not_share: false,
    is_active: true,
  },
  matches: {
    season_id: null,
    kickoff_ts: null,
    competition: null,
    home_team_id: null,
    away_team_id: null,
    our_side: null,
    venue: null,
    duration_mins: 50,
    period_format: "quarter",
    our_score: 0,
    opponent_score: 0,
    called_off: null,
    finished_at: null,
    notes: null,
  },
  match_periods: { match_id: null, number: null, type: "regular", started_at: null, ended_at: null },
  match_pauses: { period_id: null, ordinal: null, started_at: null, ended_at: null },
  events: {
    match_id: null,
    season_id: null,
    period_type: "regular",
    period_number: 0,
    clock_ms: 0,
    kind: null,
    team_id: null,
    player_id: null,
    x: null,
    y: null,
    notes: null,
    sentiment: 0,
  },
  event_participants: { event_id: null, player_id: null, kind: null },
  lineup: {
    match_id: null,
    player_id: null,
    team_id: null,
    start_period_type: "regular",
    start_period: null,
    start_min: 0,
    end_period_type: "regular",
    end_period: null,
    end_min: null,
    position: null,
  },
  match_notes: { match_id: null, notes: null, period_number: 0 },
  awards: { season_id: null, player_id: null, category: null, notes: null },
  match_awards: { match_id: null, player_id: null, category: null, notes: null },
});

/**
 * Return all declared fields of a record, and its `id`.
 * @param {string} collection
 * @param {string} id
 * @param {Values} values what was written
 * @returns {any}
 */
export function withDefaults(collection, id, values) {
  /** @type {Values} */
  const record = { id };
  for (const [name, usual] of Object.entries(DEFAULTS[collection])) record[name] = values[name] === undefined ? usual : values[name];
  return record;
}
