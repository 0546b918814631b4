// @ts-check
// What the right of two maps shows.
import { addDays, parseState, windowOf } from './state.js';

/** So that each day falls on the same weekday. */
const YEAR_DAYS = 364;

/**
 * The state whose filter the right map shows; null when the left one has no period to go back from.
 * @param {import('./state.js').State} s @param {string} today @param {readonly string[]} ids factors
 * @returns {import('./state.js').State|null}
 */
export function rightState(s, today, ids) {
  if (s.split !== 'previous' && s.split !== 'year') return s.split ? parseState('?' + s.split, ids) : null;
  const { from, to } = windowOf(s, today);
  if (!from || !to) return null;
  const days = s.split === 'year' ? YEAR_DAYS : Math.round((Date.parse(to) - Date.parse(from)) / 864e5);
  return { ...s, window: 'custom', from: addDays(from, -days), to: addDays(to, -days) };
}
