/**
 * Desk: where a person reads and writes the club's data. It needs no line and no account; every edit is stored before
 * the promise that made it is kept.
 */

import { Events } from "./events.js";
import { randomId } from "./ids.js";
import { GROUP_COUNT_MAX, MUTATION_BYTES_MAX } from "./messages.js";
import { make } from "./outbox.js";
import { readCatalogue, shown, View } from "./overlay.js";
import { bytesOf } from "./push.js";
import { close, mend, refusedIn, unsent } from "./quarantine.js";
import { countsOf, statusOf } from "./status.js";
import { answerOf, clean, cleanValue } from "./values.js";

/** @typedef {import("./clock.js").Clock} Clock */
/** @typedef {import("./ids.js").Dice} Dice */
/** @typedef {import("./messages.js").Choice} Choice */
/** @typedef {import("./messages.js").Mutation} Mutation */
/** @typedef {import("./messages.js").Value} Value */
/** @typedef {import("./messages.js").Values} Values */
/** @typedef {import("./outbox.js").Edit} Edit */
/** @typedef {import("./quarantine.js").Refused} Refused */
/** @typedef {import("./state.js").Draft} Draft */
/** @typedef {import("./state.js").State} State */
/** @typedef {import("./status.js").Line} Line */
/** @typedef {import("./status.js").Status} Status */
/**
 * @typedef {object} Group Gathers edits that are applied whole or not at all.
 * @property {(collection: string, record: string, fields: Values) => void} put
 * @property {(collection: string, record: string, fields: Values) => void} create
 * @property {(collection: string, record: string) => void} delete
 * @property {(collection: string, record: string) => void} restore
 */
/** @typedef {Omit<Edit, "wall" | "op" | "group"> & {op: Edit["op"] | "create"}} Wanted */

export class Desk extends Events {
  /** @type {View | null} */
  #view = null;
  /** @type {unknown} */
  #pictured = null;
  /** @type {import("./status.js").Counts | null} of the view, as long as it is of now */
  #counts = null;
  #catalogue = readCatalogue(null);

  /**
   * @param {State} state
   * @param {Clock} clock
   * @param {Dice} dice
   */
  constructor(state, clock, dice) {
    super();
    this.state = state;
    this.clock = clock;
    this.dice = dice;
  }

  /** This installation's id, as sides of a conflict name it. */
  get deviceId() {
    return this.state.meta.device_id;
  }

  /** Return a fresh random id for a record. */
  newId() {
    return randomId(this.dice);
  }

  // -- reading --------------------------------------------------------------------------------------------------------

  /** What a person sees now. It is of this moment: ask again after a change. */
  get view() {
    if (!this.#view || this.#pictured !== this.state.picture) {
      this.#pictured = this.state.picture;
      this.#view = new View(shown(this.state.picture), this.#catalogue);
      this.#counts = null;
    }
    return this.#view;
  }

  /**
   * Return the fields of a record, or undefined where there is none to be seen.
   * @param {string} collection
   * @param {string} record
   */
  get(collection, record) {
    return this.view.get(collection, record);
  }

  /**
   * Return the records of a collection that a person sees, each with its `id`, in the order of the ids.
   * @param {string} collection
   * @param {Values} [where] fields and the values that they must have
   * @returns {(Values & {id: string})[]}
   */
  all(collection, where = {}) {
    const wanted = Object.entries(where);
    const found = this.view.all(collection).filter(([, values]) => wanted.every(([key, value]) => values[key] === value));
    return found.map(([id, values]) => ({ ...values, id }));
  }

  /** Return the open conflicts, less those that were answered on this device. */
  conflicts() {
    return this.view.conflicts();
  }

  /** Return the mutations that were refused, and that nobody has dealt with. */
  quarantine() {
    return refusedIn(this.state.picture, this.view.records);
  }

  /** Return all that is on this device alone, or was refused: for a file that a person takes away. */
  export() {
    return unsent(this.state.picture);
  }

  // -- writing --------------------------------------------------------------------------------------------------------

  /**
   * Write fields of a record, only those that change; all required ones together create it.
   * @param {string} collection
   * @param {string} record
   * @param {Values} fields `null` clears one
   * @returns {Promise<Mutation>} once it is stored
   */
  put(collection, record, fields) {
    return this.#edit({ op: "put", collection, record, fields: clean(fields) });
  }

