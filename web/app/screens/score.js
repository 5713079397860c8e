/**
 * Score: what a scorer's link or code opens. At the door a volunteer says their name; from then on it is the match's own
 * place on this phone, also without signal, until they are done or the link has ended.
 */

import { h } from "../dom.js";
import { sidesOf } from "../model/sides.js";
import { doorWords } from "../model/scorerwords.js";
import { saveUnsent } from "../parts/files.js";
import { formWrong, textEntry, typedIn } from "../parts/form.js";
import { to } from "../route.js";
import { changeMatch, finishScoring, knownBy, others, startScoring } from "../scoring.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/refusals.js").Wrong} Wrong */
/** @typedef {{wrong: Wrong | null, isBusy: boolean}} Own */

/** @type {import("../app.js").Screen} */
export const score = {
  title: (app) => (isInside(app) ? "Your match" : "Record a match"),
  begin: () => ({ wrong: null, isBusy: false }),
  head: (app) => h("div.head", null, h("span.word", { "aria-hidden": "true" }, "Touchline"), h("h1", null, score.title(app, app.own))),
  draw(app, own) {
    const { state } = app.club.status;
    return h(
      "div.door-form.stack",
      null,
      !isInside(app) || state === "signed_out" ? door(app, own) : state === "ended" ? ended(app, own) : inside(app),
      otherMatches(app),
    );
  },
};

/**
 * Tell whether the page holds the match that the address is about.
 * @param {App} app
 */
function isInside(app) {
  const { secret = "" } = app.route;
  return app.isScorer && (secret === "" || knownBy(app.prefs, secret) === app.club.matchId);
}

/**
 * @param {App} app
 * @param {Own} own
 */
function door(app, own) {
  const { secret = "" } = app.route;
  const submit = (/** @type {Event} */ event) => {
    event.preventDefault();
    const { name = "", code = "" } = typedIn(event);
    void tryTo(app, own, { name, ...(secret ? { secret } : { code }) });
  };
  return h(
    "form.stack",
    { key: "door", novalidate: true, onsubmit: submit },
    h(
      "p",
      { key: "lead" },
      secret
        ? "A coach asks you to record a match on this phone. You need no account."
        : "A coach gave you a code, to record a match on this phone. You need no account.",
    ),
    app.isScorer &&
      app.club.status.pending > 0 &&
      h("p.banner.calm", { key: "waiting" }, "What waits on this phone is sent once you are in. Nothing is lost."),
    formWrong(own),
    !secret &&
      textEntry({ label: "Code", name: "code", autocomplete: "off", most: 12, hint: "Eight letters and digits, such as 4K7M-X2PQ." }, own),
    textEntry(
      { label: "Your name", name: "name", autocomplete: "name", most: 100, hint: "The coach sees it beside what you record." },
      own,
    ),
    h("button.button.wide", { key: "go", type: "submit", disabled: own.isBusy }, own.isBusy ? "One moment" : "Start"),
    h(
      "p.hint",
      { key: "why" },
      "You need signal once, to start. After that it works without: what you record is stored on this phone, and sent when there is signal.",
    ),
  );
}

/**
 * @param {App} app
 * @param {Own} own
 * @param {{name: string, secret?: string, code?: string}} asked
 */
async function tryTo(app, own, asked) {
  if (own.isBusy) return;
  own.wrong = missing(asked);
  own.isBusy = own.wrong === null;
  app.redraw();
  if (own.wrong) return;
  try {
    await startScoring(app, asked);
  } catch (error) {
    own.wrong = doorWords(error, "secret" in asked, app.club.clock.now());
  } finally {
    own.isBusy = false;
    app.redraw();
  }
}

/**
 * @param {{name: string, code?: string}} asked
 * @returns {Wrong | null}
 */
function missing({ name, code }) {
  if (code === "") return { field: "code", words: "Type the code that the coach gave you." };
  return name === "" ? { field: "name", words: "Say how you are called." } : null;
}

