/** A team's players in one match: who is on the pitch, who is not, and what they are called at the line. */

import { onPitch, sideOfStint } from "../../football/live.js";
import { nameless } from "./erased.js";
import { sidesOf } from "./sides.js";
import { playersOf, shortName } from "./squads.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */
/** @typedef {import("../../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("../../football/facts.js").Side} Side */
/**
 * @typedef {object} Member A player as a match shows them.
 * @property {string} id
 * @property {string} name in full
 * @property {string} short `Sam P`
 * @property {number | null} number
 * @property {string | null} position
 */
/** @typedef {{on: Member[], off: Member[], bench: Member[]}} MatchSquad Of those who are off, the bench may come on. */

/**
 * Return the players of one side: those on the pitch, and all others of the team. Whoever has played for it in this match
 * is among them, even after moving on.
 * @param {Touchline} club
 * @param {MatchFacts} facts
 * @param {Side} side
 * @returns {MatchSquad}
 */
export function squadOf(club, facts, side) {
  const playing = new Map(onPitch(facts)[side].map((each) => [each.player_id, each.position]));
  const stints = facts.lineup.filter((stint) => sideOfStint(facts.match, stint) === side);
  const squad = playersOf(club, sidesOf(club, facts)[side].id);
  const ids = new Set([...squad.map(({ id }) => id), ...stints.map((stint) => stint.player_id)]);
  const members = [...ids].map((id) => memberOf(club, id, playing.get(id) ?? null)).sort(byNumber);
  const off = members.filter(({ id }) => !playing.has(id));
  const gone = sentOff(facts);
  return { on: members.filter(({ id }) => playing.has(id)), off, bench: off.filter(({ id }) => !gone.has(id)) };
}

/**
 * Return who was shown a red card: they take no more part in the match.
 * @param {MatchFacts} facts
 */
export const sentOff = ({ events }) => new Set(events.flatMap((event) => (event.kind === "red_card" ? (event.player_id ?? []) : [])));

/**
 * Return a player; one who is not there any more is somebody.
 * @param {Touchline} club
 * @param {string} id
 * @param {string | null} [position]
 * @returns {Member}
 */
export function memberOf(club, id, position = null) {
  const player = club.get("players", id);
  const name = String(player?.full_name ?? nameless(club, id));
  return { id, name, short: shortName(name), number: player?.squad_number ?? null, position };
}

/**
 * Return what stands on a player's shirt: the number, or without one the initials.
 * @param {Pick<Member, "number" | "short">} member
 */
export const onShirt = ({ number, short }) => number ?? short.split(" ").map(([first]) => first ?? "").join("");

/**
 * Return a player as it is called across a pitch: `9 Sam P`.
 * @param {{number: number | null, short: string}} member
 */
export const callName = ({ number, short }) => (number === null ? short : `${number} ${short}`);

/**
 * @param {Member} one
 * @param {Member} other
 */
const byNumber = (one, other) => (one.number ?? 1_000) - (other.number ?? 1_000) || one.name.localeCompare(other.name);
