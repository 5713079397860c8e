/** A club on a device, made of a few records, for tests of what screens select and say. */

import { factsOfAll, gather } from "../football/facts.js";

export const KICKOFF_MS = Date.parse("2026-11-22T14:00:00.000Z");
export const MINUTE_MS = 60_000;
export const DAY_MS = 24 * 60 * MINUTE_MS;
export const iso = (ms) => new Date(ms).toISOString();
export const at = (minutes) => KICKOFF_MS + minutes * MINUTE_MS;

/** A club of some records, as a device shows them. */
export function clubOf(records) {
  const tables = new Map();
  for (const [collection, id, values] of records) {
    const table = tables.get(collection) ?? new Map();
    tables.set(collection, table.set(id, values));
  }
  const rows = (collection) => [...(tables.get(collection) ?? [])];
  const view = {
    all: rows,
    get: (collection, id) => tables.get(collection)?.get(id),
    records: {
      get: (collection, id) => (tables.get(collection)?.has(id) ? { values: tables.get(collection).get(id), deleted: false } : undefined),
      *of(collection) {
        for (const [id, values] of rows(collection)) yield [id, { values, deleted: false }];
      },
    },
  };
  return {
    view,
    get: view.get,
    all: (collection, where = {}) =>
      rows(collection)
        .map(([id, values]) => ({ ...values, id }))
        .filter((row) => Object.entries(where).every(([name, value]) => row[name] === value)),
    facts: (id = "m") => gather(view, id),
    matches: () => [...factsOfAll(view).values()].sort((one, other) => (one.match.kickoff_ts < other.match.kickoff_ts ? 1 : -1)),
  };
}

export const TEAMS = [
  ["teams", "us", { name: "Lions", age_group: "U9" }],
  ["teams", "them", { name: "Rovers" }],
];
export const match = (more = {}, id = "m") => ["matches", id, { kickoff_ts: iso(KICKOFF_MS), home_team_id: "us", away_team_id: "them", our_side: "home", period_format: "half", duration_mins: 50, ...more }];
export const period = (number, from, to = null, type = "regular") => [
  "match_periods",
  `${type} ${number}`,
  { match_id: "m", type, number, started_at: iso(at(from)), ended_at: to === null ? null : iso(at(to)) },
];
export const player = (id, number, name = `${id} Last`) => ["players", id, { full_name: name, squad_number: number, current_team: "us" }];
export const stint = (id, more = {}) => ["lineup", `stint ${id}`, { match_id: "m", player_id: id, team_id: "us", start_period: 1, start_min: 0, ...more }];
