/** The form by which somebody gets in: with an account they have, or a new one; into a club of theirs, or one that asked them. */

import { accept, signIn, signUp } from "../entry.js";
import { h } from "../dom.js";
import { learnNames } from "../model/people.js";
import { refusalWords } from "../model/refusals.js";
import { to } from "../route.js";
import { formWrong, passwordEntry, textEntry, typedIn } from "./form.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../entry.js").Offer} Offer */
/** @typedef {import("../model/refusals.js").Wrong} Wrong */
/** @typedef {{email: string, password: string}} Demo */
/**
 * @typedef {object} Entering
 * @property {"in" | "up"} mode
 * @property {Wrong | null} wrong
 * @property {boolean} isBusy
 * @property {boolean} isShown
 * @property {boolean} isClubless they are in no club any more, and may name a new one
 * @property {Offer | null} offer
 * @property {Demo | null} demo
 * @property {string | null} invitation
 */

const PASSWORD_LEAST = 8;
/** @type {Wrong} */
const CLUBLESS = { field: "club_name", words: "You are in no club any more. Name a new one, or ask for an invitation." };

/**
 * @param {"in" | "up"} mode
 * @param {string | null} [invitation]
 * @returns {Entering}
 */
export function entering(mode, invitation = null) {
  return { mode, wrong: null, isBusy: false, isShown: false, isClubless: false, offer: null, demo: null, invitation };
}

/**
 * Tell whether somebody is signed in, and can go on: their session and their membership last.
 * @param {App} app
 */
export const isIn = ({ isSignedIn, club: { status } }) => isSignedIn && status.state !== "signed_out" && status.state !== "ended";

/**
 * @param {App} app
 * @param {Entering} own
 */
export function entryForm(app, own) {
  if (own.offer) return offered(app, own, own.offer);
  const isNew = own.mode === "up";
  const choose = (/** @type {"in" | "up"} */ mode) => () => {
    own.mode = mode;
    own.wrong = null;
    app.redraw();
  };
  return [
    h(
      "div.mode",
      { key: "mode", role: "group", "aria-label": "Have you got an account?" },
      h("button", { type: "button", "aria-pressed": String(!isNew), onclick: choose("in") }, "I have an account"),
      h("button", { type: "button", "aria-pressed": String(isNew), onclick: choose("up") }, "I am new"),
    ),
    h(
      "form.stack",
      { key: "form", novalidate: true, onsubmit: (/** @type {Event} */ event) => submit(app, own, event) },
      waiting(app, own),
      formWrong(own),
      isNew && textEntry({ label: "Your name", name: "display_name", autocomplete: "name", most: 100, hint: "Shown to your club." }, own),
      textEntry({ label: "E-mail address", name: "email", type: "email", autocomplete: "username" }, own),
      passwordEntry(
        app,
        {
          label: "Password",
          name: "password",
          autocomplete: isNew ? "new-password" : "current-password",
          ...(isNew && { hint: `${PASSWORD_LEAST} characters or more.` }),
        },
        own,
      ),
      ((isNew && !own.invitation) || (!isNew && own.isClubless)) &&
        textEntry({ label: "Name of the club", name: "club_name", autocomplete: "organization", most: 100 }, own),
      h("button.button.wide", { type: "submit", disabled: own.isBusy }, own.isBusy ? "One moment" : words(own)),
    ),
  ];
}

/** @param {Entering} own */
function words({ mode, invitation }) {
  if (invitation) return mode === "up" ? "Create account and join" : "Sign in and join";
  return mode === "up" ? "Create account and club" : "Sign in";
}

/**
 * Tell what becomes of what was recorded before.
 * @param {App} app
 * @param {Entering} own
 */
function waiting({ club }, { mode, invitation }) {
  const { pending } = club.status;
  if (pending === 0) return null;
  const changes = pending === 1 ? "1 change" : `${pending} changes`;
  const where = club.clubId !== null ? "are sent once you are in" : mode === "up" && !invitation ? "go to your new club" : "go to the club";
  return h(
    "p.banner.calm",
    { key: "waiting" },
    `${changes} from this phone ${pending === 1 ? where.replace("are", "is").replace(/^go/, "goes") : where}. Nothing is lost.`,
  );
}

