/** New match: everything is filled in as it usually is, so one press starts it; what differs is a tap away. */

import { h } from "../dom.js";
import { firstTeam, newestSeason, recordsOf, usualLength } from "../model/newmatch.js";
import { ownTeams } from "../model/squads.js";
import { dateTimeText } from "../model/times.js";
import { lengthField } from "../parts/matchlength.js";
import { ageField, opponentField, sideField, teamField } from "../parts/matchteams.js";
import { to } from "../route.js";

/** @typedef {import("../app.js").App} App */
/** @typedef {import("../model/newmatch.js").Draft} Draft */
/** @typedef {{draft: Draft, isLater: boolean, isLengthOpen: boolean, isBusy: boolean, isTouched: boolean, kickoff: string}} Own */

/** @type {import("../app.js").Screen} */
export const newmatch = {
  title: () => "New match",
  tab: "matches",
  begin,
  draw(app, /** @type {Own} */ own) {
    if (!app.may("coach")) return h("p", null, "A coach or the owner of the club enters new matches.");
    // What arrives while the form is open fills in what nobody has touched.
    if (!own.isTouched && own.draft.teamId === null && ownTeams(app.club).length > 0) Object.assign(own, begin(app));
    const touch = () => void (own.isTouched = true);
    return h(
      "form.stack.newmatch",
      {
        oninput: touch,
        onclick: touch,
        onsubmit: (/** @type {Event} */ event) => {
          event.preventDefault();
          void save(app, own, own.isLater);
        },
      },
      isArriving(app) && h("p.banner.calm", { key: "arriving", role: "status" }, "Your club’s teams are on their way to this phone."),
      teamField(app, own),
      own.draft.teamId === null && ageField(app, own),
      opponentField(app, own),
      sideField(app, own),
      lengthField(app, own),
      whenField(app, own),
      moreFields(app, own),
      h(
        "div.thumb",
        null,
        own.isLater
          ? h("button.button.wide", { type: "submit", key: "save", disabled: own.isBusy }, "Save for later")
          : h("button.button.goal.wide", { type: "submit", key: "start", disabled: own.isBusy }, "Start now"),
      ),
    );
  },
};

/**
 * Say whether this phone has signed in and not yet heard what the club has.
 * @param {App} app
 */
const isArriving = ({ isSignedIn, club }) => isSignedIn && club.state.meta.cursor.startsWith("0.");

/**
 * @param {App} app
 * @returns {Own}
 */
function begin(app) {
  const matches = app.matches();
  const { prefs, club } = app;
  const teamId = firstTeam(ownTeams(club), matches, prefs.all.team);
  const ageGroup = teamId ? String(club.get("teams", teamId)?.age_group ?? "") || null : (prefs.all.age_group ?? null);
  return {
    isLater: false,
    isLengthOpen: false,
    isBusy: false,
    isTouched: false,
    kickoff: nextHour(app.now()),
    draft: {
      teamId,
      teamName: "",
      ageGroup,
      opponent: "",
      side: "home",
      length: usualLength(matches, teamId, ageGroup),
      kickoff: "",
      seasonId: newestSeason(club),
      competition: "",
      venue: "",
    },
  };
}

/**
 * @param {App} app
 * @param {Own} own
 */
function whenField(app, own) {
  /** @param {boolean} isLater */
  const choose = (isLater) => () => {
    own.isLater = isLater;
    app.redraw();
  };
  return h(
    "fieldset.stack",
    { key: "when" },
    h("legend", null, "Kick-off"),
    h(
      "div.choices",
      null,
      h("button.choice", { type: "button", "aria-pressed": String(!own.isLater), onclick: choose(false) }, "Now"),
      h("button.choice", { type: "button", "aria-pressed": String(own.isLater), onclick: choose(true) }, "Later"),
    ),
    own.isLater &&
      h(
        "label.field",
        null,
        h("span", null, "Day and time"),
        h("input", {
          type: "datetime-local",
          required: true,
          value: own.kickoff,
          oninput: (/** @type {any} */ event) => (own.kickoff = event.target.value),
        }),
      ),
  );
}

/**
 * @param {App} app
 * @param {Own} own
 */
function moreFields(app, { draft }) {
  const seasons = app.club.all("seasons");
  return h(
    "details.more-fields",
    { key: "more" },
    h("summary", null, "Season, competition, venue"),
    h(
      "div.stack",
      null,
      seasons.length > 0 &&
        h(
          "label.field",
          null,
          h("span", null, "Season"),
          h(
            "select",
            { value: draft.seasonId ?? "", onchange: (/** @type {any} */ event) => (draft.seasonId = event.target.value || null) },
            h("option", { value: "" }, "None"),
            seasons.map((season) => h("option", { value: season.id }, String(season.label))),
          ),
        ),
      text("Competition", draft.competition, (typed) => (draft.competition = typed)),
      text("Venue", draft.venue, (typed) => (draft.venue = typed)),
    ),
  );
}

/**
 * @param {string} words
 * @param {string} value
 * @param {(typed: string) => void} keep
 */
function text(words, value, keep) {
  return h(
    "label.field",
    null,
    h("span", null, words),
    h("input", { type: "text", maxlength: 100, value, oninput: (/** @type {any} */ event) => keep(event.target.value) }),
  );
}

/**
 * @param {App} app
 * @param {Own} own
 * @param {boolean} isLater
 */
async function save(app, own, isLater) {
  if (own.isBusy) return;
  own.isBusy = true;
  app.redraw();
  const { club } = app;
  const teams = club.all("teams").map(({ id, name }) => ({ id, name: String(name ?? "") }));
  const draft = { ...own.draft, kickoff: isLater ? own.kickoff : "" };
  const { matchId, teamId, writes } = recordsOf(draft, { teams, newId: () => club.newId(), nowMs: app.now() });
  const isSaved = await app.attempt(() =>
    club.group((group) => {
      for (const { collection, id, fields } of writes) group.put(collection, id, fields);
    }),
  );
  own.isBusy = false;
  if (!isSaved) return;
  app.prefs.keep({ team: teamId, ...(draft.ageGroup && { age_group: draft.ageGroup }) });
  app.go(isLater ? to() : to("match", matchId), { replace: true });
  if (isLater) app.say("The match is saved");
  void club.persist(); // from the first match on there is something to lose
}

/**
 * Return the next full hour as a field has it.
 * @param {number} nowMs
 */
function nextHour(nowMs) {
  const at = new Date(nowMs);
  at.setHours(at.getHours() + 1, 0, 0, 0);
  return dateTimeText(at.getTime());
}
