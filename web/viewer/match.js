/**
 * A match as a viewer's screen holds it, and the words for it: values in, values out, without a page and without a line.
 *
 * What the messages do to a match is the law of docs/sharing.md, as `apply` in football/feed_messages.py has it.
 */

import { clockWords, kindWords, periodWords, stageWords, swapWords, timeOfDay } from '../football/words.js';

/** @typedef {{home: number, away: number, home_shootout?: number, away_shootout?: number}} Score */
/** @typedef {{name: string | null, kit_primary: string | null, kit_secondary: string | null}} Team */
/** @typedef {'home' | 'away'} Side */
/**
 * @typedef {{type: string, number: number, state: 'running' | 'paused' | 'over', length_ms: number,
 *   zero_at: number | null, clock_ms: number | null}} Period
 */
/**
 * @typedef {{event_id: string, kind: string, team: Side | null, player: number | null, timestamp: string,
 *   minute: string, period_number: number, clock_ms: number, period_type?: string, player_on?: number | null,
 *   score_after?: Score | null}} MatchEvent
 */
/**
 * @typedef {{shows: {score: boolean, shirt_numbers: boolean, venue: boolean}, home: Team, away: Team, kickoff: string,
 *   competition: string | null, season: string | null, venue: string | null, status: string, score: Score | null,
 *   periods: Period[], timeline: MatchEvent[]}} Match
 */
/** @typedef {{type: string, cursor: string, at: number, is_correction: boolean, data: any}} Entry */
/** @typedef {'corrected' | 'added later' | 'taken back'} Mark */
/**
 * @typedef {{cursor: string, match: Match, newsAt: number, marks: Record<string, Mark>, gone: MatchEvent[]}} Screen
 * `newsAt`: when the pitch was last heard of, by the server's clock; `gone`: events that were taken back.
 */

/** Milliseconds without news after which a match in play is called quiet. */
export const QUIET_MS = 5 * 60_000;
/** Milliseconds that a line may be away before anybody is told. */
export const GRACE_MS = 4_000;

const RANKS = ['regular', 'extra_time', 'penalty_shootout'];
const OVER = new Set(['completed', 'cancelled', 'postponed']);

// -- what is on the screen ---------------------------------------------------------------------------------------------

/**
 * Begin with a snapshot; what was marked before stays marked where the event is still there.
 * @param {string} cursor @param {Match} match @param {number} now @param {Screen | null} before
 * @returns {Screen}
 */
export function begin(cursor, match, now, before = null) {
  if (before?.cursor === cursor) return { ...before, match };
  return { cursor, match, newsAt: newsOf(match, now), marks: before?.marks ?? {}, gone: [] };
}

/**
 * Return whether an entry is the next one, is known already, or shows that something between was missed.
 * @param {string} cursor where the screen is @param {string} next where the entry leads
 * @returns {'next' | 'known' | 'missed'}
 */
export function place(cursor, next) {
  const [[n, epoch], [m, other]] = [cursor.split('.'), next.split('.')];
  if (epoch !== other) return 'missed';
  const step = Number(m) - Number(n);
  return step <= 0 ? 'known' : step === 1 ? 'next' : 'missed';
}

/**
 * Lay an entry over the screen.
 * @param {Screen} screen @param {Entry} entry
 * @returns {Screen}
 */
export function hear(screen, entry) {
  const { match, marks, gone } = screen;
  const id = entry.data.event_id;
  const was = match.timeline.find((each) => each.event_id === id);
  return {
    cursor: entry.cursor,
    match: apply(match, entry),
    newsAt: Math.max(screen.newsAt, entry.at),
    marks: id === undefined ? marks : marked(marks, entry, id, was),
    gone: entry.type === 'event_removed' && was ? [...gone, { ...was, player: null, player_on: null }] : gone,
  };
}

/**
 * Lay a message over a match.
 * @param {Match} match @param {{type: string, data: any}} message
 * @returns {Match}
 */
