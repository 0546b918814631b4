// @ts-check
// Words for numbers and days. Windows are half-open inside and inclusive for people.
import { addDays, windowOf } from './state.js';

/** @typedef {{factors:{id:string,label:string,short?:string,group:string}[], groups:{id:string,label:string}[], dayparts:{id:string,label:string,from?:number,to?:number}[], weekdays:{id:string,label:string}[]}} Vocabulary */

const NUMBER = new Intl.NumberFormat('en-GB');
const DAY = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric', timeZone: 'UTC' });
const MONTH = new Intl.DateTimeFormat('en-GB', { month: 'long', year: 'numeric', timeZone: 'UTC' });

/** @param {number} n */
export const number = (n) => NUMBER.format(n);
/** @param {number} n @param {string} one @param {string} [many] */
export const plural = (n, one, many = one + 's') => `${NUMBER.format(n)} ${n === 1 ? one : many}`;
/** @param {string} iso */
export const day = (iso) => DAY.format(Date.parse(iso));
const WEEKDAY = new Intl.DateTimeFormat('en-GB', { timeZone: 'UTC', weekday: 'short', day: 'numeric', month: 'short', year: 'numeric' });
/** A day with its day of the week. @param {string} iso */
export const weekday = (iso) => WEEKDAY.format(Date.parse(iso));
/** @param {string} month YYYY-MM */
export const monthName = (month) => MONTH.format(Date.parse(month + '-01'));
/** @param {number} part @param {number} whole */
export const percent = (part, whole) => (whole ? `${((100 * part) / whole).toFixed(part * 10 < whole && part ? 1 : 0)}%` : '–');
/** @param {number} lat @param {number} lng */
export const position = (lat, lng) => `${lat.toFixed(4)}, ${lng.toFixed(4).replace('-', '−')}`;

/** @param {{from:string, to:string}} w */
export function windowText(w) {
  const last = w.to && addDays(w.to, -1);
  if (!w.from && !last) return 'All dates';
  if (!last) return `From ${day(w.from)}`;
  if (!w.from) return `Until ${day(last)}`;
  return w.from === last ? day(last) : `${day(w.from)} to ${day(last)}`;
}

/** The part before "e.g.": the seed's label, short enough for a chip. @param {string} label */
export const shortLabel = (label) => label.replace(/ e\.g\..*$/, '');

/** What lists and sentences call a factor; "Other" would not tell which. @param {{label:string,short?:string}} f */
export const factorName = (f) => f.short ?? (f.label === 'Other' ? 'Other environmental' : shortLabel(f.label));

/**
 * The filter in words, the most important first.
 * @param {import('./state.js').State} s @param {Vocabulary} v @param {string} today @returns {string[]}
 */
export function describe(s, v, today) {
  const names = (/** @type {readonly string[]} */ ids, /** @type {{id:string,label:string}[]} */ list, /** @type {(x:any)=>string} */ name = (x) => x.label) =>
    list.filter((x) => ids.includes(x.id)).map(name);
  const out = [];
  if (s.factors.length) out.push(names(s.factors, v.factors, factorName).join(' or '));
  out.push(windowText(windowOf(s, today)));
  if (s.dayparts.length) out.push(names(s.dayparts, v.dayparts).join(', '));
  if (s.weekdays.length) out.push(names(s.weekdays, v.weekdays, (x) => x.label.slice(0, 3)).join(', '));
  if (s.dark.length) out.push(s.dark.map((d) => ({ yes: 'After dark', no: 'In daylight', unknown: 'Light unknown' })[d]).join(' or '));
  return out;
}
