// @ts-check
// Bars by month, for the filters and the charts.
import { s } from './dom.js';
import { monthName, plural } from './format.js';
import { addMonths } from './state.js';

/** @typedef {import('./api.js').MonthCounts} MonthCounts */

/** Every month between two, the missing ones as zero. @param {MonthCounts} counts @param {string} first YYYY-MM @param {string} last YYYY-MM @returns {MonthCounts} */
export function fillMonths(counts, first, last) {
  const known = new Map(counts.map((c) => [c.month, c.count])), out = [];
  for (let m = first; m && m <= last; m = addMonths(m, 1)) out.push({ month: m, count: known.get(m) ?? 0 });
  return out;
}

/** A bar is at most `widest`: a single month is no wall of colour. */
const BARS = { width: 300, height: 56, widest: 24 };

/** Bars as SVG; the class tells which lie in a range. @param {MonthCounts} months @param {(i: number) => boolean} [lit] */
export function bars(months, lit = () => true) {
  const max = Math.max(1, ...months.map((m) => m.count)), w = BARS.width / Math.max(months.length, 1);
  const thick = Math.min(w - Math.min(2, w * 0.2), BARS.widest);
  const rects = months.map((m, i) => {
    const height = m.count ? Math.max(1.5, (m.count / max) * BARS.height) : 0;
    return s('rect', { x: (i * w + (w - thick) / 2).toFixed(2), y: (BARS.height - height).toFixed(2), width: thick.toFixed(2), height: height.toFixed(2), class: lit(i) ? 'bar' : 'bar off' },
      s('title', { text: `${monthName(m.month)}: ${plural(m.count, 'report')}` }));
  });
  return s('svg', { viewBox: `0 0 ${BARS.width} ${BARS.height}`, preserveAspectRatio: 'none', class: 'bars', 'aria-hidden': 'true' }, ...rects);
}