export function apply(match, { type, data }) {
  const { score, ...told } = data;
  const after = { ...match, score };
  if (type === 'match' || type === 'period' || type === 'status') return { ...after, ...told };
  if (type === 'score' || told.event_id === undefined) return after;
  const others = match.timeline.filter((each) => each.event_id !== told.event_id);
  return { ...after, timeline: type === 'event_removed' ? others : [...others, told].sort(inOrder) };
}

/** @param {MatchEvent} a @param {MatchEvent} b */
export function inOrder(a, b) {
  return rank(a) - rank(b) || a.period_number - b.period_number || a.clock_ms - b.clock_ms || order(a.event_id, b.event_id);
}

/** @param {MatchEvent} event */
const rank = (event) => RANKS.indexOf(event.period_type ?? 'regular');
/** @param {string} a @param {string} b */
const order = (a, b) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * A goal whose running score alone has changed was not corrected itself: another was.
 * @param {Record<string, Mark>} marks @param {Entry} entry @param {string} id
 * @param {MatchEvent | undefined} was
 * @returns {Record<string, Mark>}
 */
function marked(marks, entry, id, was) {
  if (entry.type === 'event_removed') return { ...marks, [id]: 'taken back' };
  if (!was) return entry.is_correction ? { ...marks, [id]: 'added later' } : marks;
  return SAID.some((name) => (was[name] ?? null) !== (entry.data[name] ?? null)) ? { ...marks, [id]: 'corrected' } : marks;
}

/** @type {(keyof MatchEvent)[]} */
const SAID = ['kind', 'team', 'player', 'player_on', 'minute', 'period_number', 'period_type'];

/**
 * Return when the pitch was last heard of, as far as a snapshot tells; now where it does not.
 * @param {Match} match @param {number} now
 */
function newsOf(match, now) {
  const { zero_at: zero, type, number } = match.periods.at(-1) ?? { zero_at: null, type: '', number: 0 };
  if (zero === null) return now;
  const here = match.timeline.filter((each) => (each.period_type ?? 'regular') === type && each.period_number === number);
  return Math.min(now, zero + Math.max(0, ...here.map((each) => each.clock_ms)));
}

// -- words -------------------------------------------------------------------------------------------------------------

/**
 * Return the score that a goal made, `2–1`; of a penalty shootout, how that stood; empty where there is none.
 * @param {MatchEvent} event
 */
export function afterWords({ score_after: after, period_type: type }) {
  if (!after) return '';
  const isShootout = type === 'penalty_shootout';
  return isShootout ? `${after.home_shootout ?? 0}–${after.away_shootout ?? 0}` : `${after.home}–${after.away}`;
}

/** @param {Match} match @param {Side} side */
export const teamName = (match, side) => match[side].name || (side === 'home' ? 'Home' : 'Away');

/**
 * Return who an event is about: `Reds, number 9`; of a substitution, `Reds, 14 on for 9`.
 * @param {Match} match @param {MatchEvent} event
 */
export function whoWords(match, { team, kind, player, player_on: on }) {
  const name = team ? teamName(match, team) : '';
  if (kind === 'substitution') return [name, swapWords(on, player)].filter(Boolean).join(', ');
  return [name, player != null ? `number ${player}` : ''].filter(Boolean).join(', ');
}

/**
 * Return what a regular period is called. The feed does not say how many a match has: short ones are called what is true
 * of all.
 * @param {Period[]} periods
 */
function regularWord(periods) {
  const regular = periods.filter((each) => each.type === 'regular');
  if (regular.some((each) => each.number > 2)) return 'quarter';
  return regular.every((each) => each.length_ms >= 15 * 60_000) ? 'half' : 'period';
}

/**
 * Return where the match stands.
 * @param {Match} match
 */
export const stageOf = ({ status, periods }) => stageWords(status, periods.at(-1), regularWord(periods));

/**
 * Return the match's clock as people read it, null where there is none.
 * @param {Match} match @param {number} now by the server's clock
 */
