/** Club: who belongs to it, whose phones hold it, one's own account, and this phone. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { switchTo } from "../entry.js";
import { learnNames } from "../model/people.js";
import { roleName } from "../model/roles.js";
import { to } from "../route.js";
import { beginAccount, drawAccount, openForm } from "../parts/account.js";
import { fetched, online } from "../parts/fetched.js";
import { textEntry } from "../parts/form.js";
import { beginMembers, drawMembers } from "../parts/members.js";
import { beginPhones, drawPhones } from "../parts/phones.js";
import { drawPrivacy } from "../parts/privacy.js";
import { beginPhone, drawPhone } from "../parts/thisphone.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../parts/fetched.js").Fetched} Fetched */
/** @typedef {import("../entry.js").Membership} Membership */
/** @typedef {{club: Fetched, me: Fetched, isKept: boolean | null}} Own */

/** @type {Readonly<Record<string, {title: string, needsAccount: boolean, begin: (app: App) => any, draw: (app: App, own: any) => import("../dom.js").Child}>>} */
const PARTS = Object.freeze({
  people: { title: "People", needsAccount: true, begin: beginMembers, draw: drawMembers },
  phones: { title: "Is my match saved?", needsAccount: true, begin: beginPhones, draw: drawPhones },
  account: { title: "My account", needsAccount: true, begin: beginAccount, draw: drawAccount },
  privacy: { title: "What is kept where", needsAccount: false, begin: () => ({}), draw: drawPrivacy },
});

/** @param {App} app */
const partOf = ({ route }) => (Object.hasOwn(PARTS, route.part ?? "") ? PARTS[route.part ?? ""] : undefined);

/** @type {import("../app.js").Screen} */
export const club = {
  title: (app) => partOf(app)?.title ?? "Club",
  tab: "club",
  begin(app) {
    void learnNames(app);
    const part = partOf(app);
    if (part) return !part.needsAccount || app.isSignedIn ? part.begin(app) : {};
    return { ...beginPhone(app), ...(app.isSignedIn && { club: fetched(app, "/api/club"), me: fetched(app, "/api/auth/me") }) };
  },
  draw(app, own) {
    const part = partOf(app);
    if (!part) return overview(app, own);
    if (part.needsAccount && !app.isSignedIn) return signIn();
    return part.draw(app, own);
  },
};

/**
 * @param {App} app
 * @param {Own} own
 */
function overview(app, own) {
  return [
    app.isSignedIn ? [whoAndWhere(app, own), ways(app), clubs(app, own)] : signIn(),
    drawPhone(app, own),
    app.isSignedIn && h("button.link", { key: "out", type: "button", onclick: () => openSignOut(app) }, "Sign out"),
    about(),
  ];
}

function signIn() {
  return h(
    "section.card.stack",
    { key: "alone" },
    h("h2", null, "On this phone only"),
    h(
      "p",
      null,
      "Touchline works without an account. With one, your club sees matches live, others record with you, and a lost phone loses nothing.",
    ),
    h("a.button.wide", { href: to("sign-in") }, "Sign in"),
    h("a.button.calm.wide", { href: to("sign-in", "new") }, "Create an account"),
  );
}

/**
 * @param {App} app
 * @param {Own} own
 */
function whoAndWhere(app, own) {
  const { account } = app.club;
  const name = own.club?.data?.name ?? app.prefs.all.clubs?.[app.club.clubId ?? ""] ?? "Your club";
  return h(
    "section.card.club-name",
    { key: "who" },
    h(
      "div.row",
      null,
      h("h2.grow", null, name),
      app.may("owner") &&
        own.club?.data &&
        h("button.quiet", { type: "button", "aria-label": "Rename the club", onclick: () => openName(app, own) }, icon("edit")),
    ),
    h("p.soft", null, [own.me?.data?.display_name ?? "You", roleName(account?.role ?? "").toLowerCase()].join(", ")),
    own.club?.words && h("p.hint", null, own.club.words),
  );
}

/** @param {App} app */
function ways({ club: { status } }) {
  const open = status.conflicts;
  return h("ul.list.club-ways", { key: "ways" }, [
    way(to("club", "people"), "people", "People", "Members, roles, invitations"),
    way(to("club", "phones"), "phone", "Is my match saved?", "All phones of the club"),
    way(to("questions"), "question", "Questions", open === 0 ? "Nothing to answer" : `${open} to answer`),
    way(to("club", "account"), "edit", "My account", "Name, password"),
  ]);
}

/**
 * @param {string} href
 * @param {string} mark
 * @param {string} name
 * @param {string} words
 */
