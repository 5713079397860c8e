/**
 * Two phones at one match, against a real server: they record overlapping work without signal, and sync over a line that
 * loses requests and replies. Told by tests/web/test_client.py, which compares what is printed with the server's tables.
 *
 *     node outside.js ADDRESS SEED
 */

import "fake-indexeddb/auto";
import { participantId, periodId, stintId } from "../football/ids.js";
import { systemClock } from "../sync/clock.js";
import { MemoryStore, Shelf } from "../sync/memory.js";
import { SignedOut } from "../sync/session.js";
import { socketWire } from "../sync/wires.js";
import { open } from "../touchline.js";
import { BadLine, foldOf, pageSocket, stillClock, sync } from "./badline.js";
import { seededDice } from "./world.js";

const [, , address, seed] = process.argv;
const dice = seededDice(Number(seed));
const EMAIL = `coach-${seed}@club.example`;
const PASSWORD = "a password for the touchline";

const line = new BadLine(dice);

async function phone(more) {
  const given = { origin: address, fetch: line.fetch, clock: stillClock, dice, wires: [], locks: null, channel: null };
  return open({ ...given, ...more });
}

const shelf = new Shelf();
const coach = await phone({ store: new MemoryStore(shelf) });
const helper = await phone({ name: "helper" });

// The coach makes a match before there is an account at all.
const [match, home, keeper, striker, sub] = Array.from({ length: 5 }, () => coach.newId());
await coach.put("teams", home, { name: "Reds U10" });
await coach.put("matches", match, { kickoff_ts: "2026-09-20T10:00:00.000Z", home_team_id: home, venue: "Rec ground" });
for (const [id, name] of [[keeper, "Kim"], [striker, "Sam"], [sub, "Lee"]])
  await coach.put("players", id, { full_name: name, current_team: home });
await coach.register({ email: EMAIL, password: PASSWORD, display_name: "Coach", club_name: `Club ${seed}` });
await sync(coach);
await helper.signIn({ email: EMAIL, password: PASSWORD });
await sync(helper);

line.isUp = false;
const half = periodId(match, "regular", 1);
for (const [club, at] of [[coach, "10:01"], [helper, "10:02"]]) {
  await club.create("match_periods", half, { match_id: match, number: 1, type: "regular", started_at: `2026-09-20T${at}:00.000Z` });
  await club.put("lineup", stintId(match, striker, 1), { match_id: match, player_id: striker, start_period: 1, start_min: 0 });
}
const goal = coach.newId();
await coach.put("events", goal, { match_id: match, kind: "goal", period_number: 1, clock_ms: 312_000, player_id: striker, team_id: home });
await coach.put("event_participants", participantId(goal, "assist"), { event_id: goal, kind: "assist", player_id: keeper });
await helper.put("events", helper.newId(), { match_id: match, kind: "goal", period_number: 1, clock_ms: 318_000, player_id: sub, team_id: home });
for (let n = 0; n < 40; n++)
  await (n % 2 ? coach : helper).put("events", coach.newId(), { match_id: match, kind: "shot_on_target", period_number: 1, clock_ms: 400_000 + n * 9_000, notes: `shot ${n} 🥅` });
await coach.put("matches", match, { venue: "Pitch 2" });
await helper.put("matches", match, { venue: "Pitch 3", notes: "Kit clash" });
await helper.group((group) => {
  group.put("lineup", stintId(match, striker, 1), { end_period: 1, end_min: 12 });
  group.put("lineup", stintId(match, sub, 1), { match_id: match, player_id: sub, start_period: 1, start_min: 12 });
});
await coach.put("players", keeper, { squad_number: 120 });
const offline = { coach: coach.status.pending, helper: helper.status.pending };

line.isUp = line.isLossy = true;
for (const club of [coach, helper, coach, helper]) await sync(club);
const asked = coach.conflicts().map((each) => `${each.kind} ${each.field.split("/")[0]}`).sort();

// The coach answers what concerns the match, without signal, and mends the shirt number.
line.isUp = false;
for (const conflict of coach.conflicts()) {
  if (conflict.kind === "field") await coach.resolve(conflict, conflict.field === "venue" ? "set" : "keep", conflict.field === "venue" ? "Pitch 4" : undefined);
  if (conflict.kind === "duplicate") await coach.resolve(conflict, "take", conflict.other);
}
for (const refused of coach.quarantine()) await coach.mend(refused, { squad_number: 12 });
const afterAnswers = coach.conflicts().length;
line.isUp = true; // and as bad as before
for (const club of [coach, helper, coach]) await sync(club);

// The coach's phone is replaced, from a backup, and both go on under one identity until the server says so.
const twin = await phone({ store: new MemoryStore(Object.assign(new Shelf(), structuredClone({ ...shelf }))) });
await coach.put("matches", match, { competition: "Cup" });
await twin.put("matches", match, { duration_mins: 40 });
await twin.put("players", sub, { squad_number: 7 });
for (const club of [coach, twin, coach, helper]) await sync(club);
const ids = [coach, twin].map((club) => club.state.meta.device_id);

// The session is ended by the server in the middle of the match.
await fetch(`${address}/api/auth/logout`, { method: "POST", headers: { Authorization: `Bearer ${await coach.online.session.tokenFor(ids[0])}` } });
await coach.put("matches", match, { notes: "after the session ended" });
const ended = await sync(coach).then(() => "nothing", (error) => error instanceof SignedOut && coach.status.pending);
while (!(await coach.signIn({ email: EMAIL, password: PASSWORD }).catch(() => null)));
for (const club of [coach, helper, twin]) await sync(club);

// Somebody watches on another device: what the coach pushes arrives by itself.
const watcher = await phone({ store: new MemoryStore(), clock: systemClock, fetch, wires: [socketWire(`${address.replace("http", "ws")}/ws/sync`, pageSocket(address))] });
const isLive = new Promise((resolve) => watcher.on("status", ({ state }) => state === "live" && resolve(true)));
await watcher.signIn({ email: EMAIL, password: PASSWORD });
await isLive;
const requests = [];
watcher.online.transport.fetch = (url, init) => (requests.push(url), fetch(url, init));
const arrived = new Promise((resolve) => watcher.on("change", () => watcher.get("matches", match)?.venue === "Pitch 5" && resolve(true)));
await coach.put("matches", match, { venue: "Pitch 5" });
await sync(coach);
await arrived;
const pulledByWatcher = requests.length;
await watcher.close();
for (const club of [coach, helper, twin]) await sync(club);

const told = {
  token: await coach.online.session.tokenFor(coach.state.meta.device_id),
  match,
  lost: line.lost,
  offline,
  asked,
  afterAnswers,
  ids,
  pulledByWatcher,
  ended,
  folds: { coach: foldOf(coach), helper: foldOf(helper), twin: foldOf(twin) },
  cursors: [coach.state.meta.cursor, helper.state.meta.cursor],
  statuses: { coach: coach.status, helper: helper.status, twin: twin.status },
  view: { coach: coach.get("matches", match), keeper: helper.get("players", keeper), events: helper.all("events").length },
};
process.stdout.write(JSON.stringify(told));
await coach.close();
await helper.close();
await twin.close();
