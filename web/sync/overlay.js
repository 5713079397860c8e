/**
 * What a device shows: the fold of the log with its own unsettled mutations laid over it, in the order in which they were
 * made. A device never ranks its own mutations against what it pulled.
 */

import { conflictId } from "./ids.js";
import { isShownOver } from "./outbox.js";
import { Records, write } from "./records.js";

/** @typedef {import("./messages.js").Mutation} Mutation */
/** @typedef {import("./messages.js").Values} Values */
/** @typedef {import("./records.js").Held} Held */
/** @typedef {import("./state.js").Picture} Picture */
/**
 * @typedef {object} Kind What a client must know of a collection to show it.
 * @property {string} name
 * @property {string[]} required the fields without which a record was not created
 * @property {[field: string, collection: string][]} parents the references that contain
 */
/** @typedef {Map<string, Kind>} Catalogue */

/** The engine's own collection: what wants a person. */
export const CONFLICTS = "conflicts";

/**
 * Read the catalogue from `/api/sync/config`.
 * @param {any} config
 * @returns {Catalogue}
 */
export function readCatalogue(config) {
  /** @type {Catalogue} */
  const found = new Map();
  for (const { name, fields } of config?.collections ?? []) {
    const all = /** @type {[string, any][]} */ (Object.entries(fields));
    found.set(name, {
      name,
      required: all.filter(([, field]) => field.required).map(([key]) => key),
      parents: all.filter(([, field]) => field.reference?.containing).map(([key, field]) => [key, field.reference.collection]),
    });
  }
  return found;
}

/**
 * Return all records with the overlay laid over them, deleted and incomplete ones included.
 * @param {Picture} picture
 * @returns {Records}
 */
export function shown({ meta, records, made }) {
  const layer = new Records(records);
  for (const each of made.values()) if (isShownOver(each, meta.cursor)) layOwn(layer, each.mutation);
  return layer;
}

/**
 * Lay an unsettled mutation over what is shown.
 * @param {Records} records
 * @param {Mutation} mutation
 */
function layOwn(records, mutation) {
  const { op, collection, record } = mutation;
  if (op === "put") write(records, collection, record, { values: mutation.fields });
  else if (op === "resolve") layAnswer(records, mutation);
  else write(records, collection, record, { deleted: op === "delete" });
}

/**
 * @param {Records} records
 * @param {Mutation} mutation
 */
function layAnswer(records, { collection, record, resolve }) {
  if (!resolve) return;
  const { field, choice, value = null } = resolve;
  const [kind, ...rest] = field.split("/");
  if (field === "deleted") write(records, collection, record, { deleted: Boolean(value) });
  else if (rest.length === 0) write(records, collection, record, { values: { [field]: value } });
  else if (kind === "duplicate" && choice === "take") write(records, collection, String(value), { deleted: true });
  const id = conflictId(collection, record, field);
  if (records.get(CONFLICTS, id)) write(records, CONFLICTS, id, { values: { status: "resolved", choice } });
}

/** Tells which records a person sees, and remembers what it found. */
export class View {
  /** @type {Map<string, boolean>} */
  #known = new Map();
  /** @type {Map<string, [id: string, values: Values][]>} */
  #all = new Map();

  /**
   * @param {Records} records
   * @param {Catalogue} catalogue
   */
  constructor(records, catalogue) {
    this.records = records;
    this.catalogue = catalogue;
  }

  /**
   * Return the fields of a record that a person sees, or undefined.
   * @param {string} collection
   * @param {string} record
   * @returns {Values | undefined}
   */
  get(collection, record) {
    return this.has(collection, record) ? this.records.get(collection, record)?.values : undefined;
  }

  /**
   * Return all records of a collection that a person sees, by id.
   * @param {string} collection
   * @returns {readonly [id: string, values: Values][]}
   */
  all(collection) {
    const known = this.#all.get(collection);
    if (known) return known;
    const seen = [...this.records.of(collection)].filter(([record]) => this.has(collection, record));
    const found = seen.map(([record, held]) => /** @type {[string, Values]} */ ([record, held.values])).sort(byId);
    this.#all.set(collection, found);
    return found;
  }

  /**
   * Tell whether a record was created, is not deleted, and all its parents are seen too.
   * @param {string} collection
   * @param {string} record
   * @returns {boolean}
   */
  has(collection, record) {
    const key = `${collection}/${record}`;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    this.#known.set(key, false); // a parent that is its own child ends here
    const held = this.records.get(collection, record);
    const found = held !== undefined && !held.deleted && this.#isWhole(collection, held.values);
    this.#known.set(key, found);
    return found;
  }

  /**
   * @param {string} collection
   * @param {Values} values
   */
  #isWhole(collection, values) {
    const kind = this.catalogue.get(collection);
    if (!kind) return true; // not known yet, or newer than this app: better shown than hidden
    return (
      kind.required.every((field) => field in values) &&
      kind.parents.every(([field, parent]) => this.has(parent, String(values[field])))
    );
  }

  /**
   * Return the open conflicts, less those that were answered on this device.
   * @returns {(Values & {id: string})[]}
   */
  conflicts() {
    const open = [...this.records.of(CONFLICTS)].filter(([, held]) => held.values.status === "open");
    return open.sort(byId).map(([id, held]) => ({ id, ...held.values }));
  }
}

/**
 * @param {[string, unknown]} one
 * @param {[string, unknown]} other
 */
function byId([one], [other]) {
  return one < other ? -1 : one > other ? 1 : 0;
}
