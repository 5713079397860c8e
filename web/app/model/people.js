/** People: who wrote something, as a coach calls them: you, somebody by name, or a phone that nobody knows. */

/** @typedef {import("../app.js").App} App */
/**
 * @typedef {object} People
 * @property {string | null} me
 * @property {string} device this phone
 * @property {Readonly<Record<string, string>>} names user -> name, as far as this phone has learnt them
 */

/** Names kept: more than any club has. */
const NAMES_MAX = 500;

/**
 * @param {App} app
 * @returns {People}
 */
export function peopleOf({ club, prefs }) {
  return { me: club.account?.user_id ?? null, device: club.deviceId, names: prefs.all.names ?? {} };
}

/**
 * Return who wrote a side of a question.
 * @param {People} people
 * @param {{device_id?: unknown, author?: unknown} | null | undefined} side
 */
export function whoWrote({ me, device, names }, side) {
  const author = typeof side?.author === "string" ? side.author : null;
  if (side?.device_id === device) return "You";
  if (author !== null && author === me) return "You, on another phone";
  return (author !== null && Object.hasOwn(names, author) && names[author]) || "Another phone";
}

/**
 * Ask the server how the club's people are called, and remember that; without signal what was learnt before will do.
 * @param {App} app
 */
export async function learnNames(app) {
  if (!app.isSignedIn) return;
  try {
    // The list of phones has those, too, who score by a link or have left.
    const { devices } = await app.club.request("GET", "/api/sync/devices");
    const { members } = await app.club.request("GET", "/api/club/members");
    /** @type {Record<string, string>} */
    const names = {};
    for (const { user_id: id, display_name: name } of [...devices, ...members].slice(-NAMES_MAX)) names[id] = name;
    app.prefs.keep({ names: { ...app.prefs.all.names, ...names } });
    app.redraw();
  } catch {
    // Who is asked again when the page is opened next.
  }
}
