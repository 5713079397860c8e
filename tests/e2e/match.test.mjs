// What the viewer's screen holds and says, as values.
import assert from 'node:assert/strict';
import test from 'node:test';

import { kindWords, timeOfDay } from '../../web/football/words.js';
import {
  QUIET_MS,
  afterWords,
  begin,
  chapters,
  clockOf,
  hear,
  lineWords,
  newsWords,
  place,
  scoreWords,
  stageOf,
  whoWords,
} from '../../web/viewer/match.js';

const MINUTE = 60_000;
const NOW = Date.UTC(2026, 8, 20, 11, 0);
const EPOCH = '6b1d0c5f2e7a9384';

const period = (given = {}) => ({
  type: 'regular',
  number: 1,
  state: 'running',
  length_ms: 25 * MINUTE,
  zero_at: NOW - 10 * MINUTE,
  clock_ms: null,
  ...given,
});
const over = (given = {}) => period({ state: 'over', zero_at: null, clock_ms: 26 * MINUTE, ...given });
const event = (id, given = {}) => ({
  event_id: id,
  kind: 'goal',
  team: 'home',
  player: null,
  timestamp: '02:30',
  minute: "3'",
  period_number: 1,
  clock_ms: 150_000,
  ...given,
});
const match = (given = {}) => ({
  shows: { score: true, shirt_numbers: true, venue: false },
  home: { name: 'Reds', kit_primary: '#c00000', kit_secondary: null },
  away: { name: 'Blues', kit_primary: null, kit_secondary: null },
  kickoff: '2026-09-20T10:00:00.000Z',
  competition: null,
  season: null,
  venue: null,
  status: 'live',
  score: { home: 0, away: 0 },
  periods: [period()],
  timeline: [],
  ...given,
});
const entry = (n, type, data, given = {}) => ({
  type,
  cursor: `${n}.${EPOCH}`,
  at: NOW,
  is_correction: false,
  data: { score: { home: 1, away: 0 }, ...data },
  ...given,
});
const screen = (given = {}) => begin(`0.${EPOCH}`, match(given), NOW);
const on = { phase: 'on', since: 0, heardAt: NOW };

test('an entry is the next one, known, or shows a gap or another epoch', () => {
  assert.equal(place(`4.${EPOCH}`, `5.${EPOCH}`), 'next');
  assert.equal(place(`4.${EPOCH}`, `4.${EPOCH}`), 'known');
  assert.equal(place(`10.${EPOCH}`, `9.${EPOCH}`), 'known');
  assert.equal(place(`4.${EPOCH}`, `6.${EPOCH}`), 'missed');
  assert.equal(place(`4.${EPOCH}`, '5.0000000000000001'), 'missed');
});

test('a correction is marked, news is not, and a score that followed from another correction is not', () => {
  let seen = hear(screen(), entry(1, 'event_logged', event('a')));
  assert.deepEqual(seen.marks, {});
  seen = hear(seen, entry(2, 'event_logged', event('b', { clock_ms: 60_000 }), { is_correction: true }));
  seen = hear(seen, entry(3, 'event_updated', event('a', { score_after: { home: 2, away: 0 } }), { is_correction: true }));
  assert.deepEqual(seen.marks, { b: 'added later' });
  seen = hear(seen, entry(4, 'event_updated', event('a', { player: 9 }), { is_correction: true }));
  assert.deepEqual(seen.marks, { a: 'corrected', b: 'added later' });
  assert.equal(seen.cursor, `4.${EPOCH}`);
});

test('what was taken back stays to be seen, without its number, until a fresh view', () => {
  let seen = hear(screen(), entry(1, 'event_logged', event('a', { player: 9 })));
  seen = hear(seen, entry(2, 'event_removed', { event_id: 'a', score: { home: 0, away: 0 } }, { is_correction: true }));
  const [{ events }] = chapters(seen);
  assert.deepEqual(events.map((each) => [each.event_id, each.mark, each.player]), [['a', 'taken back', null]]);
  assert.deepEqual(seen.match.timeline, []);
  const again = hear(seen, entry(3, 'event_logged', event('a')));
  assert.equal(chapters(again)[0].events.length, 1);
  const fresh = begin('0.0000000000000001', match(), NOW, seen);
  assert.deepEqual(chapters(fresh)[0].events, []);
  assert.equal(begin(seen.cursor, seen.match, NOW, seen).gone.length, 1);
});

