/** Phones: is everybody's match saved? Each phone of the club as the server knows it, and one's own that may be lost. */

import { h } from "../dom.js";
import { icon } from "../icons.js";
import { whenWords } from "../model/days.js";
import { SKEW_MS } from "../model/syncwords.js";
import { fetched, load, online, whenFetched } from "./fetched.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("./fetched.js").Fetched} Fetched */
/**
 * @typedef {object} Phone As the server knows it.
 * @property {string} device_id
 * @property {string} user_id
 * @property {string} display_name
 * @property {number} last_seen
 * @property {number} lag changes of others that it had still to get
 * @property {number} skew milliseconds that its clock is slow
 * @property {number} parked
 * @property {number} open_conflicts
 */
/** @typedef {{session_id: string, club_id: string, device_id: string, created_at: number, used_at: number, is_current: boolean}} Signed */

const PHONES = "/api/sync/devices";
const SESSIONS = "/api/auth/sessions";

/** @param {App} app */
export function beginPhones(app) {
  return { phones: fetched(app, PHONES), sessions: fetched(app, SESSIONS) };
}

/**
 * @param {App} app
 * @param {{phones: Fetched, sessions: Fetched}} own
 */
export function drawPhones(app, own) {
  const { pending } = app.club.status;
  return h(
    "div.stack",
    null,
    h(
      "p.banner",
      { key: "mine", class: pending > 0 ? "" : "calm" },
      pending > 0
        ? `${pending === 1 ? "1 change is" : `${pending} changes are`} on this phone only. Keep it until they are sent.`
        : "All that was recorded on this phone is on the server.",
    ),
    whenFetched(app, own.phones, PHONES, ({ devices }) =>
      h(
        "ul.list",
        { key: "phones" },
        devices.map((/** @type {Phone} */ phone) => phoneRow(app, phone)),
      ),
    ),
    h(
      "p.hint",
      { key: "hint" },
      "A phone that has not been heard of since the match may still hold some of it. Open the app on it where there is signal.",
    ),
    h("h2", { key: "signed" }, "Where you are signed in"),
    whenFetched(app, own.sessions, SESSIONS, ({ sessions }) =>
      h(
        "ul.list",
        { key: "sessions" },
        sessions.map((/** @type {Signed} */ session) => sessionRow(app, own.sessions, session)),
      ),
    ),
  );
}

/**
 * @param {App} app
 * @param {Phone} phone
 */
function phoneRow({ club }, phone) {
  const isThis = phone.device_id === club.deviceId;
  const troubles = troublesOf(isThis ? { ...phone, lag: 0 } : phone); // what the server last heard of this one is old news here
  return h(
    "li",
    { key: phone.device_id },
    h(
      "div.item",
      null,
      icon("phone"),
      h(
        "span.grow",
        null,
        h("strong", null, isThis ? "This phone" : phone.display_name),
        h("small", null, `Heard of ${whenWords(phone.last_seen)}`),
        troubles.map((words) => h("small", { key: words }, words)),
      ),
    ),
  );
}

/**
 * Return what is worth knowing of a phone, in words.
 * @param {Pick<Phone, "lag" | "skew" | "parked" | "open_conflicts">} phone
 * @returns {string[]}
 */
function troublesOf({ lag, skew, parked, open_conflicts: open }) {
  const minutes = Math.round(Math.abs(skew) / 60_000);
  return [
    ...(lag > 0 ? [`Had ${lag === 1 ? "1 change" : `${lag} changes`} of others still to get`] : []),
    ...(parked > 0
      ? [`${parked} ${parked === 1 ? "change waits" : "changes wait"} for what belongs to ${parked === 1 ? "it" : "them"}`]
      : []),
    ...(open > 0 ? [`${open === 1 ? "1 question" : `${open} questions`} about what it recorded`] : []),
    ...(Math.abs(skew) > SKEW_MS
      ? [`Its clock is ${minutes} ${minutes === 1 ? "minute" : "minutes"} ${skew > 0 ? "slow" : "fast"}; times are corrected`]
      : []),
  ];
}

/**
 * @param {App} app
 * @param {Fetched} own
 * @param {Signed} session
 */
function sessionRow(app, own, { session_id: id, is_current: isThis, created_at: since, used_at: used, club_id: clubId }) {
  const clubName = clubId === app.club.clubId ? "" : (app.prefs.all.clubs?.[clubId] ?? "another club");
  return h(
    "li",
    { key: id },
    h(
      "div.item",
      null,
      h(
        "span.grow",
        null,
        h("strong", null, isThis ? "This phone" : "A phone or browser", clubName && `, ${clubName}`),
        h("small", null, `Used ${whenWords(used)}, since ${whenWords(since)}`),
      ),
      !isThis &&
        h(
          "button.link",
          { type: "button", "aria-label": `Sign out the phone used ${whenWords(used)}`, onclick: () => openEnd(app, own, id) },
          "Sign out",
        ),
    ),
  );
}

/**
 * @param {App} app
 * @param {Fetched} own
 * @param {string} id
 */
function openEnd(app, own, id) {
  app.open({
    title: "Sign that phone out?",
    draw: (_, close) =>
      h(
        "div.stack",
        null,
        h("p", null, "Whoever has it sends and sees nothing new. What it still holds can be sent after signing in on it again."),
        h(
          "button.button.bad.wide",
          {
            type: "button",
            onclick: () => {
              close();
              void online(app, async () => {
                await app.club.request("DELETE", `${SESSIONS}/${id}`);
                app.say("Signed out");
                await load(app, own, SESSIONS);
              });
            },
          },
          "Sign it out",
        ),
        h("button.button.calm.wide", { type: "button", onclick: close }, "Cancel"),
      ),
  });
}
