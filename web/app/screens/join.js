/** Join: what an invitation opens. The secret stands behind the `#`, and goes to the server only when somebody joins. */

import { join as joinClub } from "../entry.js";
import { h } from "../dom.js";
import { to } from "../route.js";
import { entering, entryForm, isIn, tryTo } from "../parts/entryform.js";
import { formWrong } from "../parts/form.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../parts/entryform.js").Entering} Entering */

/** @type {import("../app.js").Screen} */
export const join = {
  title: () => "Join a club",
  tab: "club",
  begin: (app) => entering("up", app.route.secret || null),
  draw(app, own) {
    if (!own.invitation) return broken();
    return h(
      "div.door-form",
      null,
      isIn(app)
        ? withAccount(app, own, own.invitation)
        : [h("p", { key: "lead" }, "You were asked to join a club. You see its matches, and record with the others."), entryForm(app, own)],
    );
  },
};

/**
 * @param {App} app
 * @param {Entering} own
 * @param {string} invitation
 */
function withAccount(app, own, invitation) {
  return h(
    "section.stack",
    { key: "with" },
    h("p", null, "You were asked to join a club. You are signed in already, and join it with your account."),
    h("p.hint", null, "The club that is open now stays on this phone. You change between them under Club."),
    formWrong(own),
    h(
      "button.button.wide",
      { type: "button", disabled: own.isBusy, onclick: () => void tryTo(app, own, () => joinClub(app, invitation)) },
      own.isBusy ? "One moment" : "Join the club",
    ),
    h("a.link", { href: to() }, "Not now"),
  );
}

function broken() {
  return h(
    "div.empty",
    null,
    h("p", null, "This link was not copied whole."),
    h("p.small", null, "Open it again from the message it came in, or ask for a new one."),
    h("p", null, h("a.button", { href: to() }, "To the matches")),
  );
}
