/**
 * Periods as they were played: when each ran, and for how long without its pauses; as football/periods.py has it.
 *
 * Played milliseconds = end - start - pauses. A period that nobody ended is ended by the next one's start, by full time,
 * or by now; where that gives more than a period can last, somebody forgot to press "end half". Its length is then
 * assumed: the nominal length, or up to the last event or substitution recorded in it, whichever is later.
 */

import { instantMs } from "../sync/instants.js";
import { compareKeys, keyOfEvent, MINUTE_MS, minutesMs, nominalMs, periodKey } from "./clock.js";

/** @typedef {import("./clock.js").PeriodKey} PeriodKey */
/** @typedef {import("./facts.js").Match} Match */
/** @typedef {import("./facts.js").MatchFacts} MatchFacts */
/** @typedef {import("./facts.js").PauseRecord} PauseRecord */
/** @typedef {import("./facts.js").PeriodRecord} PeriodRecord */
/** @typedef {[from: number, to: number | null]} Span Milliseconds since 1970; no end: it lasts. */
/**
 * @typedef {object} Period A period that began, as the recorded facts tell it.
 * @property {string} id
 * @property {PeriodKey} key
 * @property {number} started_ms since 1970
 * @property {number | null} ended_ms since 1970; null while it is being played
 * @property {Span[]} pauses in order, without overlaps; only the last of a running period may last
 * @property {number} played_ms
 * @property {boolean} is_assumed nobody recorded times that can be believed: the length is assumed, and worth a look
 */
/** @typedef {{id: string, key: PeriodKey, started_ms: number | null, ended_ms: number | null, pauses: Span[]}} Recorded */

/** Played milliseconds up to which a recorded end is believed; twice the nominal length where that is more. */
export const BELIEVED_MS = 60 * MINUTE_MS;

/** Milliseconds after its start at which no period is still being played, paused or not. */
export const ABANDONED_MS = 12 * 60 * MINUTE_MS;

/** @param {Period} period */
export const isRunning = (period) => period.ended_ms === null;

/**
 * Say whether the clock stands still in a running period.
 * @param {Period} period
 */
export const isPaused = (period) => isRunning(period) && period.pauses.at(-1)?.[1] === null;

/**
 * Return the periods that began, in order. Without `nowMs` a running one is as long as the facts recorded in it show.
 * @param {MatchFacts} facts
 * @param {number | null} [nowMs] milliseconds since 1970
 * @returns {Period[]}
 */
export function periodsOf(facts, nowMs = null) {
  const known = folded.get(facts);
  if (known?.nowMs === nowMs) return known.periods;
  const all = known?.recorded ?? recorded(facts);
  const periods = all.flatMap((each, n) => resolve(facts, each, all.slice(n + 1), nowMs) ?? []);
  folded.set(facts, { recorded: all, nowMs, periods });
  return periods;
}

/**
 * What the facts were folded to last: nearly every other fold asks for it, and facts are gathered anew when they change.
 * @type {WeakMap<MatchFacts, {recorded: Recorded[], nowMs: number | null, periods: Period[]}>}
 */
const folded = new WeakMap();

/**
 * Return the played milliseconds up to which a recorded end of this period is believed.
 * @param {Match} match
 * @param {PeriodKey} key
 */
export const believedMs = (match, key) => Math.max(BELIEVED_MS, 2 * nominalMs(match, key.type));

/**
 * Return the played milliseconds at an instant: 0 before the start, the played length after the end.
 * @param {Period} period
 * @param {number} atMs
 */
export const clockAt = ({ pauses, started_ms: start, played_ms: played }, atMs) =>
  Math.min(playedMs(pauses, start, Math.max(atMs, start)), played);

/**
 * Return the instant, in milliseconds since 1970, when the clock first showed these played milliseconds.
 * @param {Period} period
 * @param {number} clockMs
 */
export const instantAt = ({ pauses, started_ms: start }, clockMs) => shownAt(pauses, start, clockMs);

