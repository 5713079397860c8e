/**
 * A volunteer scores one match by link, on their own phone, against a real server. Told by tests/web/test_scorer.py, which
 * compares what is printed with the server's tables.
 *
 *     node scoring.js ADDRESS SEED
 */

import "fake-indexeddb/auto";
import { participantId, pauseId, periodId, stintId } from "../football/ids.js";
import { systemClock } from "../sync/clock.js";
import { MemoryStore } from "../sync/memory.js";
import { wakingWire } from "../sync/picture.js";
import { Problem } from "../sync/transport.js";
import { socketWire } from "../sync/wires.js";
import { open } from "../touchline.js";
import { BadLine, foldOf, pageSocket, stillClock, sync } from "./badline.js";
import { seededDice } from "./world.js";

const [, , address, seed] = process.argv;
const dice = seededDice(Number(seed));
const line = new BadLine(dice);
const means = { origin: address, fetch: line.fetch, clock: stillClock, dice, wires: [], locks: null, channel: null };
const at = (minute) => `2026-09-20T10:${minute}:00.000Z`;

// The coach has a match with squads, and what is nobody else's business.
const coach = await open({ ...means, store: new MemoryStore() });
const [match, other, home, away, keeper, striker, sub] = Array.from({ length: 7 }, () => coach.newId());
await coach.put("teams", home, { name: "Reds U10" });
await coach.put("teams", away, { name: "Blues U10" });
for (const [id, name, number] of [[keeper, "Kim", 1], [striker, "Sam", 9], [sub, "Lee", 12]])
  await coach.put("players", id, { full_name: name, squad_number: number, current_team: home, dob: "2016-05-05", notes: "private" });
for (const id of [match, other]) await coach.put("matches", id, { kickoff_ts: at("00"), home_team_id: home, away_team_id: away, period_format: "half" });
await coach.register({ email: `coach-${seed}@club.example`, password: "a password for the touchline", display_name: "Coach", club_name: `Club ${seed}` });
await sync(coach);
const link = await coach.request("POST", `/api/matches/${match}/scorers`, {});

// A volunteer types the code, and then has no signal for a half.
const door = await open({ ...means, store: new MemoryStore() });
const scorer = await door.score({ code: link.code.toLowerCase(), name: "Jo" });
await sync(scorer);
const seen = foldOf(scorer);
const [half, goal, note] = [periodId(match, "regular", 1), scorer.newId(), scorer.newId()];
line.isUp = false;
await scorer.create("match_periods", half, { match_id: match, number: 1, type: "regular", started_at: at("02") });
for (const player of [keeper, striker]) await scorer.create("lineup", stintId(match, player, 1), { match_id: match, player_id: player, team_id: home, start_period: 1, start_min: 0 });
await scorer.put("events", goal, { match_id: match, kind: "goal", period_number: 1, clock_ms: 312_000, player_id: striker, team_id: home });
await scorer.put("event_participants", participantId(goal, "assist"), { event_id: goal, kind: "assist", player_id: keeper });
await scorer.create("match_pauses", pauseId(half, 1), { period_id: half, ordinal: 1, started_at: at("10"), ended_at: at("12") });
const swap = scorer.newId();
await scorer.group((group) => {
  group.put("lineup", stintId(match, striker, 1), { end_period: 1, end_min: 15 });
  group.put("lineup", stintId(match, sub, 1), { match_id: match, player_id: sub, team_id: home, start_period: 1, start_min: 15 });
  group.put("events", swap, { match_id: match, kind: "substitution", period_number: 1, clock_ms: 900_000, player_id: striker, team_id: home });
  group.put("event_participants", participantId(swap, "substitution"), { event_id: swap, kind: "substitution", player_id: sub });
});
await scorer.put("match_notes", note, { match_id: match, notes: "Windy" });
await scorer.put("match_periods", half, { ended_at: at("27") });
const offline = scorer.status.pending;

// The coach pressed the same button, and syncs first; then the volunteer's phone finds a line, such as it is.
await coach.create("match_periods", half, { match_id: match, number: 1, type: "regular", started_at: at("01") });
line.isUp = line.isLossy = true;
for (const phone of [coach, scorer, coach, scorer]) await sync(phone);
const asked = coach.conflicts().map((each) => `${each.kind} ${each.field}`).sort();
const author = coach.conflicts()[0]?.stands.author ?? null;
const devices = (await ask(() => coach.request("GET", "/api/sync/devices"))).devices;
const notMine = await ask(() => scorer.request("GET", "/api/sync/pull").catch(codeOf));

// The coach mends the goal, having seen it, and takes the pause back. It arrives by itself on a phone that looks.
line.isLossy = false;
await scorer.close();
const feed = wakingWire(socketWire(`${address.replace("http", "ws")}/ws/match/${match}`, pageSocket(address)));
const awake = await open({ ...means, clock: systemClock, matchId: match, wires: [feed] });
await until(awake, "status", () => awake.status.state === "live");
await coach.put("events", goal, { clock_ms: 330_000, player_id: sub });
await coach.delete("match_pauses", pauseId(half, 1));
await sync(coach);
await until(awake, "change", () => awake.get("events", goal).clock_ms === 330_000 && awake.all("match_pauses").length === 0);
await until(awake, "status", () => awake.status.pending === 0 && awake.status.state === "live");
// It writes what it has seen, which is no question to anybody.
await awake.put("events", goal, { player_id: striker });
await until(awake, "status", () => awake.status.pending === 0);
await sync(coach);
await until(awake, "change", () => awake.state.meta.cursor === coach.state.meta.cursor);
const afterwards = coach.conflicts().length;
const folds = { coach: foldOf(coach), scorer: foldOf(awake) };
const token = await coach.online.session.tokenFor(coach.state.meta.device_id);
await awake.close();

// The link is revoked while the phone is without signal: what was made before goes to the coach, the rest stays here.
const last = await open({ ...means, matchId: match });
await sync(last);
line.isUp = false;
const early = last.newId();
await last.put("events", early, { match_id: match, kind: "goal", period_number: 1, clock_ms: 700_000 });
line.isUp = true;
await coach.request("DELETE", `/api/matches/${match}/scorers/${link.scorer.scorer_id}`);
await new Promise((resolve) => setTimeout(resolve, 20));
const late = last.newId();
await last.put("events", late, { match_id: match, kind: "goal", period_number: 1, clock_ms: 900_000 });
const ended = await sync(last).then(() => "nothing", codeOf);
await sync(coach);

process.stdout.write(
  JSON.stringify({
    token,
    match,
    other,
    link: link.scorer.scorer_id,
    seen,
    offline,
    lost: line.lost,
    asked,
    author,
    devices: Object.fromEntries(devices.map((each) => [each.user_id, each.display_name])),
    notMine,
    afterwards,
    folds,
    ended,
    state: last.status.state,
    records: [...last.view.all("matches"), ...last.view.all("players")].length,
    kept: coach.quarantine().map((each) => each.mutation?.record === early && each.code),
    exported: last.export().mutations.map((each) => each.mutation.record === late),
  }),
);
await coach.close();
await last.close();

function codeOf(error) {
  if (!(error instanceof Problem)) throw error;
  return error.code;
}

async function ask(act) {
  line.isLossy = false;
  return act().finally(() => (line.isLossy = true));
}

async function until(club, event, is) {
  if (is()) return;
  await new Promise((resolve) => {
    const end = club.on(event, () => is() && (end(), resolve()));
  });
}