/**
 * @param {App} app
 * @param {Entering} own
 * @param {Event} event
 */
async function submit(app, own, event) {
  event.preventDefault();
  const { invitation } = own;
  const typed = /** @type {import("../entry.js").Asked} */ ({ ...typedIn(event), ...(invitation && { invitation }) });
  own.wrong = missing(typed, own.mode);
  if (own.wrong) {
    app.redraw();
    return focusWrong(event);
  }
  await tryTo(app, own, () => (own.mode === "up" ? signUp(app, typed) : signIn(app, typed)));
  focusWrong(event);
}

/**
 * Return what is plainly missing, before anybody is asked.
 * @param {Record<string, any>} typed
 * @param {"in" | "up"} mode
 * @returns {Wrong | null}
 */
export function missing({ email, password, display_name: name, club_name: club }, mode) {
  if (name === "") return { field: "display_name", words: "Say how you are called." };
  if (!/^[^\s@]+@[^\s@]+$/.test(email))
    return { field: "email", words: email === "" ? "Type your e-mail address." : "This is not an e-mail address." };
  if (password === "") return { field: "password", words: "Type your password." };
  if (mode === "up" && [...password].length < PASSWORD_LEAST) return { field: "password", words: `${PASSWORD_LEAST} characters or more.` };
  return club === "" ? { field: "club_name", words: "Give the club a name." } : null;
}

/**
 * Try to get in, and say beside the field what was wrong.
 * @param {App} app
 * @param {Entering} own
 * @param {() => Promise<Offer | null | void>} act
 */
export async function tryTo(app, own, act) {
  if (own.isBusy) return;
  own.isBusy = true;
  own.wrong = null;
  app.redraw();
  try {
    own.offer = (await act()) ?? null;
    if (!own.offer) arrived(app);
  } catch (error) {
    const isClubless = /** @type {any} */ (error).code === "forbidden" && own.mode === "in" && !own.invitation;
    own.isClubless ||= isClubless;
    own.wrong = isClubless ? CLUBLESS : refusalWords(error, app.club.clock.now());
  } finally {
    own.isBusy = false;
    app.redraw();
  }
}

/** @param {App} app */
function arrived(app) {
  const { pending } = app.club.status;
  app.go(to(), { replace: true });
  app.say(pending > 0 ? `You are in. ${pending === 1 ? "1 change is" : `${pending} changes are`} being sent.` : "You are in.");
  void learnNames(app);
}

/** @param {Event} event */
function focusWrong(event) {
  const form = /** @type {HTMLFormElement | null} */ (event.target);
  requestAnimationFrame(() =>
    requestAnimationFrame(() => /** @type {HTMLElement | null} */ (form?.querySelector('[aria-invalid="true"]'))?.focus()),
  );
}

/**
 * Ask for the word that is missing: which club, or another club beside the one that is here.
 * @param {App} app
 * @param {Entering} own
 * @param {Offer} offer
 */
function offered(app, own, offer) {
  const { clubs, isOther } = offer;
  const { pending } = app.club.status;
  const take = (/** @type {string} */ id) => () => void tryTo(app, own, () => accept(app, offer, id));
  return h(
    "section.stack",
    { key: "offer" },
    h("h2", null, isOther ? "Another club is on this phone" : "Which club?"),
    isOther &&
      h(
        "p",
        null,
        `The matches on this phone are another club's${pending > 0 ? `, with ${pending} not sent yet` : ""}. They stay here, and your club opens beside them.`,
      ),
    !isOther &&
      pending > 0 &&
      h(
        "p.banner.calm",
        null,
        `${pending === 1 ? "1 change" : `${pending} changes`} from this phone ${pending === 1 ? "goes" : "go"} to the club that you choose.`,
      ),
    formWrong(own),
    isOther
      ? h("button.button.wide", { type: "button", disabled: own.isBusy, onclick: take(offer.tokens.club_id) }, "Open my club")
      : clubs.map(({ club_id: id, club_name: name, role }) =>
          h("button.button.calm.wide", { key: id, type: "button", disabled: own.isBusy, onclick: take(id) }, `${name} (${role})`),
        ),
    h(
      "button.link",
      {
        type: "button",
        onclick: () => {
          own.offer = null;
          app.redraw();
        },
      },
      "Not now",
    ),
  );
}
