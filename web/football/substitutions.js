/**
 * Line-ups and substitutions as the records that they write: a stint closed, a stint opened, and the event between; as
 * football/substitutions.py has it.
 *
 * A starting line-up is a stint from the first whistle for each of its players. Where it was never entered there is
 * nothing to close, and that is a prompt and no error: whoever stands at the line must be able to say what happened.
 */

import { compareKeys, keyOfEvent, MINUTE_MS } from "./clock.js";
import { participantId, stintId } from "./ids.js";
import { crowdsOf, teamsOf } from "./minutes.js";
import { ourTeamId } from "./scoreboard.js";
import { isFormation, playersMax, REGULAR } from "./vocabulary.js";

/** @typedef {import("../sync/messages.js").Values} Values */
/** @typedef {import("./clock.js").PeriodKey} PeriodKey */
/** @typedef {import("./facts.js").MatchEvent} MatchEvent */
/** @typedef {import("./facts.js").MatchFacts} MatchFacts */
/** @typedef {import("./facts.js").Stint} Stint */
/** @typedef {import("./presses.js").Problem} Problem */
/** @typedef {{collection: string, id: string, fields: Values}} Draft A record to be written; no fields: to be deleted. */
/** @typedef {{code: string, sentence: string, player_ids: string[]}} Prompt What a person should look at. */
/** @typedef {{drafts: Draft[], prompts: Prompt[]}} Plan What is to be written, all or nothing, and what to ask. */
/**
 * @typedef {object} Change A substitution: who goes off, who comes on, when.
 * @property {string} event_id
 * @property {PeriodKey} key
 * @property {number} clock_ms
 * @property {string | null} off
 * @property {string | null} on
 * @property {string | null} team_id
 * @property {string | null} position of who comes on
 */

/** Milliseconds of the match clock between two people's taps for one change. */
export const TOGETHER_MS = 45_000;

/** Stints of one player in one match that are looked through for a free place. */
export const ORDINAL_MAX = 200;

const NOT_ON = "Who goes off was not on the pitch as far as is recorded. Enter the line-up, or correct their minutes.";
const ALREADY_ON = "Who comes on is on the pitch already. Look whether this change was logged before.";

/**
 * Plan a substitution.
 * @param {MatchFacts} facts
 * @param {Change} change
 * @param {ReadonlySet<string>} taken the ids of all stints that were ever written, deleted ones too
 * @returns {Plan | Problem}
 */
export function substitute(facts, change, taken) {
  const { off, on, event_id: eventId } = change;
  if (off === null && on === null)
    return { code: "missing_value", sentence: "Say who goes off, who comes on, or both.", field: "off" };
  if (off === on) return { code: "wrong_value", sentence: "Who goes off cannot come on in the same change.", field: "on" };
  const open = openStints(facts.lineup);
  const drafts = [draft("events", eventId, eventOf(facts, change))];
  /** @type {Prompt[]} */
  const prompts = [];
  if (on !== null) {
    const fields = { event_id: eventId, player_id: on, kind: "substitution" };
    drafts.push(draft("event_participants", participantId(eventId, "substitution"), fields));
  }
  if (off !== null) {
    const closed = (open.get(off) ?? []).map((stint) => draft("lineup", stint.id, endOf(change)));
    drafts.push(...closed);
    if (!closed.length) prompts.push({ code: "off_not_on_pitch", sentence: NOT_ON, player_ids: [off] });
  }
  if (on !== null && open.has(on)) prompts.push({ code: "on_already_on_pitch", sentence: ALREADY_ON, player_ids: [on] });
  else if (on !== null) {
    const stint = stintId(facts.match.id, on, freeOrdinal(facts, on, taken));
    drafts.push(draft("lineup", stint, opened(facts, change, on)));
  }
  return { drafts, prompts };
}

/**
 * Return the event of a change that somebody else has logged already: the same two within 45 s; null: it is new.
 * @param {MatchFacts} facts
 * @param {Change} change
 * @returns {MatchEvent | null}
 */
export function sameChange(facts, { key, clock_ms: clock, off, on }) {
  const open = openStints(facts.lineup);
  if ((off !== null && open.has(off)) || (on !== null && !open.has(on))) return null;
  const found = facts.events.find(
    (event) =>
      event.kind === "substitution" &&
      event.player_id === off &&
      compareKeys(keyOfEvent(event), key) === 0 &&
      Math.abs((event.clock_ms ?? 0) - clock) <= TOGETHER_MS &&
      cameOn(facts, event.id) === on,
  );
  return found ?? null;
}

/**
 * Return who came on in a substitution, null where nobody did.
 * @param {MatchFacts} facts
 * @param {string} eventId
 */
export const cameOn = ({ participants }, eventId) =>
  participants.findLast((each) => each.event_id === eventId && each.kind === "substitution")?.player_id ?? null;

/**
 * Plan a starting line-up: it replaces the one that is there. Who was to start and is not named any more is taken out,
 * unless a substitution has closed their stint.
 * @param {MatchFacts} facts
 * @param {readonly [playerId: string, position: string | null][]} players
 * @param {string | null} teamId
 * @returns {Plan | Problem}
 */