/**
 * @param {MatchFacts} facts
 * @param {Recorded} each
 * @param {Recorded[]} later
 * @param {number | null} nowMs
 * @returns {Period | null}
 */
function resolve(facts, each, later, nowMs) {
  const believed = believedMs(facts.match, each.key);
  const evidence = evidenceMs(facts, each.key);
  const usual = Math.min(Math.max(nominalMs(facts.match, each.key.type), evidence), believed);
  const start = each.started_ms;
  if (start === null) return each.ended_ms === null ? null : assumed(each, each.ended_ms - usual, usual, null);
  const starts = later.flatMap((other) => other.started_ms ?? []);
  const next = least(...starts.filter((at) => at > start));
  const stated = statedEnd(each, start, starts.length ? null : msOf(facts.match.finished_at));
  if (stated !== null && (next === null || stated <= next)) {
    const found = closed(each, start, stated);
    if (found.played_ms <= believed) return found;
  }
  if (stated === null && next === null) {
    const found = running(each, start, nowMs, evidence);
    const isAbandoned = nowMs !== null && nowMs - start > ABANDONED_MS;
    if (found.played_ms <= believed && !isAbandoned) return found;
  }
  return assumed(each, start, usual, least(next, stated, nowMs));
}

/**
 * Return the end that somebody pressed: this period's own, else full time; one before the start is none.
 * @param {Recorded} each
 * @param {number} start
 * @param {number | null} fullTime
 */
const statedEnd = (each, start, fullTime) => [each.ended_ms, fullTime].find((at) => at !== null && at >= start) ?? null;

/**
 * @param {Recorded} each
 * @param {number} start
 * @param {number} end
 * @returns {Period}
 */
function closed({ id, key, pauses: spans }, start, end) {
  const pauses = joined(spans, start, end);
  return { id, key, started_ms: start, ended_ms: end, pauses, played_ms: playedMs(pauses, start, end), is_assumed: false };
}

/**
 * @param {Recorded} each
 * @param {number} start
 * @param {number | null} nowMs
 * @param {number} evidence
 * @returns {Period}
 */
function running({ id, key, pauses: spans }, start, nowMs, evidence) {
  const pauses = joined(spans, start, null);
  const until = nowMs ?? greatest(...pauses.flat()) ?? start;
  const shown = playedMs(pauses, start, Math.max(until, start));
  const played = nowMs === null ? Math.max(evidence, shown) : shown;
  return { id, key, started_ms: start, ended_ms: null, pauses, played_ms: played, is_assumed: false };
}

/**
 * Return a period of the usual length, or shorter where the next one began or full time came before that.
 * @param {Recorded} each
 * @param {number} start
 * @param {number} usual
 * @param {number | null} limit
 * @returns {Period}
 */
function assumed({ id, key, pauses: spans }, start, usual, limit) {
  const pauses = joined(spans, start, limit);
  const played = limit === null ? usual : Math.min(usual, playedMs(pauses, start, Math.max(limit, start)));
  const end = shownAt(pauses, start, played);
  return { id, key, started_ms: start, ended_ms: end, pauses: joined(pauses, start, end), played_ms: played, is_assumed: true };
}

/**
 * Return the latest played milliseconds that an event or the edge of a stint shows in this period.
 * @param {MatchFacts} facts
 * @param {PeriodKey} key
 */
function evidenceMs(facts, key) {
  /** @param {string | null} type @param {number | null} number */
  const isHere = (type, number) => compareKeys(periodKey(type, number), key) === 0;
  let latest = 0;
  for (const event of facts.events) if (compareKeys(keyOfEvent(event), key) === 0) latest = Math.max(latest, event.clock_ms ?? 0);
  for (const stint of facts.lineup) {
    if (stint.start_period !== null && isHere(stint.start_period_type, stint.start_period))
      latest = Math.max(latest, minutesMs(stint.start_min ?? 0));
    if (stint.end_period !== null && isHere(stint.end_period_type, stint.end_period))
      latest = Math.max(latest, minutesMs(stint.end_min ?? 0));
  }
  return latest;
}