  /**
   * Create a record whose id follows from what it is; where it is known to be deleted, it is brought back first.
   * @param {string} collection
   * @param {string} record
   * @param {Values} fields
   */
  create(collection, record, fields) {
    const wanted = { op: /** @type {const} */ ("create"), collection, record, fields: clean(fields) };
    return this.#store((draft) => {
      const made = this.#whole(draft, wanted).map((edit) => this.#make(draft, edit));
      return made[made.length - 1];
    });
  }

  /**
   * @param {string} collection
   * @param {string} record
   */
  delete(collection, record) {
    return this.#edit({ op: "delete", collection, record });
  }

  /**
   * Bring a deleted record back: an undo.
   * @param {string} collection
   * @param {string} record
   */
  restore(collection, record) {
    return this.#edit({ op: "restore", collection, record });
  }

  /**
   * Make several edits that are applied whole or not at all, such as the four of a substitution.
   * @param {(group: Group) => void} build
   * @returns {Promise<Mutation[]>}
   */
  group(build) {
    /** @type {Wanted[]} */
    const wanted = [];
    build({
      put: (collection, record, fields) => void wanted.push({ op: "put", collection, record, fields: clean(fields) }),
      create: (collection, record, fields) => void wanted.push({ op: "create", collection, record, fields: clean(fields) }),
      delete: (collection, record) => void wanted.push({ op: "delete", collection, record }),
      restore: (collection, record) => void wanted.push({ op: "restore", collection, record }),
    });
    checkCount(wanted.length);
    return this.#store((draft) => {
      const edits = wanted.flatMap((each) => this.#whole(draft, each));
      checkCount(edits.length);
      const group = { id: this.newId(), count: edits.length };
      return edits.map((edit) => this.#make(draft, { ...edit, group }));
    });
  }

  /**
   * Answer a conflict, as `conflicts()` gives it; works without signal.
   * @param {Values} conflict
   * @param {Choice} choice `keep` what stands, `take` a candidate's value, `set` something else
   * @param {Value} [value] what the server lays down; with `keep` what stands, with one candidate `take` its value
   */
  resolve(conflict, choice, value = answerOf(conflict, choice)) {
    const { collection, record, field } = conflict;
    const resolve = { field, choice, ...(value !== undefined && { value: cleanValue(value, field) }) };
    return this.#edit({ op: "resolve", collection, record, resolve });
  }

  /**
   * Send a refused edit again with some fields mended; without any, as it was.
   * @param {Refused} refused
   * @param {Values} [fields] `undefined` leaves a field out
   */
  mend(refused, fields = {}) {
    return this.#store((draft) => mend(draft, refused, fields, this.clock.now()));
  }

  /**
   * Give a refused edit up.
   * @param {Refused} refused
   */
  discard(refused) {
    return this.#store((draft) => close(draft, refused, "keep", this.clock.now()));
  }

  /** Say that the person was told which edits were not kept, since who they are about was erased. */
  noted() {
    return this.state.change(({ meta }) => void delete meta.let_go);
  }

  /** @param {Omit<Edit, "wall">} edit */
  #edit(edit) {
    return this.#store((draft) => this.#make(draft, edit));
  }

  /**
   * Return the edits that something wanted takes: what is created and known to be deleted is brought back first.
   * @param {Draft} draft
   * @param {Wanted} wanted
   * @returns {Omit<Edit, "wall">[]}
   */
  #whole(draft, { op, ...edit }) {
    if (op !== "create") return [{ ...edit, op }];
    const { collection, record } = edit;
    const isDeleted = shown({ ...this.state.picture, records: draft.records }).get(collection, record)?.deleted;
    return [...(isDeleted ? [{ op: /** @type {const} */ ("restore"), collection, record }] : []), { ...edit, op: "put" }];
  }

  /**
   * @template T
   * @param {(draft: Draft) => T} step
   * @returns {Promise<T>}
   */
  async #store(step) {
    const made = await this.state.change(step);
    this.edited();
    return made;
  }

  /** Called when a person's edit is stored. */
  edited() {}

  /**
   * @param {Draft} draft
   * @param {Omit<Edit, "wall">} edit
   */
  #make(draft, edit) {
    const mutation = make(draft, { ...edit, wall: this.clock.now() });
    if (bytesOf(mutation) > MUTATION_BYTES_MAX) throw new RangeError("the edit is too large to be kept by the server");
    return mutation;
  }

  // -- for those who join it ------------------------------------------------------------------------------------------

  /**
   * @param {Line} line
   * @returns {Status}
   */
  statusWith(line) {
    const { records } = this.view;
    this.#counts ??= countsOf(this.state.picture, records); // a page asks several times for each drawing
    return statusOf(this.#counts, line);
  }

  /** @param {any} config what the server, the store or the app knows of the collections */
  know(config) {
    if (!config) return;
    this.#catalogue = readCatalogue(config);
    this.#view = null;
    this.changed(new Set(this.#catalogue.keys()));
  }
}

/** @param {number} count */
function checkCount(count) {
  if (count === 0 || count > GROUP_COUNT_MAX) throw new RangeError(`a group has 1 to ${GROUP_COUNT_MAX} edits`);
}
