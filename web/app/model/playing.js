/** Playing: whether a match is being played now, so that nothing gets in its way. */

import { gather } from "../../football/facts.js";
import { statusOf } from "../../football/status.js";
import { isGoingOn } from "./moment.js";

/** @typedef {import("../../touchline.js").Touchline} Touchline */

/** Milliseconds after kick-off at which no match is played any more. */
const LONG_AGO_MS = 12 * 3_600_000;

/**
 * @param {Touchline} club
 * @param {number} now
 */
export function isPlaying({ view }, now) {
  for (const [, { match_id: id, started_at: at }] of view.all("match_periods")) {
    if (typeof at !== "string" || now - Date.parse(at) > LONG_AGO_MS) continue;
    const facts = gather(view, String(id));
    if (facts && isGoingOn(statusOf(facts, now))) return true;
  }
  return false;
}
