/**
 * Scoring: how a volunteer without an account gets to the one match that a scorer's link is for, and leaves it again. Each
 * match has a store of its own on the phone; none of them is forgotten while something in it is on this phone alone.
 */

import { MemoryStore } from "../sync/memory.js";
import { open } from "../touchline.js";
import { to } from "./route.js";

/** @typedef {import("../touchline.js").Touchline} Touchline */
/** @typedef {import("./app.js").App} App */
/** @typedef {import("./prefs.js").Prefs} Prefs */
/** @typedef {{tail: string, at: number}} Begun The end of the secret that it was begun with, and when. */

/** Where the app stands while somebody scores by link. */
export const SCORE = "/score";
/** Letters of a secret that tell it from others, and open nothing. */
const TAIL = 8;

/**
 * Open what the page at the door works with: the match that is scored on this phone, or nothing that is kept.
 * @param {Prefs} prefs
 * @param {string} secret of the link that was opened; empty where there is none
 * @param {any} config
 * @returns {Promise<Touchline>}
 */
export function openScoring(prefs, secret, config) {
  const matchId = secret === "" ? prefs.all.score : knownBy(prefs, secret);
  return matchId ? open({ matchId, config }) : openDoor(config);
}

/** @param {any} [config] */
function openDoor(config) {
  return open({ name: "touchline-door", store: new MemoryStore(), config });
}

/**
 * Return the match on this phone that a link was opened for before: opened again, it needs no signal.
 * @param {Prefs} prefs
 * @param {string} secret
 * @returns {string | undefined}
 */
export function knownBy({ all }, secret) {
  return Object.entries(all.scores ?? {}).find(([, { tail }]) => tail !== "" && secret.endsWith(tail))?.[0];
}

/**
 * Return the other matches that are scored on this phone, the latest first.
 * @param {App} app
 * @returns {[matchId: string, begun: Begun][]}
 */
export function others({ club, prefs }) {
  return Object.entries(prefs.all.scores ?? {})
    .filter(([id]) => id !== club.matchId)
    .sort(([, one], [, other]) => other.at - one.at);
}

/**
 * Sign in with a link's secret or a code, and go to the match. Throws as the transport does.
 * @param {App} app
 * @param {{name: string, secret?: string, code?: string}} asked
 */
export async function startScoring(app, asked) {
  const before = app.club;
  const club = await before.score(asked);
  const matchId = String(club.matchId);
  const { scores } = app.prefs.all;
  const tail = asked.secret?.slice(-TAIL) ?? scores?.[matchId]?.tail ?? "";
  app.prefs.keep({ score: matchId, scores: { ...scores, [matchId]: { tail, at: Date.now() } } });
  if (club !== before) {
    app.enter(club);
    await before.close();
  }
  void club.persist();
  history.replaceState(null, "", SCORE); // the secret has done its work, and leaves the address
  app.go(to("match", matchId));
}

/**
 * Go to another match that is scored on this phone.
 * @param {App} app
 * @param {string} matchId
 */
export async function changeMatch(app, matchId) {
  const before = app.club;
  const club = await open({ matchId });
  app.prefs.keep({ score: matchId });
  app.enter(club);
  await before.close();
  app.go(to());
}

/**
 * Leave the match, and take it off this phone. Refused while something is on this phone alone, unless that is said.
 * @param {App} app
 * @param {{evenUnsent?: boolean}} [how]
 */
export async function finishScoring(app, how) {
  const { club, prefs } = app;
  await club.forget(how);
  const { [club.matchId ?? ""]: _, ...scores } = prefs.all.scores ?? {};
  const { score: __, ...kept } = prefs.all;
  prefs.replace({ ...kept, scores });
  app.enter(await openDoor());
  app.go(to(), { replace: true });
}
