/** Words: how people say what a match is made of, on the coach's screen and on the viewer's alike. */

/** @type {Readonly<Record<string, string>>} */
const KINDS = Object.freeze({
  goal: "Goal",
  own_goal: "Own goal",
  assist: "Assist",
  key_pass: "Key pass",
  save: "Save",
  interception: "Interception",
  tackle: "Tackle",
  foul: "Foul",
  penalty: "Penalty awarded",
  free_kick: "Free kick",
  ball_out: "Ball out",
  yellow_card: "Yellow card",
  red_card: "Red card",
  corner: "Corner",
  offside: "Offside",
  shot_on_target: "Shot on target",
  shot_off_target: "Shot off target",
  block: "Block",
  clearance: "Clearance",
  substitution: "Substitution",
});

/**
 * Return what an event is called; a kind that this app does not know by its own word.
 * @param {{kind: string, period_type?: string | null}} event
 */
export function kindWords({ kind, period_type: type }) {
  if (kind === "goal" && type === "penalty_shootout") return "Scored";
  return KINDS[kind] ?? kind.replaceAll("_", " ").replace(/^./, (c) => c.toUpperCase());
}

/**
 * Return who came on for whom: `14 on for 9`, and one of the two where the other is not known.
 * @param {string | number | null | undefined} on
 * @param {string | number | null | undefined} off
 */
export function swapWords(on, off) {
  if (on == null) return off == null ? "" : `${off} off`;
  return off == null ? `${on} on` : `${on} on for ${off}`;
}

/** @param {number} n */
export const nth = (n) => ["1st", "2nd", "3rd"][n - 1] ?? `${n}th`;

/**
 * Return what a period is called: `1st half`, `Extra time, 2nd half`, `Penalties`.
 * @param {{type: string, number: number}} period
 * @param {string} regular what a regular one is: a half, a quarter, or a period where that is not known
 */
export function periodWords({ type, number }, regular) {
  if (type === "penalty_shootout") return "Penalties";
  if (type === "extra_time") return `Extra time, ${nth(number)} half`;
  return number < 1 ? "The match" : `${nth(number)} ${regular}`;
}

/**
 * Return where a match stands.
 * @param {string} status
 * @param {{type: string, number: number} | null | undefined} last the period that began last
 * @param {string} regular as for `periodWords`
 */
export function stageWords(status, last, regular) {
  if (status === "completed") return "Full time";
  if (status === "cancelled") return "Called off";
  if (status === "postponed") return "Postponed";
  if (status === "half_time") return last?.type === "regular" && last.number === 1 && regular === "half" ? "Half-time" : "Break";
  if (status === "scheduled") return "Kick-off";
  if (!last) return "In play";
  return status === "paused" ? `${periodWords(last, regular)}, paused` : periodWords(last, regular);
}

/** @param {number} n */
const pad = (n) => String(n).padStart(2, "0");

/**
 * Return played milliseconds as minutes and seconds, `12:34`; minutes may pass 99, and nobody sees one below zero.
 * @param {number} ms
 */
export function formatClock(ms) {
  const seconds = Math.max(0, Math.floor(ms / 1_000));
  return `${pad(Math.floor(seconds / 60))}:${pad(seconds % 60)}`;
}

/**
 * Return the match's clock as people read it, `38:12`, in stoppage time `45:00 +1:07`; null for a shootout, which has none.
 * @param {{type: string, number: number, length_ms: number}} period with the milliseconds that it should last
 * @param {number} playedMs
 */
export function clockWords({ type, number, length_ms: length }, playedMs) {
  if (type === "penalty_shootout") return null;
  const begins = type === "regular" ? Math.max(number - 1, 0) * length : 0;
  if (playedMs <= length) return formatClock(begins + playedMs);
  return `${formatClock(begins + length)} +${formatClock(playedMs - length).replace(/^0/, "")}`;
}

/**
 * Return the time of day where the reader is, `14:05`.
 * @param {number} ms since 1970
 */
export function timeOfDay(ms) {
  const at = new Date(ms);
  return `${pad(at.getHours())}:${pad(at.getMinutes())}`;
}
