/** Sign in: with an account that one has, or a new one with a club; what was recorded before goes along. */

import { signIn } from "../entry.js";
import { h } from "../dom.js";
import { to } from "../route.js";
import { entering, entryForm, isIn, tryTo } from "../parts/entryform.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../parts/entryform.js").Entering} Entering */

/** @type {import("../app.js").Screen} */
export const signin = {
  title: () => "Sign in",
  tab: "club",
  begin(app) {
    const own = entering(app.club.clubId === null && app.route.part === "new" ? "up" : "in");
    void learnDemo(app, own);
    return own;
  },
  draw(app, own) {
    return h(
      "div.door-form",
      null,
      isIn(app)
        ? already()
        : [
            entryForm(app, own),
            own.demo && !own.offer && demo(app, own, own.demo),
            !own.offer &&
              h(
                "p.hint",
                { key: "why" },
                "Without an account Touchline works on this phone alone. With one your club sees the match live, and a lost phone loses nothing.",
              ),
          ],
    );
  },
};

function already() {
  return h("div.empty", null, h("p", null, "You are signed in."), h("p", null, h("a.button", { href: to("club") }, "To the club")));
}

/**
 * Learn whether the server has an account to look around with: a developer's own has.
 * @param {App} app
 * @param {Entering} own
 */
async function learnDemo({ club, redraw }, own) {
  try {
    const { demo } = await club.online.transport.ask("GET", "/api/sync/config");
    own.demo = demo ?? null;
    redraw();
  } catch {
    // Without signal there is no demo to look around in.
  }
}

/**
 * @param {App} app
 * @param {Entering} own
 * @param {import("../parts/entryform.js").Demo} account
 */
function demo(app, own, { email, password }) {
  return h(
    "section.look-around",
    { key: "demo" },
    h("h2", null, "Only looking?"),
    h("p.hint", null, "This server is a developer's own. It has a club with matches, players and a season in it."),
    h(
      "button.button.calm.wide",
      { type: "button", disabled: own.isBusy, onclick: () => void tryTo(app, own, () => signIn(app, { email, password })) },
      "Look around in the demo club",
    ),
  );
}