test('a message of a kind that is not known changes the score and the cursor alone', () => {
  const seen = hear(screen(), entry(1, 'weather', { rain: true }));
  assert.deepEqual(seen.match, match({ score: { home: 1, away: 0 } }));
  assert.equal(seen.cursor, `1.${EPOCH}`);
});

test('the timeline is by period, the newest first', () => {
  const timeline = [
    event('b', { clock_ms: 1 }),
    event('a', { clock_ms: 2 }),
    event('c', { period_number: 2, clock_ms: 0 }),
    event('d', { period_type: 'penalty_shootout', minute: 'pens' }),
  ];
  const told = chapters(screen({ timeline, periods: [over(), period({ number: 2 })] }));
  assert.deepEqual(
    told.map(({ title, events }) => [title, events.map((each) => each.event_id).join('')]),
    [['Penalties', 'd'], ['2nd half', 'c'], ['1st half', 'ab']],
  );
});

test('a running clock ticks from its anchor, counts on in the second half, and tells stoppage time apart', () => {
  assert.equal(clockOf(match(), NOW), '10:00');
  assert.equal(clockOf(match(), NOW + 999), '10:00');
  assert.equal(clockOf(match(), NOW + 1_000), '10:01');
  assert.equal(clockOf(match({ periods: [over(), period({ number: 2 })] }), NOW), '35:00');
  assert.equal(clockOf(match({ periods: [period({ zero_at: NOW - 26 * MINUTE - 7_000 })] }), NOW), '25:00 +1:07');
  assert.equal(clockOf(match({ periods: [period({ zero_at: NOW - 37 * MINUTE })] }), NOW), '25:00 +12:00');
  assert.equal(clockOf(match({ periods: [over(), period({ type: 'extra_time', length_ms: 15 * MINUTE })] }), NOW), '10:00');
});

test('a clock that stands shows where; a shootout, a break and the end have none; nobody sees one below zero', () => {
  const paused = period({ state: 'paused', zero_at: null, clock_ms: 90_000 });
  assert.equal(clockOf(match({ status: 'paused', periods: [paused] }), NOW), '01:30');
  assert.equal(clockOf(match({ periods: [period({ type: 'penalty_shootout', length_ms: 0 })] }), NOW), null);
  for (const status of ['half_time', 'completed', 'cancelled']) assert.equal(clockOf(match({ status, periods: [over()] }), NOW), null);
  assert.equal(clockOf(match({ status: 'scheduled', periods: [] }), NOW), null);
  assert.equal(clockOf(match({ periods: [period({ zero_at: NOW + 5_000 })] }), NOW), '00:00');
});

test('periods are called halves, quarters, or what is true of both', () => {
  const titles = (periods, timeline = []) => chapters(screen({ periods, timeline })).map(({ title }) => title);
  assert.deepEqual(titles([period()]), ['1st half']);
  assert.deepEqual(titles([period({ length_ms: 12 * MINUTE })]), ['1st period']);
  const four = [1, 2, 3, 4].map((number) => over({ number, length_ms: 12 * MINUTE }));
  assert.deepEqual(titles(four), ['4th quarter', '3rd quarter', '2nd quarter', '1st quarter']);
  assert.deepEqual(titles([], [event('a', { period_type: 'extra_time', period_number: 2 })]), ['Extra time, 2nd half']);
  assert.deepEqual(titles([], [event('a', { period_number: 0 })]), ['The match']);
});

test('the stage is told in words for each status', () => {
  const told = (status, periods = [period()]) => stageOf(match({ status, periods }));
  assert.equal(told('scheduled', []), 'Kick-off');
  assert.equal(told('live'), '1st half');
  assert.equal(told('live', []), 'In play');
  assert.equal(told('paused'), '1st half, paused');
  assert.equal(told('half_time', [over()]), 'Half-time');
  assert.equal(told('half_time', [over(), over({ number: 2 })]), 'Break');
  assert.deepEqual(['completed', 'cancelled', 'postponed'].map((each) => told(each)), ['Full time', 'Called off', 'Postponed']);
});