/**
 * Return the periods as written, in order; two records of one period are joined: first start, last end.
 * @param {MatchFacts} facts
 * @returns {Recorded[]}
 */
function recorded(facts) {
  /** @type {Map<string, {key: PeriodKey, records: PeriodRecord[]}>} */
  const found = new Map();
  for (const record of facts.periods) {
    const key = periodKey(record.type, record.number);
    const place = `${key.rank} ${key.number}`;
    if (!found.has(place)) found.set(place, { key, records: [] });
    found.get(place)?.records.push(record);
  }
  return [...found.values()]
    .sort((one, other) => compareKeys(one.key, other.key))
    .map(({ key, records }) => ({
      id: records[0].id,
      key,
      started_ms: least(...records.map((each) => msOf(each.started_at))),
      ended_ms: greatest(...records.map((each) => msOf(each.ended_at))),
      pauses: spansOf(facts.pauses, new Set(records.map((each) => each.id))),
    }));
}

/**
 * @param {PauseRecord[]} pauses
 * @param {Set<string>} periodIds
 * @returns {Span[]} in order of their starts
 */
function spansOf(pauses, periodIds) {
  const spans = pauses.flatMap((pause) => {
    const start = msOf(pause.started_at);
    return periodIds.has(pause.period_id) && start !== null ? [/** @type {Span} */ ([start, msOf(pause.ended_at)])] : [];
  });
  return spans.sort((one, other) => one[0] - other[0] || (one[1] ?? Infinity) - (other[1] ?? Infinity) || 0);
}

/**
 * Return the pauses within a period, overlaps joined; one never ended lasts to the next one's start. Two phones that
 * both pressed "pause" so stop the clock once. A pause that ends before it starts is none.
 * @param {Span[]} spans in order of their starts
 * @param {number} start
 * @param {number | null} end
 * @returns {Span[]}
 */
function joined(spans, start, end) {
  /** @type {Span[]} */
  const found = [];
  spans.forEach(([begins, ends], n) => {
    const until = least(ends ?? spans[n + 1]?.[0] ?? null, end);
    const since = Math.max(begins, start);
    if (until !== null && until <= since) return;
    const last = found.at(-1);
    if (!last || last[1] === null || since > last[1]) found.push([since, until]);
    else found[found.length - 1] = [last[0], until === null ? null : Math.max(until, last[1])];
  });
  return found;
}

/**
 * Return the milliseconds from the start to an instant, without what the pauses take of them.
 * @param {Span[]} pauses
 * @param {number} start
 * @param {number} at
 */
function playedMs(pauses, start, at) {
  let paused = 0;
  for (const [begins, ends] of pauses) paused += Math.max(0, (ends === null ? at : Math.min(ends, at)) - begins);
  return at - start - paused;
}

/**
 * Return when the clock first showed this; under a pause that lasts, as if play had gone on.
 * @param {Span[]} pauses
 * @param {number} start
 * @param {number} clockMs
 */
function shownAt(pauses, start, clockMs) {
  let at = start + clockMs;
  for (const [begins, ends] of pauses) if (begins < at && ends !== null) at += ends - begins;
  return at;
}

/** @param {string | null} instant */
const msOf = (instant) => (instant === null ? null : instantMs(instant));

/**
 * Return the least, where null is later than all; null where there is none.
 * @param {...(number | null)} all
 */
function least(...all) {
  const found = all.filter((each) => each !== null);
  return found.length ? Math.min(...found) : null;
}

/**
 * Return the greatest, where null is none.
 * @param {...(number | null)} all
 */
function greatest(...all) {
  const found = all.filter((each) => each !== null);
  return found.length ? Math.max(...found) : null;
}