export function lineUp(facts, players, teamId) {
  const named = players.map(([player]) => player);
  if (!isFormation(named))
    return { code: "wrong_value", sentence: "A line-up is 1 to 11 players, each named once.", field: "players" };
  const drafts = players.map(([player, position]) =>
    draft("lineup", startingId(facts, player, teamId), starting(facts.match.id, player, teamId, position)),
  );
  const isOut = (/** @type {Stint} */ stint) =>
    isStart(stint) && stint.team_id === teamId && !named.includes(stint.player_id) && stint.end_min === null;
  drafts.push(...facts.lineup.filter(isOut).map((stint) => draft("lineup", stint.id, {})));
  return { drafts, prompts: [] };
}

/**
 * Return a prompt for each team that has, or had, more on the pitch than its age group plays with. Before the first
 * whistle nobody has played, so a line-up is counted as it stands.
 * @param {MatchFacts} facts
 * @param {ReadonlyMap<string, string | null>} ageGroups by team
 * @param {number} nowMs
 * @returns {Prompt[]}
 */
export function crowdPrompts(facts, ageGroups, nowMs) {
  return teamsOf(facts.lineup).flatMap((team) => {
    const most = playersMax(ageGroups.get(team ?? ourTeamId(facts.match) ?? ""));
    const on = [...openStints(facts.lineup.filter((stint) => stint.team_id === team)).keys()].sort();
    if (on.length > most) return [tooMany(`${on.length} are on the pitch; ${most} may be.`, on)];
    return crowdsOf(facts, most, nowMs)
      .filter((crowd) => crowd.team_id === team)
      .map((crowd) => tooMany(`${crowd.players} were on the pitch at once; ${most} may be.`, crowd.player_ids));
  });
}

/**
 * Return the ordinal of a player's next stint: the first whose id nobody has used.
 * @param {MatchFacts} facts
 * @param {string} playerId
 * @param {ReadonlySet<string>} taken
 */
export function freeOrdinal({ match }, playerId, taken) {
  for (let ordinal = 1; ordinal < ORDINAL_MAX; ordinal++) if (!taken.has(stintId(match.id, playerId, ordinal))) return ordinal;
  return ORDINAL_MAX;
}

/**
 * Return the edge at which a change ends a stint.
 * @param {Pick<Change, "key" | "clock_ms">} change
 */
export const endOf = ({ key, clock_ms: clock }) =>
  ({ end_period_type: key.type, end_period: key.number, end_min: clock / MINUTE_MS });

/**
 * Return the stints that nobody has closed, by player.
 * @param {Stint[]} lineup
 * @returns {Map<string, Stint[]>}
 */
function openStints(lineup) {
  /** @type {Map<string, Stint[]>} */
  const found = new Map();
  for (const stint of lineup)
    if (stint.end_min === null) found.set(stint.player_id, [...(found.get(stint.player_id) ?? []), stint]);
  return found;
}

/**
 * @param {MatchFacts} facts
 * @param {Change} change
 * @returns {Values}
 */
const eventOf = ({ match }, change) => ({
  match_id: match.id,
  season_id: match.season_id,
  period_type: change.key.type,
  period_number: change.key.number,
  clock_ms: change.clock_ms,
  kind: "substitution",
  team_id: change.team_id,
  player_id: change.off,
});

/**
 * @param {MatchFacts} facts
 * @param {Change} change
 * @param {string} on
 * @returns {Values}
 */
const opened = ({ match }, change, on) => ({
  match_id: match.id,
  player_id: on,
  team_id: change.team_id,
  start_period_type: change.key.type,
  start_period: change.key.number,
  start_min: change.clock_ms / MINUTE_MS,
  position: change.position,
});

/**
 * Return the stint from the first whistle that is there, else the player's first.
 * @param {MatchFacts} facts
 * @param {string} playerId
 * @param {string | null} teamId
 */
const startingId = ({ match, lineup }, playerId, teamId) =>
  lineup.find((stint) => stint.player_id === playerId && stint.team_id === teamId && isStart(stint))?.id ??
  stintId(match.id, playerId, 1);

/**
 * @param {string} matchId
 * @param {string} playerId
 * @param {string | null} teamId
 * @param {string | null} position
 * @returns {Values}
 */
const starting = (matchId, playerId, teamId, position) => ({
  match_id: matchId,
  player_id: playerId,
  team_id: teamId,
  start_period_type: REGULAR,
  start_period: 1,
  start_min: 0,
  position,
});

/**
 * Say whether a stint begins with the match; old rows name no period.
 * @param {Stint} stint
 */
const isStart = (stint) =>
  (stint.start_period === 1 || stint.start_period === null) && stint.start_period_type === REGULAR && !stint.start_min;

/**
 * @param {string} collection
 * @param {string} id
 * @param {Values} fields
 * @returns {Draft}
 */
const draft = (collection, id, fields) => ({ collection, id, fields });

/**
 * @param {string} sentence
 * @param {string[]} players
 * @returns {Prompt}
 */
const tooMany = (sentence, players) => ({ code: "too_many_on_pitch", sentence, player_ids: players });
