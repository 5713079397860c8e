/** Records: what a record is in a few words, deleted or half known as it may be, and which match it belongs to. */

import { formatMinute, periodKey } from "../../football/clock.js";
import { withDefaults } from "../../football/collections.js";
import { kindWords, periodWords } from "../../football/words.js";
import { regularWord } from "./calling.js";
import { sidesOf } from "./sides.js";
import { spoken } from "./fields.js";
import { cut, valueWords } from "./values.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("../../sync/messages.js").Values} Values */

const LENGTH_MAX = 60;

/**
 * Return what is known of a record, also where nobody sees it.
 * @param {Touchline} club
 * @param {string} collection
 * @param {unknown} id
 * @returns {Values}
 */
export function knownOf(club, collection, id) {
  return club.view.records.get(collection, String(id))?.values ?? {};
}

/**
 * Return the match that a record belongs to, or null.
 * @param {Touchline} club
 * @param {string} collection
 * @param {string} id
 * @param {Values} values
 * @returns {string | null}
 */
export function matchIdOf(club, collection, id, values) {
  if (collection === "matches") return id;
  if (collection === "match_pauses") return textOf(knownOf(club, "match_periods", values.period_id).match_id);
  if (collection === "event_participants") return textOf(knownOf(club, "events", values.event_id).match_id);
  return textOf(values.match_id);
}

/**
 * Return a match by its teams: `Reds v Blues`.
 * @param {Touchline} club
 * @param {string} id
 */
export function matchName(club, id) {
  const { home, away } = sidesOf(club, /** @type {any} */ ({ match: matchOf(club, id) }));
  return `${cut(home.name, LENGTH_MAX)} v ${cut(away.name, LENGTH_MAX)}`;
}

/**
 * @param {Touchline} club
 * @param {string} id
 * @returns {any} with its defaults
 */
function matchOf(club, id) {
  return withDefaults("matches", id, knownOf(club, "matches", id));
}

/**
 * Return what a record is: `Goal, Messi, 18'`.
 * @param {Touchline} club
 * @param {string} collection
 * @param {Values} values
 * @returns {string}
 */
export function recordWords(club, collection, values) {
  const say = (/** @type {string} */ field) => cut(valueWords(club, collection, field, values[field]), LENGTH_MAX);
  const has = (/** @type {string} */ field) => typeof values[field] === "string" && values[field] !== "";
  switch (collection) {
    case "matches":
      return has("kickoff_ts") ? `Match, ${say("kickoff_ts")}` : "A match";
    case "events":
      return [eventWords(values), has("player_id") && say("player_id"), minuteOf(club, values)].filter(Boolean).join(", ");
    case "event_participants":
      return `${values.kind === "substitution" ? "Coming on" : eventWords(values)}, ${recordWords(club, "events", knownOf(club, "events", values.event_id))}`;
    case "match_periods":
      return cut(
        periodWords(
          { type: String(values.type ?? "regular"), number: Number(values.number) || 0 },
          regularWord(matchOf(club, String(values.match_id))),
        ),
        LENGTH_MAX,
      );
    case "match_pauses":
      return `Stoppage ${oneOf(values.ordinal)}, ${recordWords(club, "match_periods", knownOf(club, "match_periods", values.period_id))}`;
    case "lineup":
      return `${has("player_id") ? say("player_id") : "A player"} on the pitch`;
    case "match_notes":
      return "Note on the match";
    case "players":
    case "teams":
    case "seasons":
      return say(collection === "players" ? "full_name" : collection === "teams" ? "name" : "label");
    case "awards":
    case "match_awards":
      return `Award, ${say("category")}`;
    default:
      return cut(spoken(collection), LENGTH_MAX);
  }
}

/**
 * Return the minute of an event as people say it; nothing where that is not known.
 * @param {Touchline} club
 * @param {Values} event
 */
export function minuteOf(club, event) {
  const clock = event.clock_ms ?? 0;
  if (typeof clock !== "number" || !event.period_number) return "";
  const key = periodKey(textOf(event.period_type), Number(event.period_number) || 0);
  return formatMinute(matchOf(club, String(event.match_id)), key, clock);
}

/** @param {Values} values */
function eventWords(values) {
  if (typeof values.kind !== "string") return "Something that happened";
  return cut(kindWords({ kind: values.kind, period_type: textOf(values.period_type) }), LENGTH_MAX);
}

/** @param {unknown} value */
const oneOf = (value) => (typeof value === "number" ? String(value) : "");

/** @param {unknown} value */
const textOf = (value) => (typeof value === "string" ? value : null);
