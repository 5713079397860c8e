/**
 * App: what all screens share: the club's data, where one is, what lies over the screen (sheets, an undo), and the one
 * way to draw again. Screens are functions of it.
 */

import { letGoSentence } from "./model/erased.js";
import { Matches } from "./model/matches.js";
import { readRoute } from "./route.js";
import { SCORE } from "./scoring.js";

/** @typedef {import("../touchline.js").Touchline} Touchline */
/** @typedef {import("../football/facts.js").MatchFacts} MatchFacts */
/** @typedef {import("./dom.js").Child} Child */
/** @typedef {import("./prefs.js").Prefs} Prefs */
/** @typedef {import("./route.js").Route} Route */
/**
 * @typedef {object} Screen
 * @property {(app: App, own: any) => string} title what the screen is about, for its head and the tab
 * @property {(app: App, own: any) => Child} draw
 * @property {(app: App) => any} [begin] what the screen keeps while it is open; it may change that, and `redraw`
 * @property {(app: App, own: any) => Child} [head] in place of the plain head, above the line that tells of the sync
 * @property {string} [tab] which of the tabs below it belongs to
 * @property {boolean} [ticks] whether time alone changes it, once a second
 */
/**
 * @typedef {object} Sheet Lies over the screen until it is closed.
 * @property {string} title
 * @property {(app: App, close: () => void) => Child} draw
 * @property {boolean} [ticks]
 * @property {() => void} [closed] called when it is gone, however that came
 */
/** @typedef {{text: string, tone: "calm" | "bad", undo?: () => unknown, until: number}} Note */

/** Milliseconds in which something can be undone. */
const UNDO_MS = 8_000;
const NOTE_MS = 5_000;
/** Roles -> what they may write, from the least. */
const RANKS = ["viewer", "scorer", "coach", "owner"];

export class App {
  /** @type {Route} */
  route = { name: "home" };
  /** @type {any} what the screen keeps while it is open */
  own = null;
  /** @type {Sheet[]} */
  sheets = [];
  /** @type {Note | null} */
  note = null;
  /** What a screen reader is told. */
  news = "";
  /** Whether the screen was gone to, and begins at its top. */
  isNewPlace = false;
  /** Whether a newer version of the app waits to be used. */
  hasUpdate = false;
  /** Loads that newer version. */
  takeOver = () => {};
  #matches = new Matches();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #noteTimer;
  /** @type {number | null} the moment of which the page is being drawn */
  #drawnAt = null;
  /** Hears nothing more of the data that was worked with before. */
  #leave = () => {};

  /**
   * @param {Touchline} club
   * @param {Prefs} prefs
   * @param {() => void} redraw draws the page again, soon
   */
  constructor(club, prefs, redraw) {
    this.club = club;
    this.prefs = prefs;
    this.redraw = redraw;
  }

  /**
   * Milliseconds since 1970 by the server's clock, as far as it is known: what match clocks are read with. It stands still
   * while the page is drawn, so that all of a drawing is of one moment, and is folded once.
   */
  now() {
    return this.#drawnAt ?? this.club.clock.now() + this.club.state.meta.correction; // asked for often: the status is more to find out
  }

  /**
   * Draw the page, all of it as of now.
   * @param {() => void} draw
   */
  drawNow(draw) {
    this.#drawnAt = this.now();
    try {
      draw();
    } finally {
      this.#drawnAt = null;
    }
  }

  /** Whether this device has signed in; without that everything stays on it. */
  get isSignedIn() {
    return this.club.account !== null;
  }

  /** Whether the page is for one match, scored by link: there are no other screens then. */
  get isScorer() {
    return this.club.matchId !== null;
  }

  /**
   * Work with other data from now on, and draw again whenever it changes.
   * @param {Touchline} club
   */
  enter(club) {
    this.#leave();
    this.club = club;
    const ends = [club.on("change", this.redraw), club.on("status", () => this.#heard())];
    this.#leave = () => ends.forEach((end) => end());
    this.#tellLetGo();
    this.redraw();
  }

  #heard() {
    this.#tellLetGo();
    if (this.#isOver()) this.arrive();
    else this.redraw();
  }

  /** Say once, to somebody who looks, that edits were not kept since who they are about was erased. */
  #tellLetGo() {
    const { let_go: count } = this.club.status;
    if (!count || globalThis.document?.visibilityState === "hidden") return;
    this.say(letGoSentence(count));
    void this.club.noted();
  }

  /** A link that ended takes its match off the phone, also from under a screen. */
  #isOver() {
    return this.isScorer && this.club.status.state === "ended" && this.route.name === "match";
  }

