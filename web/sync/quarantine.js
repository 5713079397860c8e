/**
 * Quarantine: mutations that the server refused. None is lost: each can be mended, sent again as it is, given up, or
 * taken away in a file. A refused mutation is final; mending makes a new one and closes the conflict, in one step.
 */

import { conflictId } from "./ids.js";
import { CONFLICTS } from "./overlay.js";
import { isUnsettled, make } from "./outbox.js";

/** @typedef {import("./messages.js").Mutation} Mutation */
/** @typedef {import("./messages.js").Values} Values */
/** @typedef {import("./records.js").Records} Records */
/** @typedef {import("./state.js").Draft} Draft */
/** @typedef {import("./state.js").Made} Made */
/** @typedef {import("./state.js").Picture} Picture */
/**
 * @typedef {object} Refused
 * @property {string} id the conflict's
 * @property {string} device_id
 * @property {number} n
 * @property {boolean} mine whether this device made it
 * @property {Mutation | null} mutation as it was sent; null where it was too large to keep, or cannot be read
 * @property {string} code
 * @property {string | null} field
 * @property {string} sentence why, for a person
 */

/**
 * Return what was refused and not dealt with, this device's own and others', by time.
 * @param {Picture} picture
 * @param {Records} records what is shown
 * @returns {Refused[]}
 */
export function refusedIn(picture, records) {
  /** @type {Map<string, Refused>} */
  const found = new Map();
  for (const [id, { values }] of records.of(CONFLICTS))
    if (values.kind === "rejected" && values.status === "open") found.set(id, fromConflict(id, values));
  for (const { device_id, mutation, verdict } of openRefusals(picture, records)) {
    const { code = "", field = null, sentence = "" } = verdict ?? {};
    const id = conflictId(mutation.collection, mutation.record, keyOf(device_id, mutation.n));
    found.set(id, { id, device_id, n: mutation.n, mine: true, mutation, code, field, sentence });
  }
  return [...found.values()].sort((one, other) => (one.mutation?.wall ?? 0) - (other.mutation?.wall ?? 0));
}

/**
 * Return this device's own mutations that were refused, and that nobody has dealt with yet.
 *
 * The conflict comes with a later pull: until then only the answers that were given here can close it.
 * @param {Picture} picture
 * @param {Records} records what is shown
 * @returns {Made[]}
 */
export function openRefusals({ made }, records) {
  const all = [...made.values()];
  const answered = new Set(all.map((each) => each.mutation.resolve?.field));
  return all.filter(({ verdict, device_id, mutation }) => {
    if (verdict?.verdict !== "rejected") return false;
    const key = keyOf(device_id, mutation.n);
    const conflict = records.get(CONFLICTS, conflictId(mutation.collection, mutation.record, key));
    return conflict ? conflict.values.status === "open" : !answered.has(key);
  });
}

/**
 * @param {string} deviceId
 * @param {number} n
 */
function keyOf(deviceId, n) {
  return `rejected/${deviceId}/${n}`;
}

/**
 * @param {string} id
 * @param {Values} values
 * @returns {Refused}
 */
function fromConflict(id, values) {
  const [side] = values.candidates;
  const { mutation } = side.value ?? {};
  const { code = "", field = null, sentence = "" } = side.problem ?? {};
  const isReadable = mutation !== null && typeof mutation === "object" && typeof mutation.op === "string";
  return { id, device_id: side.device_id, n: side.n, mine: false, mutation: isReadable ? mutation : null, code, field, sentence };
}

/**
 * Send a refused edit again, with some fields mended or as it was.
 * @param {Draft} draft
 * @param {Refused} refused
 * @param {Values} fields what to write instead; undefined leaves a field out
 * @param {number} wall
 * @returns {Mutation}
 */
export function mend(draft, refused, fields, wall) {
  const { mutation } = refused;
  if (!mutation) throw new TypeError("what was refused cannot be read; make the edit anew");
  const { op, collection, record, resolve } = mutation;
  const given = Object.entries({ ...mutation.fields, ...fields }).filter(([, value]) => value !== undefined);
  const made = make(draft, { op, collection, record, wall, fields: Object.fromEntries(given), resolve });
  close(draft, refused, "set", wall);
  return made;
}

/**
 * Close the conflict of a refused mutation.
 * @param {Draft} draft
 * @param {Refused} refused
 * @param {"keep" | "set"} choice
 * @param {number} wall
 */
export function close(draft, { device_id, n, mutation, id }, choice, wall) {
  const known = draft.records.get(CONFLICTS, id)?.values;
  const collection = known?.collection ?? mutation?.collection;
  const record = known?.record ?? mutation?.record;
  make(draft, { op: "resolve", collection, record, wall, resolve: { field: keyOf(device_id, n), choice } });
}

/**
 * Return all that the server may not hold, or refused, as a person takes it away in a file.
 * @param {Picture} picture
 * @returns {{device_id: string, club_id: string | null, cursor: string, mutations: object[]}}
 */
export function unsent({ meta, made }) {
  const kept = [...made.values()].filter((each) => isUnsettled(each) || each.verdict?.verdict === "rejected");
  return {
    device_id: meta.device_id,
    club_id: meta.club_id,
    cursor: meta.cursor,
    mutations: kept.map(({ device_id, mutation, verdict }) => ({ device_id, mutation, verdict })),
  };
}
