/**
 * Fields: what a person calls each field of a record, how its value is read and typed in, and what is asked where two
 * phones differ about it. Bounds are those of football/collections.py; a field that is not here is shown as it stands.
 */

import { AGE_GROUPS, CALLED_OFF, EVENT_KINDS, PERIOD_TYPES, POSITIONS, SIDES } from "../../football/vocabulary.js";

/**
 * @typedef {"text" | "long" | "whole" | "minutes" | "clock" | "moment" | "kickoff" | "day"
 *   | "flag" | "choice" | "colour" | "team" | "player" | "season" | "record"} Form
 *   long: some lines; minutes: of play, with a fraction; clock: played milliseconds; moment: an instant read off a clock;
 *   kickoff: an instant off a calendar; record: names what holds it, and is nobody's to choose
 */
/**
 * @typedef {object} Spec
 * @property {string} label
 * @property {Form} form
 * @property {string} [ask] where two phones differ
 * @property {string} [none] how nothing is called
 * @property {number} [least] @property {number} [most] bounds of a number, or the letters of a text
 * @property {Readonly<Record<string, string>>} [words] choice -> what it is called
 * @property {readonly string[]} [choices]
 * @property {boolean} [isNeeded] whether it cannot be empty
 */

const NAME = 100;
const NOTES = 1_000;
const TYPES = { regular: "Regular time", extra_time: "Extra time", penalty_shootout: "Penalties" };

/** @type {Spec} */
const player = { label: "Player", form: "player", ask: "Which player?", none: "nobody named" };
/** @type {Spec} */
const team = { label: "Team", form: "team", ask: "Which team?", none: "no team" };
/** @type {Spec} */
const season = { label: "Season", form: "season", ask: "Which season?", none: "no season" };
/** @type {Spec} */
const notes = { label: "Note", form: "long", ask: "Which note stays?", none: "no note", most: NOTES };
/** @type {Spec} */
const colour = { label: "Colour", form: "colour", none: "no colour" };
/** @type {Spec} */
const percent = { label: "Place on the pitch", form: "whole", least: 0, most: 100 };
/** @type {Spec} */
const position = {
  label: "Position",
  form: "choice",
  ask: "Which position?",
  none: "no position",
  choices: Object.keys(POSITIONS),
  words: POSITIONS,
};
/** @type {Spec} */
const within = { label: "Belongs to", form: "record", isNeeded: true };
/** @type {Spec} */
const began = { label: "Start", form: "moment", ask: "When did it start?", none: "not started" };
/** @type {Spec} */
const ended = { label: "End", form: "moment", ask: "When did it end?", none: "not ended" };
/** @type {Spec} */
const periodType = { label: "Part of the match", form: "choice", ask: "Which part of the match?", choices: PERIOD_TYPES, words: TYPES };
/** @type {Spec} */
const kind = { label: "What it was", form: "choice", ask: "What was it?", choices: EVENT_KINDS, isNeeded: true };
/** @type {Spec} */
const category = { label: "Award", form: "text", ask: "What is it called?", most: NAME, isNeeded: true };

