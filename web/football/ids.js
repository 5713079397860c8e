/**
 * Football's ids: records that two people may create for the same thing get the same id from both, so that pressing
 * "half time" on two phones is one record. The names are those of football/ids.py; ordinals count from 1.
 */

import { namedId } from "../sync/ids.js";

const NAMESPACE = "6b1f4d0e-6f0a-5b5e-9a2c-746f7563686c";

/**
 * @param {string} matchId
 * @param {string} type
 * @param {number} number
 */
export const periodId = (matchId, type, number) => namedId(NAMESPACE, `period:${matchId}:${type}:${number}`);

/**
 * @param {string} periodId
 * @param {number} ordinal
 */
export const pauseId = (periodId, ordinal) => namedId(NAMESPACE, `pause:${periodId}:${ordinal}`);

/**
 * @param {string} matchId
 * @param {string} playerId
 * @param {number} ordinal
 */
export const stintId = (matchId, playerId, ordinal) => namedId(NAMESPACE, `stint:${matchId}:${playerId}:${ordinal}`);

/**
 * @param {string} eventId
 * @param {string} kind
 * @param {number} [ordinal]
 */
export const participantId = (eventId, kind, ordinal = 1) => namedId(NAMESPACE, `participant:${eventId}:${kind}:${ordinal}`);