export function clockOf({ status, periods }, now) {
  const last = periods.at(-1);
  if (!last || !['live', 'paused'].includes(status)) return null;
  return clockWords(last, last.zero_at === null ? (last.clock_ms ?? 0) : now - last.zero_at);
}

/** @typedef {'live' | 'calm' | 'lost' | 'over'} Tone */

/**
 * Return the state of the line in words.
 * @param {{phase: 'joining' | 'on' | 'off' | 'ended' | 'keyless', since: number, heardAt: number}} line
 * `since` when the phase began, `heardAt` when the server was last heard, by its clock
 * @param {Screen | null} screen @param {number} now by the server's clock
 * @returns {{tone: Tone, text: string}}
 */
export function lineWords({ phase, since, heardAt }, screen, now) {
  if (phase === 'keyless') return { tone: 'over', text: 'This address is not complete' };
  if (phase === 'ended') return { tone: 'over', text: 'This link has ended' };
  if (!screen) return phase === 'off' ? { tone: 'lost', text: 'No connection yet, trying again' } : { tone: 'calm', text: 'Connecting' };
  const { status } = screen.match;
  const isLost = phase === 'off' && now - since >= GRACE_MS;
  if (OVER.has(status)) {
    const text = status === 'completed' ? 'Final' : stageOf(screen.match);
    return { tone: 'over', text: isLost ? `${text}, as of ${timeOfDay(heardAt)}` : text };
  }
  if (isLost) return { tone: 'lost', text: `Connection lost, showing ${timeOfDay(heardAt)}` };
  if (status === 'scheduled') return { tone: 'calm', text: 'Waiting for kick-off' };
  if (now - screen.newsAt >= QUIET_MS) return { tone: 'calm', text: `Quiet since ${timeOfDay(screen.newsAt)}` };
  return { tone: 'live', text: 'Live' };
}

/** @param {Match} match */
export function scoreWords(match) {
  const { score } = match;
  if (!score) return '';
  const pens = score.home_shootout || score.away_shootout ? `, ${score.home_shootout ?? 0} to ${score.away_shootout ?? 0} on penalties` : '';
  return `${teamName(match, 'home')} ${score.home}, ${teamName(match, 'away')} ${score.away}${pens}`;
}

/**
 * Return what a screen reader is told of an entry, null for nothing: goals and the match's stages, when they are news.
 * @param {Match} match after the entry @param {Entry} entry
 */
export function newsWords(match, { type, is_correction: isCorrection, data }) {
  if (isCorrection) return null;
  if (type === 'status') return [stageOf(match), scoreWords(match)].filter(Boolean).join('. ');
  if (type !== 'event_logged' || !['goal', 'own_goal'].includes(data.kind)) return null;
  return `${kindWords(data)}: ${whoWords(match, data) || 'no team named'}. ${scoreWords(match)}`;
}

/**
 * Return the timeline as it is shown: by period, the newest first, with what was taken back.
 * @param {Screen} screen
 * @returns {{title: string, events: (MatchEvent & {mark: Mark | undefined})[]}[]}
 */
export function chapters({ match, marks, gone }) {
  const there = new Set(match.timeline.map((each) => each.event_id));
  const events = [...match.timeline, ...gone.filter((each) => !there.has(each.event_id))].sort(inOrder);
  /** @type {Map<string, {title: string, events: (MatchEvent & {mark: Mark | undefined})[]}>} */
  const found = new Map();
  const word = regularWord(match.periods);
  for (const each of match.periods) found.set(`${each.type} ${each.number}`, { title: periodWords(each, word), events: [] });
  for (const event of events) {
    const period = { type: event.period_type ?? 'regular', number: event.period_number };
    const key = `${period.type} ${period.number}`;
    if (!found.has(key)) found.set(key, { title: periodWords(period, word), events: [] });
    found.get(key)?.events.unshift({ ...event, mark: marks[event.event_id] });
  }
  return [...found.values()].reverse();
}
