/** Invitations: links by which people join the club. The link is told once, to whoever makes it. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { whenWords } from "../model/days.js";
import { mayInvite, roleName } from "../model/roles.js";
import { fetched, load, online, whenFetched } from "./fetched.js";
import { handOver } from "./files.js";
import { makeOnce } from "./online.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("./fetched.js").Fetched} Fetched */
/** @typedef {{invitation_id: string, role: string, uses: number, used: number, expires_at: number, is_live: boolean}} Invitation */

const PATH = "/api/club/invitations";
const DAYS = [1, 7, 30];
const USES = [1, 10, 50];

/** @param {App} app */
export const beginInvitations = (app) => fetched(app, PATH);

/**
 * @param {App} app
 * @param {Fetched} own
 */
export function drawInvitations(app, own) {
  return h(
    "section.stack.club-part",
    { key: "invitations" },
    h("h2", null, "Invitations"),
    h("button.button.wide", { type: "button", onclick: () => openInvite(app, own) }, icon("plus"), "Invite somebody"),
    whenFetched(app, own, PATH, ({ invitations }) => {
      const live = invitations.filter((/** @type {Invitation} */ each) => each.is_live);
      if (live.length === 0) return h("p.hint", null, "No invitation is open.");
      return h(
        "ul.list",
        null,
        live.map((/** @type {Invitation} */ each) => row(app, own, each)),
      );
    }),
  );
}

/**
 * @param {App} app
 * @param {Fetched} own
 * @param {Invitation} invitation
 */
function row(app, own, { invitation_id: id, role, uses, used, expires_at: ends }) {
  const left = uses - used;
  return h(
    "li",
    { key: id },
    h(
      "div.item",
      null,
      h(
        "span.grow",
        null,
        h("strong", null, `As ${roleName(role).toLowerCase()}`),
        h("small", null, `For ${left === 1 ? "1 person" : `${left} people`}, until ${whenWords(ends)}`),
      ),
      h(
        "button.link",
        {
          type: "button",
          "aria-label": `Revoke the invitation as ${roleName(role).toLowerCase()}`,
          onclick: () =>
            void online(app, async () => {
              await app.club.request("DELETE", `${PATH}/${id}`);
              app.say("Revoked. Nobody joins by that link any more");
              await load(app, own, PATH);
            }),
        },
        "Revoke",
      ),
    ),
  );
}

/**
 * @param {App} app
 * @param {Fetched} own
 */
function openInvite(app, own) {
  const roles = mayInvite(app.club.account?.role);
  let isAsked = false; // two presses make one link
  const making = {};
  const asked = { role: roles.at(-2)?.role ?? "viewer", days: 7, uses: 1 };
  app.open({
    title: "Invite somebody",
    draw: (_, close) =>
      h(
        "form.stack",
        {
          onsubmit: (/** @type {Event} */ event) => {
            event.preventDefault();
            if (isAsked) return;
            isAsked = true;
            void online(app, async () => {
              const { link } = await makeOnce(app, making, PATH, asked);
              close();
              openLink(app, new URL(link, location.href).href, asked.role);
              await load(app, own, PATH);
            }).finally(() => {
              isAsked = false;
            });
          },
        },
        h(
          "fieldset",
          null,
          h("legend", null, "What may they do?"),
          h(
            "div.stack",
            null,
            roles.map(({ role, name, may }) =>
              h(
                "button.role-choice",
                {
                  key: role,
                  type: "button",
                  "aria-pressed": String(asked.role === role),
                  onclick: () => {
                    asked.role = role;
                    app.redraw();
                  },
                },
                h("strong", null, name),
                h("small", null, may),
              ),
            ),
          ),
        ),
        pick(app, "How long is the link good?", DAYS, (days) => (days === 1 ? "1 day" : `${days} days`), asked, "days"),
        pick(app, "How many may use it?", USES, (uses) => (uses === 1 ? "1 person" : `${uses} people`), asked, "uses"),
        h("button.button.wide", { type: "submit" }, "Make the link"),
      ),
  });
}

/**
 * @param {App} app
 * @param {string} legend
 * @param {number[]} choices
 * @param {(choice: number) => string} words
 * @param {any} asked
 * @param {"days" | "uses"} name
 */
function pick(app, legend, choices, words, asked, name) {
  return h(
    "fieldset",
    null,
    h("legend", null, legend),
    h(
      "div.choices",
      null,
      choices.map((choice) =>
        h(
          "button.choice",
          {
            key: choice,
            type: "button",
            "aria-pressed": String(asked[name] === choice),
            onclick: () => {
              asked[name] = choice;
              app.redraw();
            },
          },
          words(choice),
        ),
      ),
    ),
  );
}

/**
 * @param {App} app
 * @param {string} url
 * @param {string} role
 */
function openLink(app, url, role) {
  app.open({
    title: "The link is ready",
    draw: () =>
      h(
        "div.stack",
        null,
        h("p", null, `Whoever opens it joins your club as ${roleName(role).toLowerCase()}. It is shown this once: send it now.`),
        h("p.link-text", { tabindex: "0", "aria-label": "The link" }, url),
        h(
          "button.button.wide",
          {
            type: "button",
            onclick: () =>
              void app.attempt(async () => {
                if ((await handOver({ title: "Join our club on Touchline", url })) === "copied") app.say("Copied. Paste it into a message");
              }),
          },
          icon("share"),
          "Send the link",
        ),
      ),
  });
}