test('the line is told in words: live, quiet, lost, final, ended', () => {
  const words = (line, seen, now = NOW) => lineWords(line, seen, now).text;
  const at = timeOfDay(NOW);
  const lively = hear(screen(), entry(1, 'event_logged', event('a')));
  assert.equal(words(on, lively), 'Live');
  assert.equal(words(on, lively, NOW + QUIET_MS - 1), 'Live');
  assert.equal(words(on, lively, NOW + QUIET_MS), `Quiet since ${at}`);
  const off = { phase: 'off', since: NOW, heardAt: NOW };
  assert.equal(words(off, lively, NOW + 3_000), 'Live');
  assert.equal(words(off, lively, NOW + 4_000), `Connection lost, showing ${at}`);
  assert.equal(words(on, screen({ status: 'completed' }), NOW + QUIET_MS), 'Final');
  assert.equal(words(off, screen({ status: 'completed' }), NOW + 4_000), `Final, as of ${at}`);
  assert.equal(words(on, screen({ status: 'postponed' })), 'Postponed');
  assert.equal(words(on, screen({ status: 'scheduled', periods: [] })), 'Waiting for kick-off');
  assert.equal(words({ ...on, phase: 'joining' }, null), 'Connecting');
  assert.equal(words(off, null), 'No connection yet, trying again');
  assert.equal(words({ ...on, phase: 'ended' }, null), 'This link has ended');
  assert.equal(words({ ...on, phase: 'keyless' }, null), 'This address is not complete');
});

test('a page that opens late knows from the clock how long the pitch has been quiet', () => {
  const seen = screen({ timeline: [event('a', { clock_ms: 2 * MINUTE })] });
  assert.equal(lineWords(on, seen, NOW).text, `Quiet since ${timeOfDay(NOW - 8 * MINUTE)}`);
  assert.equal(lineWords(on, screen({ status: 'half_time', periods: [over()] }), NOW).text, 'Live');
});

test('a goal tells the score it made, and one of a shootout how that stood', () => {
  const after = { home: 2, away: 1, home_shootout: 4 };
  assert.equal(afterWords(event('a', { score_after: after })), '2–1');
  const scored = event('a', { score_after: after, period_type: 'penalty_shootout' });
  assert.deepEqual([kindWords(scored), afterWords(scored)], ['Scored', '4–0']);
  assert.deepEqual([kindWords(event('a', { kind: 'throw_in' })), afterWords(event('a'))], ['Throw in', '']);
});

test('who: team and number, of a substitution both numbers, as far as they are shown', () => {
  assert.equal(whoWords(match(), event('a', { player: 9 })), 'Reds, number 9');
  assert.equal(whoWords(match(), event('a')), 'Reds');
  assert.equal(whoWords(match(), event('a', { team: null })), '');
  const swap = { kind: 'substitution', player: 9, player_on: 14 };
  assert.equal(whoWords(match(), event('a', swap)), 'Reds, 14 on for 9');
  assert.equal(whoWords(match(), event('a', { ...swap, player: null })), 'Reds, 14 on');
  assert.equal(whoWords(match(), event('a', { ...swap, player_on: null })), 'Reds, 9 off');
  assert.equal(whoWords(match({ home: { name: null } }), event('a')), 'Home');
});

test('a goal and a new stage are told to a screen reader when they are news; a correction is not', () => {
  const seen = match({ score: { home: 1, away: 0 } });
  assert.equal(newsWords(seen, entry(1, 'event_logged', event('a', { player: 9 }))), 'Goal: Reds, number 9. Reds 1, Blues 0');
  assert.equal(newsWords(seen, entry(1, 'event_logged', event('a'), { is_correction: true })), null);
  assert.equal(newsWords(seen, entry(1, 'event_logged', event('a', { kind: 'save' }))), null);
  assert.equal(newsWords({ ...seen, status: 'completed' }, entry(1, 'status', {})), 'Full time. Reds 1, Blues 0');
  assert.equal(newsWords({ ...seen, status: 'completed', score: null }, entry(1, 'status', {})), 'Full time');
  const pens = match({ score: { home: 1, away: 1, away_shootout: 3, home_shootout: 4 } });
  assert.equal(scoreWords(pens), 'Reds 1, Blues 1, 4 to 3 on penalties');
});
