// @ts-check
// Small charts: each says in words or cells what it draws.
import { bars, fillMonths } from './bars.js';
import { h } from './dom.js';
import { day, monthName, weekday, number, percent, plural, factorName } from './format.js';
import { addMonths } from './state.js';

/** @typedef {import('./api.js').MonthCounts} MonthCounts */
/** @typedef {import('./format.js').Vocabulary} Vocabulary */

/**
 * Arrow keys walk over a grid of buttons, of which Tab reaches one.
 * @param {HTMLElement} box @param {HTMLButtonElement[][]} rows
 */
function rove(box, rows) {
  const all = rows.flat(), home = all.find((b) => b.getAttribute('aria-pressed') === 'true') ?? all[all.length - 1];
  for (const b of all) b.tabIndex = b === home ? 0 : -1;
  box.addEventListener('keydown', (e) => {
    const r = rows.findIndex((row) => row.includes(/** @type {any} */ (e.target)));
    if (r < 0) return;
    const c = rows[r].indexOf(/** @type {any} */ (e.target)), last = rows[r].length - 1;
    const to = { ArrowLeft: [r, c - 1], ArrowRight: [r, c + 1], ArrowUp: [r - 1, c], ArrowDown: [r + 1, c], Home: [r, 0], End: [r, last] }[e.key];
    const next = to && rows[to[0]]?.[to[1]];
    if (to) e.preventDefault();
    if (!next) return;
    for (const b of all) b.tabIndex = b === next ? 0 : -1;
    next.focus();
  });
}

/**
 * What a click on a chart does to the filter, and what is chosen now.
 * @typedef {{month: (month: string, extend: boolean) => void, day: (day: string, extend: boolean) => void, slot: (dayparts: string[], weekdays: string[]) => void,
 *   window: {from:string, to:string}, dayparts: readonly string[], weekdays: readonly string[]}} Pick
 */

/** @param {MonthCounts} counts of the months with reports, ascending @param {Pick} [pick] makes the bars buttons */
export function trend(counts, pick) {
  const { from = '', to = '' } = pick?.window ?? {};
  const inside = (/** @type {string} */ m) => (!to || m + '-01' < to) && (!from || addMonths(m, 1) + '-01' > from);
  const chosen = counts.filter((c) => inside(c.month) && c.count);
  if (!counts.some((c) => c.count)) return h('p', { class: 'quiet', text: 'No reports to draw a trend from.' });
  const first = counts[0].month, last = counts[counts.length - 1].month, months = fillMonths(counts, first, last);
  const top = chosen.reduce((a, b) => (b.count > a.count ? b : a), chosen[0]);
  const axis = h('div', { class: 'axis' }, h('span', { text: monthName(first) }), first === last ? null : h('span', { text: monthName(last) }));
  const caption = h('figcaption', { text: top ? `Most in ${monthName(top.month)}: ${number(top.count)}` : 'No report in the chosen period.' });
  if (!pick) return h('figure', { class: 'trend' }, bars(months), axis, caption);
  const box = columns(months.map((m) => ({ key: m.month, name: monthName(m.month), count: m.count, lit: inside(m.month), pressed: Boolean(from || to) && inside(m.month) })),
    'Months: choose one to see it alone, with Shift to reach from the last choice', pick.month);
  return h('figure', { class: 'trend' }, box, axis, caption);
}

/** @typedef {{key:string, name:string, count:number, lit:boolean, pressed:boolean}} Column */

/** Bars that are buttons. @param {Column[]} all @param {string} label @param {(key: string, extend: boolean) => void} choose @param {'months'|'days'} [kind] */
function columns(all, label, choose, kind = 'months') {
  const max = Math.max(1, ...all.map((c) => c.count));
  const buttons = all.map((c) => {
    const bar = h('span', { class: c.lit ? 'column' : 'column off' }), name = `${c.name}: ${plural(c.count, 'report')}`;
    bar.style.height = `${(100 * c.count) / max}%`;
    return h('button', { type: 'button', 'data-key': c.key, 'aria-pressed': String(c.pressed), 'aria-label': name, title: name, onclick: (/** @type {MouseEvent} */ e) => choose(c.key, e.shiftKey) }, bar);
  });
  const box = h('div', { class: kind, role: 'group', 'aria-label': label }, ...buttons);
  rove(box, [buttons]);
  return box;
}

