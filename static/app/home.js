// @ts-check
// Where to open the map: reports may lie in places far apart, with nothing in their middle.
import { getJSON, url } from './api.js';
import { tooWide } from './geo.js';

/** @typedef {{lat:number, lng:number, count:number}} Spot */

/** Half the height of the densest area looked at: a cell of the coarsest resolution and its neighbours. */
const AROUND_DEG = 1.4;
/** Spots with less than this part of the densest one's reports do not widen the view. */
const FAINT = 0.02;
const MARGIN_DEG = 0.08;

/** The surroundings of a spot, within the world. @param {Spot} c @returns {[number, number, number, number]} west, south, east, north */
export function surroundings({ lat, lng }) {
  const across = AROUND_DEG / Math.cos((Math.min(Math.abs(lat), 80) * Math.PI) / 180);
  return [Math.max(-180, lng - across), Math.max(-85, lat - AROUND_DEG), Math.min(180, lng + across), Math.min(85, lat + AROUND_DEG)];
}

/** What holds the spots that count. @param {readonly Spot[]} spots the densest first @returns {[number, number, number, number]} */
export function around(spots) {
  const kept = spots.filter((s) => s.count >= FAINT * spots[0].count), lats = kept.map((s) => s.lat), lngs = kept.map((s) => s.lng);
  return [Math.min(...lngs) - MARGIN_DEG, Math.min(...lats) - MARGIN_DEG, Math.max(...lngs) + MARGIN_DEG, Math.max(...lats) + MARGIN_DEG];
}

/**
 * A view on which there are reports: the bounds of all, or where they are densest.
 * @param {number[]|undefined} bounds of all reports, without any filter
 * @param {string} filter query string
 * @param {(path: string) => Promise<any>} [ask]
 * @returns {Promise<number[]|undefined>} undefined when no report matches
 */
export async function whereReportsAre(bounds, filter, ask = getJSON) {
  if (!filter && !tooWide(bounds)) return bounds;
  /** @param {string[]} parts @returns {Promise<Spot[]>} */
  const top = async (...parts) => (await ask(url('/api/v1/summary', ...parts, filter))).top;
  const [densest] = await top('res=3', 'top=1');
  if (!densest) return undefined;
  const spots = await top(`bbox=${surroundings(densest).map((n) => n.toFixed(4)).join(',')}`, 'res=6', 'top=500');
  return spots.length ? around(spots) : surroundings(densest);
}
