/**
 * Route: the address of a screen, and what it names. Addresses stand behind the `#`, so the one page that is kept on the
 * phone opens all of them without a server.
 */

/**
 * @typedef {object} Route
 * @property {string} name
 * @property {string} [id] the record that the screen is about
 * @property {string} [part] a part of it
 * @property {string} [secret] what a link carries
 */

/** The first word of an address -> the screen; those that name a record take its id next. */
const WORDS = new Set(["", "new", "match", "questions", "squad", "team", "player", "season", "club", "sign-in", "welcome"]);
const WITH_ID = new Set(["match", "team", "player", "season"]);
const SECRET = /^#(tl[im]_[\w-]+)/;

/**
 * Read an address.
 * @param {{pathname: string, hash: string}} address
 * @returns {Route}
 */
export function readRoute({ pathname, hash }) {
  const door = pathname.replace(/\/+$/, "").slice(1);
  const isWithin = door === "score" && hash.startsWith("#/match/"); // the one match that is scored by link
  if (door === "join" || (door === "score" && !isWithin)) return { name: door, secret: SECRET.exec(hash)?.[1] ?? "" };
  const [word = "", ...rest] = hash.replace(/^#\/?/, "").split("/").map(decodeURIComponent);
  if (!WORDS.has(word)) return { name: "lost" };
  if (!WITH_ID.has(word)) return { name: word || "home", ...(rest[0] && { part: rest[0] }) };
  return { name: word, ...(rest[0] && { id: rest[0] }), ...(rest[1] && { part: rest[1] }) };
}

/**
 * Write an address.
 * @param {...string} words
 */
export function to(...words) {
  return `#/${words.map(encodeURIComponent).join("/")}`;
}