  /**
   * Tell whether the person may write what a role may; without an account they may do all on their own phone.
   * @param {"scorer" | "coach" | "owner"} role
   */
  may(role) {
    const mine = this.isScorer ? "scorer" : this.club.account?.role;
    return mine === undefined || RANKS.indexOf(mine) >= RANKS.indexOf(role);
  }

  // -- matches --------------------------------------------------------------------------------------------------------

  /**
   * Return the facts of a match, or undefined where it is not there; remembered until something changes.
   * @param {string} id
   * @returns {MatchFacts | undefined}
   */
  facts(id) {
    return this.#matches.one(this.club, id);
  }

  /** Return the facts of all matches, the latest kick-off first; remembered until something changes. */
  matches() {
    return this.#matches.all(this.club);
  }

  // -- going about ----------------------------------------------------------------------------------------------------

  /**
   * Go to a screen.
   * @param {string} address as `to` of route.js writes it
   * @param {{replace?: boolean}} [how] `replace`: the way back leads past the screen that is left
   */
  go(address, { replace = false } = {}) {
    const url = new URL(address, new URL(location.pathname === SCORE ? SCORE : "/", location.href));
    if (replace) history.replaceState(null, "", url);
    else history.pushState(null, "", url);
    this.arrive();
    this.isNewPlace = true;
  }

  /** Take the address over; sheets of the screen that is left are closed. */
  arrive() {
    this.closeAll();
    this.route = readRoute(location);
    if (this.#isOver()) this.route = { name: "score" };
    this.own = undefined;
    this.redraw();
  }

  /** @param {Sheet} sheet */
  open(sheet) {
    this.sheets.push(sheet);
    this.redraw();
  }

  /** @param {Sheet} [sheet] the topmost without it */
  close(sheet = this.sheets.at(-1)) {
    const place = sheet ? this.sheets.indexOf(sheet) : -1;
    if (place < 0) return;
    // What was opened from a sheet goes with it.
    for (const each of this.sheets.splice(place).reverse()) each.closed?.();
    this.redraw();
  }

  closeAll() {
    if (this.sheets[0]) this.close(this.sheets[0]);
  }

  // -- telling --------------------------------------------------------------------------------------------------------

  /**
   * Say something at the foot of the screen, and to a screen reader.
   * @param {string} text
   * @param {{tone?: "calm" | "bad", undo?: () => unknown}} [how] `undo` can be pressed for 8 seconds
   */
  say(text, { tone = "calm", undo } = {}) {
    clearTimeout(this.#noteTimer);
    const lasts = undo ? UNDO_MS : NOTE_MS;
    this.note = { text, tone, undo, until: Date.now() + lasts };
    this.news = text;
    this.#noteTimer = setTimeout(() => this.hush(), lasts);
    this.redraw();
  }

  hush() {
    clearTimeout(this.#noteTimer);
    this.note = null;
    this.redraw();
  }

  /**
   * Carry something out, and tell the person where it failed. Answers whether it worked.
   * @param {() => unknown} act
   * @param {(error: any) => string} [words] what to say of an error
   */
  async attempt(act, words = wordsFor) {
    try {
      await act();
      return true;
    } catch (error) {
      this.say(words(error), { tone: "bad" });
      return false;
    } finally {
      this.redraw();
    }
  }
}

/**
 * Return what a person is told of an error.
 * @param {any} error
 */
export function wordsFor(error) {
  if (error?.name === "StoreFault") return "This phone could not store that. Free some space, then do it again.";
  if (error?.name === "Unreachable") return "No connection. Try again when there is signal.";
  if (error?.name === "SignedOut") return "Sign in again for that; nothing on this phone is lost.";
  return error?.body?.detail ?? error?.message ?? "That did not work. Try it again.";
}
