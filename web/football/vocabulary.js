/**
 * The closed word lists of football, and the formats that the age groups play; as football/vocabulary.py has them.
 * Lists only grow, so a device may meet a word of a newer app: it is shown as it stands.
 */

/** What an event may be. `penalty` and `free_kick` are the award of one; the goal from it is a `goal`. */
export const EVENT_KINDS = Object.freeze([
  "goal", "assist", "key_pass", "save", "interception", "tackle", "foul", "penalty", "free_kick", "ball_out", "own_goal",
  "yellow_card", "red_card", "corner", "offside", "shot_on_target", "shot_off_target", "block", "clearance", "substitution",
]);

/** The kinds that move the score: a goal for its team, an own goal for the other. */
export const SCORING_KINDS = Object.freeze(["goal", "own_goal"]);

export const REGULAR = "regular";
export const EXTRA_TIME = "extra_time";
export const PENALTY_SHOOTOUT = "penalty_shootout";

/** The types of period, in the order in which a match goes through them. */
export const PERIOD_TYPES = Object.freeze([REGULAR, EXTRA_TIME, PENALTY_SHOOTOUT]);

/** @type {Readonly<Record<string, number>>} How many regular periods a match of each format has. */
export const PERIODS_BY_FORMAT = Object.freeze({ half: 2, quarter: 4 });

export const CALLED_OFF = Object.freeze(["cancelled", "postponed"]);

export const SIDES = Object.freeze(/** @type {const} */ (["home", "away"]));

export const AGE_GROUPS = Object.freeze([
  "U7", "U8", "U9", "U10", "U11", "U12", "U13", "U14", "U15", "U16", "adult", "open",
]);

/** @type {Readonly<Record<string, string>>} Code -> name, in the order of the pitch. */
export const POSITIONS = Object.freeze({
  GK: "Goalkeeper",
  SW: "Sweeper",
  CB: "Centre back",
  LB: "Left back",
  RB: "Right back",
  LWB: "Left wing back",
  RWB: "Right wing back",
  CDM: "Defensive midfielder",
  CM: "Central midfielder",
  CAM: "Attacking midfielder",
  LM: "Left midfielder",
  RM: "Right midfielder",
  LW: "Left winger",
  RW: "Right winger",
  CF: "Centre forward",
  ST: "Striker",
  SUB: "Substitute",
});

/**
 * @typedef {object} Format How an age group plays.
 * @property {[count: number, minutes: number][]} periods choices of (number of periods, minutes of each); the first is usual
 * @property {number} players_max how many of a team are on the pitch
 */

/** @type {Format} */
const SMALL = { periods: [[2, 20]], players_max: 5 };
/** @type {Format} */
const SEVENS = { periods: [[2, 25], [4, 12.5]], players_max: 7 };
/** @type {Format} */
const NINES = { periods: [[2, 30]], players_max: 9 };
/** @type {Format} */
const U13 = { periods: [[2, 35]], players_max: 11 };
/** @type {Format} */
const U15 = { periods: [[2, 40]], players_max: 11 };
/** @type {Format} */
const ELEVENS = { periods: [[2, 45]], players_max: 11 };

/** @type {Readonly<Record<string, Format>>} What each age group plays, after the FA's youth football. */
export const FORMATS = Object.freeze({
  U7: SMALL, U8: SMALL, U9: SEVENS, U10: SEVENS, U11: NINES, U12: NINES, U13, U14: U13, U15, U16: U15, adult: ELEVENS,
  open: ELEVENS,
});

/** Players in a formation: the Laws of the Game, law 3. */
export const FORMATION_MAX = 11;

/**
 * Return how many of a team may be on the pitch; 11 where the age group is not known.
 * @param {string | null | undefined} ageGroup
 */
export const playersMax = (ageGroup) => FORMATS[ageGroup ?? ""]?.players_max ?? FORMATION_MAX;

/**
 * Say whether these can stand on the pitch together: 1 to `most` players, each once.
 * @param {readonly string[]} playerIds
 * @param {number} [most]
 */
export const isFormation = (playerIds, most = FORMATION_MAX) =>
  playerIds.length >= 1 && playerIds.length <= most && new Set(playerIds).size === playerIds.length;
