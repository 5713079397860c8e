/**
 * Entry: how a person gets into a club on this phone, and from one of their clubs to another. Each club has a store of
 * its own; nothing here ever empties one.
 */

import { open } from "../touchline.js";
import { to } from "./route.js";

/** @typedef {import("./app.js").App} App */
/** @typedef {{club_id: string, club_name: string, role: string}} Membership */
/**
 * @typedef {object} Asked
 * @property {string} email
 * @property {string} password
 * @property {string} [display_name] @property {string} [club_name] @property {string} [invitation]
 */
/** @typedef {{tokens: any, clubs: Membership[], isOther: boolean}} Offer Tokens that wait for a word: for which club, or beside which. */

/** The store that a phone begins with. */
const FIRST = "touchline";
const SECRET = /^tli_([\w-]{22})/;

/**
 * Sign in with a password. Where it needs a word of the person, answers what to ask: several clubs, or another club than
 * the one whose matches are on this phone. Throws as the transport does.
 * @param {App} app
 * @param {Asked} asked
 * @returns {Promise<Offer | null>} null: they are in
 */
export async function signIn(app, asked) {
  const { club } = app;
  const tokens = await knock(app, asked);
  const isOther = club.clubId !== null && club.clubId !== tokens.club_id;
  const clubs = club.clubId === null && !asked.invitation && !asked.club_name ? await clubsWith(app, tokens) : [];
  if (isOther || clubs.length > 1) return { tokens, clubs, isOther };
  await enter(app, tokens);
  return null;
}

/**
 * Sign up, with a club of one's own or an invitation to one.
 * @param {App} app
 * @param {Asked} asked
 * @returns {Promise<Offer | null>}
 */
export async function signUp(app, asked) {
  const tokens = await app.club.knock("register", { ...asked });
  const isOther = app.club.clubId !== null && app.club.clubId !== tokens.club_id;
  if (isOther) return { tokens, clubs: [], isOther };
  await enter(app, tokens);
  return null;
}

/**
 * Take an offer: the club that the person chose.
 * @param {App} app
 * @param {Offer} offer
 * @param {string} [clubId]
 */
export async function accept(app, { tokens }, clubId = tokens.club_id) {
  if (clubId === tokens.club_id) return enter(app, tokens);
  const body = { club_id: clubId, device_id: app.club.deviceId };
  return enter(app, await app.club.online.transport.ask("POST", "/api/auth/switch", { body, token: tokens.access_token }));
}

/**
 * Ask for tokens, for the club whose matches are on this phone if the person is in it.
 * @param {App} app
 * @param {Asked} asked
 */
async function knock({ club }, asked) {
  const bound = club.clubId;
  if (bound === null || asked.invitation || asked.club_name) return club.knock("login", { ...asked });
  try {
    return await club.knock("login", { ...asked, club_id: bound });
  } catch (error) {
    const { code } = /** @type {any} */ (error);
    if (code !== "forbidden" && code !== "access_ended") throw error;
    return club.knock("login", { ...asked });
  }
}

/**
 * Return the clubs of whoever the tokens are for.
 * @param {App} app
 * @param {any} tokens
 * @returns {Promise<Membership[]>}
 */
async function clubsWith({ club }, tokens) {
  const { clubs } = await club.online.transport.ask("GET", "/api/auth/me", { token: tokens.access_token });
  return clubs;
}

/**
 * Use tokens in the open store; those of another club in a store of its own.
 * @param {App} app
 * @param {any} tokens
 */
async function enter(app, tokens) {
  const { club, prefs } = app;
  if (club.clubId !== null && club.clubId !== tokens.club_id)
    return inStore(app, tokens.club_id, async (other) => other.enter(tokens));
  await club.enter(tokens);
  prefs.keep({ stores: { ...prefs.all.stores, [tokens.club_id]: prefs.all.store ?? FIRST } });
}

/**
 * Go to another of one's clubs. One that was open on this phone before opens without signal too.
 * @param {App} app
 * @param {string} clubId
 */
export function switchTo(app, clubId) {
  return inStore(app, clubId, async (other) => {
    if (other.account && other.account.user_id === app.club.account?.user_id) return;
    await other.enter(await app.club.request("POST", "/api/auth/switch", { club_id: clubId, device_id: other.deviceId }));
  });
}

/**
 * Join a club by an invitation, as somebody who is signed in.
 * @param {App} app
 * @param {string} invitation
 */
export async function join(app, invitation) {
  const clubId = clubOf(invitation);
  const ask = (/** @type {string} */ device_id) => app.club.request("POST", "/api/auth/join", { invitation, device_id });
  if (clubId === null || clubId === app.club.clubId) return enter(app, await ask(app.club.deviceId));
  return inStore(app, clubId, async (other) => other.enter(await ask(other.deviceId)));
}

/**
 * Return the id of the club that an invitation is to: it stands in the secret.
 * @param {string} invitation
 * @returns {string | null}
 */
export function clubOf(invitation) {
  const [, club] = SECRET.exec(invitation) ?? [];
  if (!club) return null;
  const bytes = atob(club.replaceAll("-", "+").replaceAll("_", "/"));
  const digits = [...bytes.slice(0, 16)].map((byte) => byte.charCodeAt(0).toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5");
}

/**
 * Open a club's own store, do something there, and load the app with it. If that fails, all is as it was.
 * @param {App} app
 * @param {string} clubId
 * @param {(other: import("../touchline.js").Touchline) => Promise<unknown>} act
 */
async function inStore({ prefs }, clubId, act) {
  const name = prefs.all.stores?.[clubId] ?? `${FIRST}-${clubId}`;
  const other = await open({ name });
  try {
    await act(other);
  } catch (error) {
    if (other.clubId === null && other.status.pending === 0) await other.forget(); // it was made for this
    else await other.close();
    throw error;
  }
  await other.close();
  prefs.keep({ store: name, stores: { ...prefs.all.stores, [clubId]: name } });
  loadAnew();
}

/**
 * Forget everything that this phone holds of the open club, and begin anew. Other clubs stay.
 * @param {App} app
 * @param {{evenUnsent?: boolean}} [how]
 */
export async function forgetHere({ club, prefs }, how) {
  const { clubId } = club;
  await club.forget(how);
  const { [clubId ?? ""]: _, ...stores } = prefs.all.stores ?? {};
  const [next] = Object.values(stores);
  const { store: __, names: ___, team: ____, ...others } = prefs.all;
  prefs.replace({ ...others, stores, ...(next && { store: next }) });
  loadAnew();
}

/** Load the app from its beginning, with the store that is kept as open now. */
function loadAnew() {
  history.replaceState(null, "", new URL(to(), new URL("/", location.href)));
  location.reload();
}