/** @type {Readonly<Record<string, Readonly<Record<string, Spec>>>>} Collection -> field -> what a person is told of it. */
export const FIELDS = Object.freeze({
  seasons: { label: { label: "Name", form: "text", ask: "What is it called?", most: 50, isNeeded: true } },
  teams: {
    name: { label: "Name", form: "text", ask: "What is the team called?", most: NAME, isNeeded: true },
    age_group: {
      label: "Age group",
      form: "choice",
      ask: "Which age group?",
      none: "not said",
      choices: AGE_GROUPS,
      words: { adult: "Adults", open: "Open age" },
    },
    home_kit_primary: { ...colour, label: "Shirt at home" },
    home_kit_secondary: { ...colour, label: "Trim at home" },
    away_kit_primary: { ...colour, label: "Shirt away" },
    away_kit_secondary: { ...colour, label: "Trim away" },
    logo_url: { label: "Badge", form: "text", none: "no badge", most: 500 },
  },
  players: {
    full_name: { label: "Name", form: "text", ask: "What is the player called?", most: NAME, isNeeded: true },
    squad_number: { label: "Shirt number", form: "whole", ask: "Which shirt number?", none: "no number", least: 1, most: 99 },
    preferred_pos: position,
    dob: { label: "Birthday", form: "day", ask: "Which birthday?", none: "not said" },
    notes,
    current_team: { ...team, ask: "Which team do they play for?" },
    do_not_share: {
      label: "In shared views",
      form: "flag",
      ask: "Shown to others?",
      words: { true: "never shown to others", false: "shown to others" },
    },
    is_active: { label: "In the squad", form: "flag", ask: "Still in the squad?", words: { true: "in the squad", false: "has left" } },
  },
  matches: {
    season_id: season,
    kickoff_ts: { label: "Kick-off", form: "kickoff", ask: "When is kick-off?", isNeeded: true },
    competition: { label: "Competition", form: "text", ask: "Which competition?", none: "none", most: NAME },
    home_team_id: { ...team, label: "Home team", ask: "Who plays at home?" },
    away_team_id: { ...team, label: "Away team", ask: "Who plays away?" },
    our_side: {
      label: "Our side",
      form: "choice",
      ask: "Which side are we?",
      none: "at home",
      choices: SIDES,
      words: { home: "at home", away: "away" },
    },
    venue: { label: "Ground", form: "text", ask: "Where is it played?", none: "no ground", most: NAME },
    duration_mins: { label: "Minutes of play", form: "whole", ask: "How long is the match?", least: 1, most: 200, isNeeded: true },
    period_format: {
      label: "Played in",
      form: "choice",
      ask: "Halves or quarters?",
      choices: ["half", "quarter"],
      words: { half: "two halves", quarter: "four quarters" },
      isNeeded: true,
    },
    our_score: { label: "Our goals, by hand", form: "whole", ask: "How many did we score?", least: 0, most: 999, isNeeded: true },
    opponent_score: { label: "Their goals, by hand", form: "whole", ask: "How many did they score?", least: 0, most: 999, isNeeded: true },
    called_off: {
      label: "Called off",
      form: "choice",
      ask: "Is the match on?",
      none: "it is on",
      choices: CALLED_OFF,
      words: { cancelled: "cancelled", postponed: "postponed" },
    },
    finished_at: { label: "Full time", form: "moment", ask: "When was full time?", none: "not over" },
    notes,
  },
  match_periods: {
    match_id: within,
    number: { label: "Number", form: "whole", ask: "Which number?", least: 1, most: 99, isNeeded: true },
    type: periodType,
    started_at: began,
    ended_at: ended,
  },
  match_pauses: {
    period_id: within,
    ordinal: { label: "Number", form: "whole", ask: "Which number?", least: 1, most: 999, isNeeded: true },
    started_at: began,
    ended_at: ended,
  },
  events: {
    match_id: within,
    season_id: season,
    period_type: periodType,
    period_number: { label: "Half or quarter", form: "whole", ask: "In which half or quarter?", least: 0, most: 99 },
    clock_ms: { label: "Match clock", form: "clock", ask: "When was it?", least: 0 },
    kind,
    team_id: team,
    player_id: player,
    x: percent,
    y: percent,
    notes: { ...notes, most: 500 },
    sentiment: { label: "Mood", form: "whole", least: -100, most: 100 },
  },
  event_participants: { event_id: within, player_id: { ...player, isNeeded: true }, kind },
  lineup: {
    match_id: within,
    player_id: { ...player, isNeeded: true },
    team_id: team,
    start_period_type: periodType,
    start_period: {
      label: "Came on in",
      form: "whole",
      ask: "In which half or quarter did they come on?",
      none: "not said",
      least: 1,
      most: 99,
    },
    start_min: { label: "Came on at", form: "minutes", ask: "When did they come on?", none: "not said", least: 0 },
    end_period_type: periodType,
    end_period: {
      label: "Went off in",
      form: "whole",
      ask: "In which half or quarter did they go off?",
      none: "still on",
      least: 1,
      most: 99,
    },
    end_min: { label: "Went off at", form: "minutes", ask: "When did they go off?", none: "still on", least: 0 },
    position,
  },
  match_notes: {
    match_id: within,
    notes: { ...notes, isNeeded: true },
    period_number: {
      label: "Half or quarter",
      form: "whole",
      ask: "In which half or quarter?",
      none: "the whole match",
      least: 0,
      most: 99,
    },
  },
  awards: { season_id: season, player_id: player, category, notes },
  match_awards: { match_id: within, player_id: player, category, notes },
});

/** @type {Readonly<Record<string, string>>} Event's kind -> what is asked about its player. */
const WHO = Object.freeze({
  goal: "Who scored?",
  own_goal: "Whose own goal?",
  assist: "Who made the pass?",
  save: "Who saved it?",
  foul: "Who fouled?",
  yellow_card: "Who was shown the card?",
  red_card: "Who was shown the card?",
  substitution: "Who went off?",
});

/** @type {Readonly<Record<string, string>>} */
const TOOK_PART = Object.freeze({ assist: "Who made the pass?", substitution: "Who came on?" });

/**
 * Return what a person is told of a field; of one that this app does not know, its own name.
 * @param {string} collection
 * @param {string} field
 * @returns {Spec}
 */
export function specOf(collection, field) {
  const of = Object.hasOwn(FIELDS, collection) ? FIELDS[collection] : {};
  const known = Object.hasOwn(of, field) ? of[field] : undefined;
  return known ?? { label: spoken(field), form: "record" };
}

/**
 * Return what is asked where two phones differ about a field.
 * @param {string} collection
 * @param {string} field
 * @param {Record<string, unknown>} values of the record
 */
export function questionFor(collection, field, values) {
  if (field === "player_id") {
    const words = collection === "events" ? WHO : collection === "event_participants" ? TOOK_PART : {};
    const kind = String(values["kind"]);
    if (Object.hasOwn(words, kind)) return String(words[kind]);
  }
  const { ask, label } = specOf(collection, field);
  return ask ?? `${label}: which is right?`;
}

/**
 * Return a name of the data as words: `kick_off` is Kick off.
 * @param {string} name
 */
export function spoken(name) {
  const words = name.replaceAll("_", " ").trim().slice(0, 60);
  return words.replace(/^./u, (letter) => letter.toUpperCase()) || "Something";
}
