/** One's account: name, password, and its end. */

import { h } from "../dom.js";
import { forgetHere } from "../entry.js";
import { refusalWords } from "../model/refusals.js";
import { fetched, online, whenFetched } from "./fetched.js";
import { saveFile } from "./files.js";
import { formWrong, passwordEntry, textEntry, typedIn } from "./form.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("./fetched.js").Fetched} Fetched */
/** @typedef {import("./form.js").Filled} Filled */

const ME = "/api/auth/me";

/** @param {App} app */
export function beginAccount(app) {
  return { me: fetched(app, ME) };
}

/**
 * @param {App} app
 * @param {{me: Fetched}} own
 */
export function drawAccount(app, own) {
  return whenFetched(app, own.me, ME, (me) =>
    h(
      "div.stack",
      null,
      h("dl.facts", { key: "facts" }, fact("Name", me.display_name), fact("Address", me.email ?? "none")),
      h(
        "div.stack",
        { key: "acts" },
        h("button.button.calm.wide", { type: "button", onclick: () => openName(app, own.me) }, "Change my name"),
        h("button.button.calm.wide", { type: "button", onclick: () => openPassword(app) }, "Change my password"),
        h("button.button.calm.wide", { type: "button", onclick: () => void takeAway(app) }, "Export what is kept about me"),
      ),
      h("h2", { key: "end" }, "Delete my account"),
      h(
        "p.hint",
        { key: "hint" },
        "Your name and address are wiped. What you recorded stays with the club; a club that nobody else is in goes with it.",
      ),
      h("button.button.bad", { key: "delete", type: "button", onclick: () => openDeletion(app) }, "Delete my account"),
    ),
  );
}

/**
 * @param {string} name
 * @param {string} value
 */
const fact = (name, value) => h("div", null, h("dt", null, name), h("dd", null, value));

/** @param {App} app */
async function takeAway(app) {
  await app.attempt(async () => {
    const file = await app.club.download("/api/account/export");
    saveFile("touchline-account.json", file.type, file);
  });
}

/**
 * Open a sheet with a short form; what the server refuses is said beside its field.
 * @param {App} app
 * @param {string} title
 * @param {string} act
 * @param {(own: Filled) => import("../dom.js").Child} fields
 * @param {(typed: Record<string, string>) => Promise<unknown>} send
 * @param {object} [how]
 * @param {(error: any) => string} [how.fieldOf] which field an error is about, where its own name is another
 * @param {boolean} [how.isBad] whether nothing brings back what it does
 * @param {() => string | null} [how.hindrance] why it cannot be done now
 */
export function openForm(app, title, act, fields, send, { fieldOf = () => "", isBad = false, hindrance = () => null } = {}) {
  /** @type {Filled} */
  const own = { wrong: null, isBusy: false };
  const submit = async (/** @type {Event} */ event, /** @type {() => void} */ close) => {
    event.preventDefault();
    if (own.isBusy || hindrance()) return;
    own.isBusy = true;
    own.wrong = null;
    app.redraw();
    try {
      await send(typedIn(event));
      close();
    } catch (error) {
      const wrong = refusalWords(error, app.club.clock.now());
      own.wrong = { ...wrong, field: fieldOf(error) || wrong.field };
    }
    own.isBusy = false;
    app.redraw();
  };
  app.open({
    title,
    draw: (_, close) =>
      h(
        "form.stack",
        { novalidate: true, onsubmit: (/** @type {Event} */ event) => void submit(event, close) },
        formWrong(own),
        fields(own),
        h(
          "button.button.wide",
          { type: "submit", class: isBad ? "bad" : "", disabled: own.isBusy || hindrance() !== null },
          own.isBusy ? "One moment" : act,
        ),
      ),
  });
}

/**
 * @param {App} app
 * @param {Fetched} me
 */
function openName(app, me) {
  const fields = (/** @type {Filled} */ own) =>
    textEntry(
      {
        label: "Your name",
        name: "display_name",
        autocomplete: "name",
        most: 100,
        value: me.data.display_name,
        hint: "Shown to your club.",
      },
      own,
    );
  openForm(app, "Change my name", "Save", fields, async ({ display_name }) => {
    me.data = await app.club.request("PATCH", ME, { display_name });
    app.say("Saved");
  });
}

/** @param {App} app */
function openPassword(app) {
  const fields = (/** @type {Filled} */ own) => [
    passwordEntry(app, { label: "The password until now", name: "old_password", autocomplete: "current-password" }, own),
    passwordEntry(
      app,
      {
        label: "The new one",
        name: "new_password",
        autocomplete: "new-password",
        hint: "8 characters or more. Your other phones are signed out.",
      },
      own,
    ),
  ];
  const send = async (/** @type {Record<string, string>} */ typed) => {
    await app.club.request("POST", "/api/auth/password", typed);
    app.say("Changed. Your other phones sign in again");
  };
  openForm(app, "Change my password", "Change it", fields, send, {
    fieldOf: ({ code }) =>
      code === "wrong_password" ? "old_password" : code === "weak_password" || code === "malformed" ? "new_password" : "",
  });
}

/** @param {App} app */
function openDeletion(app) {
  const { pending } = app.club.status;
  const fields = (/** @type {Filled} */ own) => [
    h("p", null, "This cannot be undone. The club leaves this phone, too."),
    pending > 0 &&
      h(
        "p.banner",
        null,
        `${pending} ${pending === 1 ? "change was" : "changes were"} not sent, and ${pending === 1 ? "goes" : "go"} with it. Save them as a file first, under Club.`,
      ),
    passwordEntry(app, { label: "Your password", name: "password", autocomplete: "current-password" }, own),
  ];
  openForm(app, "Delete my account?", "Delete it for good", fields, async ({ password }) => {
    await app.club.request("DELETE", "/api/auth/account", { password });
    await online(app, () => forgetHere(app, { evenUnsent: true }));
  });
}