/** @param {App} app */
function inside(app) {
  const { club } = app;
  const facts = app.facts(club.matchId ?? "");
  if (!facts)
    return h(
      "p",
      { key: "match" },
      club.status.saved_at === null && club.state.meta.cursor.startsWith("0.")
        ? "The match is on its way to this phone."
        : "The coach has deleted this match.",
    );
  const { home, away } = sidesOf(club, facts);
  const at = new Date(facts.match.kickoff_ts);
  return h(
    "section.stack",
    { key: "match" },
    h("h2", null, `${home.name} v ${away.name}`),
    h(
      "p",
      null,
      at.toLocaleString([], { weekday: "long", day: "numeric", month: "long", hour: "2-digit", minute: "2-digit" }),
      facts.match.venue && `, ${facts.match.venue}`,
    ),
    h("a.button.wide", { href: to("match", facts.match.id) }, "Record the match"),
    h("button.button.calm.wide", { type: "button", onclick: () => openDone(app) }, "Done"),
    h("p.hint", null, untilWords(club.account?.ends_at)),
  );
}

/** @param {number} [endsAt] */
function untilWords(endsAt) {
  const until = endsAt
    ? `until ${new Date(endsAt).toLocaleString([], { weekday: "long", hour: "2-digit", minute: "2-digit" })}`
    : "for a day";
  return `The link is good ${until}. Until then you can close the app and come back, also without signal.`;
}

/** @param {App} app */
function openDone(app) {
  app.open({
    title: "Done?",
    draw(_, close) {
      const { pending, refused, state } = app.club.status;
      const what =
        state === "ended"
          ? "A file keeps what is here for the coach."
          : "Keep this page until there is signal: then all is sent by itself.";
      return h(
        "div.stack",
        null,
        pending > 0
          ? h("p.banner", null, `${changes(pending)} on this phone only. ${what}`)
          : h("p", null, "All that you recorded is with the club. The match leaves this phone."),
        refused > 0 && h("p", null, `${refused} not accepted. A coach sees them and can put them right.`),
        pending > 0 && state !== "ended" && h("button.button", { type: "button", onclick: () => void app.club.sync() }, "Send now"),
        pending > 0 && saveButton(app, state === "ended" ? "" : "calm"),
        h(
          "button.button.calm",
          { type: "button", onclick: () => void leave(app, close) },
          pending > 0 ? "Leave, and lose what was not sent" : "Leave the match",
        ),
        h("button.link", { type: "button", onclick: close }, "Go on"),
      );
    },
  });
}

/**
 * @param {App} app
 * @param {() => void} [close]
 */
async function leave(app, close) {
  const evenUnsent = app.club.status.pending > 0;
  const isDone = await app.attempt(() => finishScoring(app, { evenUnsent }));
  if (!isDone) return;
  close?.();
  app.say("Thank you. You can close this page.");
}

/**
 * @param {App} app
 * @param {Own} own
 */
function ended(app, own) {
  const { pending } = app.club.status;
  return h(
    "section.stack",
    { key: "ended" },
    h("h2", null, "This link has ended"),
    h("p", null, "It was good for this match alone, and its time is over or a coach has ended it. What you had sent is with the club."),
    pending > 0 &&
      h(
        "p.banner",
        { "data-tone": "bad" },
        `${changes(pending)} on this phone only. A file keeps what is here for the coach; a new link to this match sends it.`,
      ),
    pending > 0 && saveButton(app),
    h("details", null, h("summary", null, "I have a new code"), door(app, own)),
    h(
      "button.button.calm.wide",
      { type: "button", onclick: () => (pending > 0 ? openDone(app) : void leave(app)) },
      "Remove from this phone",
    ),
  );
}

/** @param {App} app @param {string} [tone] */
function saveButton(app, tone = "") {
  return h("button.button", { type: "button", class: tone, onclick: () => saveUnsent(app) }, "Save as a file");
}

/** @param {number} count */
const changes = (count) => (count === 1 ? "1 change is" : `${count} changes are`);

/** @param {App} app */
function otherMatches(app) {
  const all = others(app);
  if (all.length === 0) return null;
  return h(
    "section.stack",
    { key: "others" },
    h("h2", null, "Also on this phone"),
    all.map(([id, { at }]) =>
      h(
        "button.button.calm.wide",
        { key: id, type: "button", onclick: () => void app.attempt(() => changeMatch(app, id)) },
        `The match that you began on ${new Date(at).toLocaleDateString([], { weekday: "long", day: "numeric", month: "long" })}`,
      ),
    ),
  );
}
