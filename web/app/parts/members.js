/** The club's people: who belongs, in which role, and who may change that. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { mayGive, roleName, ROLES } from "../model/roles.js";
import { to } from "../route.js";
import { fetched, load, online, whenFetched } from "./fetched.js";
import { drawInvitations, beginInvitations } from "./invitations.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {{user_id: string, display_name: string, role: string, joined_at: number}} Member */

const PATH = "/api/club/members";

/** @param {App} app */
export function beginMembers(app) {
  return { members: fetched(app, PATH), ...(app.may("coach") && { invitations: beginInvitations(app) }) };
}

/**
 * @param {App} app
 * @param {ReturnType<typeof beginMembers>} own
 */
export function drawMembers(app, own) {
  return [
    whenFetched(app, own.members, PATH, ({ members }) =>
      h(
        "ul.list",
        null,
        members.map((/** @type {Member} */ member) => row(app, own, member)),
      ),
    ),
    own.members.data !== null && own.invitations && drawInvitations(app, own.invitations),
  ];
}

/**
 * @param {App} app
 * @param {ReturnType<typeof beginMembers>} own
 * @param {Member} member
 */
function row(app, own, member) {
  const isOwn = member.user_id === app.club.account?.user_id;
  const words = [
    h("span.grow", null, h("strong", null, member.display_name), isOwn && h("small", null, "You")),
    h("span.tag", null, roleName(member.role)),
  ];
  const mayChange = isOwn || app.may("owner") || mayGive(app.club.account?.role, { role: member.role, isOwn }).length > 0;
  return h(
    "li",
    { key: member.user_id },
    mayChange
      ? h("button.item", { type: "button", onclick: () => openMember(app, own, member, isOwn) }, words, icon("next"))
      : h("div.item", null, words),
  );
}

/**
 * @param {App} app
 * @param {ReturnType<typeof beginMembers>} own
 * @param {Member} member
 * @param {boolean} isOwn
 */
function openMember(app, own, member, isOwn) {
  const { user_id: id, display_name: name } = member;
  const roles = mayGive(app.club.account?.role, { role: member.role, isOwn });
  app.open({
    title: isOwn ? "You in this club" : name,
    draw: (_, close) =>
      h(
        "div.stack",
        null,
        roles.length > 0 &&
          h(
            "div.stack",
            { role: "group", "aria-label": "Role" },
            ROLES.map(({ role, name: called, may }) =>
              h(
                "button.role-choice",
                {
                  key: role,
                  type: "button",
                  "aria-pressed": String(role === member.role),
                  disabled: role !== member.role && !roles.some((each) => each.role === role),
                  onclick: () => {
                    close();
                    if (role !== member.role) void setRole(app, own, member, role);
                  },
                },
                h("strong", null, called),
                h("small", null, may),
              ),
            ),
          ),
        (isOwn || app.may("owner")) &&
          h(
            "button.button.bad.wide",
            { type: "button", onclick: () => openRemoval(app, own, id, name, isOwn) },
            isOwn ? "Leave the club" : "Remove from the club",
          ),
      ),
  });
}

/**
 * @param {App} app
 * @param {ReturnType<typeof beginMembers>} own
 * @param {Member} member
 * @param {string} role
 */
async function setRole(app, own, { user_id: id, display_name: name }, role) {
  await online(app, async () => {
    own.members.data = await app.club.request("PUT", `${PATH}/${id}`, { role });
    app.say(`${name} is ${roleName(role)} now`);
  });
}

/**
 * @param {App} app
 * @param {ReturnType<typeof beginMembers>} own
 * @param {string} id
 * @param {string} name
 * @param {boolean} isOwn
 */
function openRemoval(app, own, id, name, isOwn) {
  const { pending } = app.club.status;
  app.open({
    title: isOwn ? "Leave the club?" : `Remove ${name}?`,
    draw: (_, close) =>
      h(
        "div.stack",
        null,
        h(
          "p",
          null,
          isOwn
            ? "The club's matches leave this phone. You come back by an invitation only."
            : "Their phones forget the club when they next have signal. What they recorded stays.",
        ),
        isOwn &&
          pending > 0 &&
          h(
            "p.banner",
            null,
            `${pending} ${pending === 1 ? "change is" : "changes are"} not sent yet. Sync first, or they are lost to the club.`,
          ),
        h(
          "button.button.bad.wide",
          {
            type: "button",
            onclick: () => {
              close();
              void online(app, async () => {
                await app.club.request("DELETE", `${PATH}/${id}`);
                if (isOwn) {
                  app.say("You left the club");
                  app.club.sync();
                  return app.go(to("club"));
                }
                app.say(`${name} was removed`);
                await load(app, own.members, PATH);
              });
            },
          },
          isOwn ? "Leave the club" : "Remove",
        ),
        h("button.button.calm.wide", { type: "button", onclick: close }, "Cancel"),
      ),
  });
}
