// @ts-check
// Small charts: each says in words or cells what it draws.
import { h, s } from './dom.js';
import { monthName, number, percent, plural, factorName } from './format.js';
import { addMonths } from './state.js';

/** @typedef {import('./api.js').MonthCounts} MonthCounts */
/** @typedef {import('./format.js').Vocabulary} Vocabulary */

/** Every month between two, the missing ones as zero. @param {MonthCounts} counts @param {string} first YYYY-MM @param {string} last YYYY-MM @returns {MonthCounts} */
export function fillMonths(counts, first, last) {
  const known = new Map(counts.map((c) => [c.month, c.count])), out = [];
  for (let m = first; m && m <= last; m = addMonths(m, 1)) out.push({ month: m, count: known.get(m) ?? 0 });
  return out;
}

const BARS = { width: 300, height: 56 };

/** Bars as SVG; the class tells which lie in a range. @param {MonthCounts} months @param {(i: number) => boolean} [lit] */
export function bars(months, lit = () => true) {
  const max = Math.max(1, ...months.map((m) => m.count)), w = BARS.width / Math.max(months.length, 1);
  const gap = Math.min(2, w * 0.2);
  const rects = months.map((m, i) => {
    const height = m.count ? Math.max(1.5, (m.count / max) * BARS.height) : 0;
    return s('rect', { x: (i * w + gap / 2).toFixed(2), y: (BARS.height - height).toFixed(2), width: (w - gap).toFixed(2), height: height.toFixed(2), class: lit(i) ? 'bar' : 'bar off' },
      s('title', { text: `${monthName(m.month)}: ${plural(m.count, 'report')}` }));
  });
  return s('svg', { viewBox: `0 0 ${BARS.width} ${BARS.height}`, preserveAspectRatio: 'none', class: 'bars', 'aria-hidden': 'true' }, ...rects);
}

/** @param {MonthCounts} counts of the months with reports, ascending */
export function trend(counts) {
  if (!counts.length) return h('p', { class: 'quiet', text: 'No reports to draw a trend from.' });
  const first = counts[0].month, last = counts[counts.length - 1].month, months = fillMonths(counts, first, last);
  const top = months.reduce((a, b) => (b.count > a.count ? b : a));
  return h('figure', { class: 'trend' }, bars(months),
    h('div', { class: 'axis' }, h('span', { text: monthName(first) }), first === last ? null : h('span', { text: monthName(last) })),
    h('figcaption', { text: `Most in ${monthName(top.month)}: ${number(top.count)}` }));
}

/** @param {import('./api.js').FactorCounts} counts @param {number} total @param {Vocabulary} v */
export function factorList(counts, total, v) {
  const by = new Map(counts.map((c) => [c.factor, c.count]));
  const rows = v.factors.map((f) => ({ f, n: by.get(f.id) ?? 0 })).filter((r) => r.n).sort((a, b) => b.n - a.n);
  const most = rows[0]?.n ?? 1;
  return h('ol', { class: 'factor-list' }, ...rows.map(({ f, n }) => {
    const fill = h('span', { class: 'fill' });
    fill.style.width = `${(100 * n) / most}%`;
    return h('li', { class: f.group },
      h('span', { class: 'name', text: factorName(f) }), h('span', { class: 'n', text: number(n) }), h('span', { class: 'share', text: percent(n, total) }),
      h('span', { class: 'track', 'aria-hidden': 'true' }, fill));
  }));
}

/** Fits a narrow cell; the title has it in full. @param {number} n */
const short = (n) => (n < 10_000 ? String(n) : `${Math.round(n / 1000)}k`);

/** Day by daypart as a table whose cells are shaded. @param {import('./api.js').Matrix} m @param {Vocabulary} v */
export function matrix(m, v) {
  const label = (/** @type {string} */ id, /** @type {{id:string,label:string}[]} */ list) => list.find((x) => x.id === id)?.label ?? id;
  const max = Math.max(1, ...m.counts.flat());
  const rows = m.dayparts.map((id, i) => ({ id, counts: m.counts[i] })).filter((r) => r.id !== 'unknown' || r.counts.some(Boolean));
  const shade = (/** @type {number} */ n) => (n ? `q${Math.min(4, 1 + Math.floor((n / max) * 3.999))}` : 'q0');
  return h('table', { class: 'matrix' },
    h('caption', { class: 'sr', text: 'Reports by time of day and day of the week' }),
    h('thead', {}, h('tr', {}, h('td'), ...m.weekdays.map((d) => h('th', { scope: 'col' }, h('abbr', { title: label(d, v.weekdays), text: label(d, v.weekdays).slice(0, 2) }))))),
    h('tbody', {}, ...rows.map((r) => h('tr', {}, h('th', { scope: 'row', text: label(r.id, v.dayparts).replace(/ \(.*/, '') }),
      ...r.counts.map((n) => h('td', { class: shade(n), title: number(n), text: short(n) }))))));
}

/** @param {{yes:number,no:number,unknown:number}} d */
export function darkness(d) {
  const total = d.yes + d.no + d.unknown;
  const parts = /** @type {[string,string,number][]} */ ([['dark', 'After dark', d.yes], ['day', 'Daylight', d.no], ['unknown', 'Time unknown', d.unknown]]);
  const bar = h('div', { class: 'split', 'aria-hidden': 'true' }, ...parts.map(([k, , n]) => {
    const el = h('span', { class: k });
    el.style.flexGrow = String(n);
    return n ? el : null;
  }));
  return h('div', { class: 'darkness' }, bar, h('ul', {}, ...parts.filter(([, , n]) => n).map(([k, name, n]) =>
    h('li', { class: k }, `${name} `, h('b', { text: percent(n, total) }), ` (${number(n)})`))));
}