function way(href, mark, name, words) {
  return h(
    "li",
    { key: href },
    h("a", { href }, icon(mark), h("span.grow", null, h("strong", null, name), h("small", null, words)), icon("next")),
  );
}

/**
 * @param {App} app
 * @param {Own} own
 */
function clubs(app, own) {
  const all = own.me?.data?.clubs ?? [];
  remember(app, all);
  const known =
    all.length > 0
      ? all
      : Object.entries(app.prefs.all.clubs ?? {})
          .filter(([id]) => app.prefs.all.stores?.[id])
          .map(([club_id, club_name]) => ({ club_id, club_name, role: "" }));
  const others = known.filter((/** @type {Membership} */ each) => each.club_id !== app.club.clubId);
  return h(
    "section",
    { key: "clubs" },
    others.length > 0 && h("h2", null, "Your other clubs"),
    others.length > 0 &&
      h(
        "ul.list",
        null,
        others.map((/** @type {Membership} */ each) => clubRow(app, each)),
      ),
    own.me?.data && h("button.link", { type: "button", onclick: () => openNewClub(app) }, "Make another club"),
  );
}

/**
 * @param {App} app
 * @param {Membership} membership
 */
function clubRow(app, { club_id: id, club_name: name, role }) {
  return h(
    "li",
    { key: id },
    h(
      "button.item",
      { type: "button", onclick: () => void online(app, () => switchTo(app, id)) },
      icon("flag"),
      h("span.grow", null, h("strong", null, name), role && h("small", null, roleName(role))),
      h("span.tag", null, "Open"),
    ),
  );
}

/**
 * @param {App} app
 * @param {Membership[]} all
 */
function remember({ prefs }, all) {
  const names = Object.fromEntries(all.map(({ club_id: id, club_name: name }) => [id, name]));
  if (all.length > 0 && JSON.stringify(names) !== JSON.stringify(prefs.all.clubs)) prefs.keep({ clubs: names });
}

/**
 * @param {App} app
 * @param {Own} own
 */
function openName(app, own) {
  openForm(
    app,
    "Rename the club",
    "Save",
    (filled) =>
      textEntry(
        { label: "Name of the club", name: "club_name", autocomplete: "organization", most: 100, value: own.club.data.name },
        filled,
      ),
    async ({ club_name: name }) => {
      own.club.data = await app.club.request("PATCH", "/api/club", { name });
      app.say("Saved");
    },
  );
}

/** @param {App} app */
function openNewClub(app) {
  openForm(
    app,
    "Make another club",
    "Make it",
    (filled) =>
      textEntry(
        {
          label: "Name of the club",
          name: "club_name",
          autocomplete: "organization",
          most: 100,
          hint: "You own it. The one that is open now stays as it is.",
        },
        filled,
      ),
    async ({ club_name: name }) => {
      const { club_id: id } = await app.club.request("POST", "/api/clubs", { name });
      await switchTo(app, id);
    },
  );
}

/** @param {App} app */
function openSignOut(app) {
  const { pending } = app.club.status;
  app.open({
    title: "Sign out?",
    draw: (_, close) =>
      h(
        "div.stack",
        null,
        h("p", null, "The matches stay on this phone, and you can go on recording. Nothing is sent until somebody signs in again."),
        pending > 0 && h("p.banner", null, `${pending === 1 ? "1 change waits" : `${pending} changes wait`} on this phone.`),
        h(
          "button.button.wide",
          {
            type: "button",
            onclick: () => {
              close();
              void app.attempt(async () => {
                await app.club.signOut();
                app.go(to("club"));
                app.say("Signed out");
              });
            },
          },
          "Sign out",
        ),
        h("button.button.calm.wide", { type: "button", onclick: close }, "Cancel"),
      ),
  });
}

/** The version stands in the address from which the app was loaded. */
const VERSION = /\/v\/([^/]+)\//.exec(import.meta.url)?.[1] ?? "";

function about() {
  return h(
    "section",
    { key: "about" },
    h("h2", null, "About"),
    h("ul.list", null, [
      way(to("club", "privacy"), "list", "What is kept where", "On this phone, on the server, for families"),
      h(
        "li",
        { key: "docs" },
        h(
          "a",
          { href: "/docs" },
          icon("link"),
          h("span.grow", null, h("strong", null, "How it works"), h("small", null, "The server's pages")),
          icon("next"),
        ),
      ),
    ]),
    VERSION && h("p.hint.app-version", null, `Version ${VERSION}`),
  );
}