/** The days of a short period. @param {{day:string, count:number}[]} counts every day @param {Pick} pick */
export function days(counts, pick) {
  const top = counts.reduce((a, b) => (b.count > a.count ? b : a), counts[0]), first = counts[0].day, last = counts[counts.length - 1].day;
  const box = columns(counts.map((c) => ({ key: c.day, name: weekday(c.day), count: c.count, lit: true, pressed: false })), 'Days: choose one to see it alone, with Shift to reach to another', pick.day, 'days');
  return h('figure', { class: 'trend' }, box, h('div', { class: 'axis' }, h('span', { text: day(first) }), h('span', { text: day(last) })),
    h('figcaption', { text: top.count ? `Most on ${weekday(top.day)}: ${number(top.count)}` : 'No report in the chosen period.' }));
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

/** At most four characters, to fit a narrow cell; the title has it in full. @param {number} n */
export function short(n) {
  if (n < 1000) return String(n);
  const [unit, name] = n < 999_500 ? [1e3, 'k'] : [1e6, 'm'];
  return (n / unit < 9.95 ? (n / unit).toFixed(1) : String(Math.round(n / unit))) + name;
}

/** Day by daypart as a table whose cells are shaded. @param {import('./api.js').Matrix} m @param {Vocabulary} v @param {Pick} [pick] makes cells and headings buttons */
export function matrix(m, v, pick) {
  const label = (/** @type {string} */ id, /** @type {{id:string,label:string}[]} */ list) => list.find((x) => x.id === id)?.label ?? id;
  const part = (/** @type {string} */ id) => label(id, v.dayparts).replace(/ \(.*/, ''), week = (/** @type {string} */ id) => label(id, v.weekdays);
  const max = Math.max(1, ...m.counts.flat());
  const rows = m.dayparts.map((id, i) => ({ id, counts: m.counts[i] })).filter((r) => r.id !== 'unknown' || r.counts.some(Boolean));
  const shade = (/** @type {number} */ n) => (n ? `q${Math.min(4, 1 + Math.floor((n / max) * 3.999))}` : 'q0');
  const has = (/** @type {readonly string[]} */ ids, /** @type {string} */ id) => !ids.length || ids.includes(id);
  const off = (/** @type {string} */ d, /** @type {string} */ w) => (pick && !(has(pick.dayparts, d) && has(pick.weekdays, w)) ? ' off' : '');
  /** @type {HTMLButtonElement[][]} */
  const grid = Array.from({ length: rows.length + 1 }, () => []);
  /** @param {number} row @param {string[]} d @param {string[]} w @param {string} name @param {Node|string} text */
  const button = (row, d, w, name, text) => {
    if (!pick) return text;
    const same = pick.dayparts.join() === d.join() && pick.weekdays.join() === w.join();
    // Whoever speaks to the machine says what stands there (WCAG 2.5.3).
    const seen = typeof text === 'string' ? text : text.textContent ?? '', label = name.split(/[ ,:]+/).includes(seen) ? name : `${seen}, ${name}`;
    const b = h('button', { type: 'button', 'data-key': `${d}:${w}`, 'aria-label': label, title: name, 'aria-pressed': String(same), onclick: () => pick.slot(d, w) }, text);
    grid[row].push(b);
    return b;
  };
  const table = h('table', { class: pick ? 'matrix pick' : 'matrix' },
    h('caption', { class: 'sr', text: 'Reports by time of day and day of the week' }),
    h('thead', {}, h('tr', {}, h('td', {}, pick ? button(0, [], [], 'Any time and day', 'Any') : null), ...m.weekdays.map((d) => h('th', { scope: 'col' }, button(0, [], [d], week(d), h('abbr', { title: week(d), text: week(d).slice(0, 2) })))))),
    h('tbody', {}, ...rows.map((r, i) => h('tr', {}, h('th', { scope: 'row' }, button(i + 1, [r.id], [], part(r.id), part(r.id))),
      ...r.counts.map((n, k) => h('td', { class: shade(n) + off(r.id, m.weekdays[k]), title: pick ? null : number(n) },
        button(i + 1, [r.id], [m.weekdays[k]], `${week(m.weekdays[k])}, ${part(r.id)}: ${plural(n, 'report')}`, short(n))))))));
  if (pick) rove(table, grid);
  return table;
}

/** How much says nothing about the time of day, and what becomes of it. @param {import('./api.js').Matrix} m without a filter of the time @param {Pick} [pick] */
export function unknownTime(m, pick) {
  const row = m.counts[m.dayparts.indexOf('unknown')] ?? [], n = row.reduce((a, b) => a + b, 0), all = m.counts.flat().reduce((a, b) => a + b, 0);
  if (!n) return null;
  const say = `${number(n)} of ${plural(all, 'report')} here (${percent(n, all)}) ${n === 1 ? 'does' : 'do'} not say the time of day`;
  if (!pick?.dayparts.length || pick.dayparts.includes('unknown')) return h('p', { class: 'quiet unknown-time', text: `${say}.` });
  return h('p', { class: 'quiet unknown-time' }, `${say} and ${n === 1 ? 'is' : 'are'} left out. `,
    h('button', { type: 'button', class: 'link', 'data-key': 'unknown', onclick: () => pick.slot([...pick.dayparts, 'unknown'], [...pick.weekdays]) }, 'Include them'));
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
