// @ts-check
// What an analysis found, in words that promise no more than it does.
import { day, factorName, number, plural } from './format.js';
import { addDays } from './state.js';
import { h } from './dom.js';

/** @typedef {{estimate:number|null, low:number|null, high:number|null}} Ratio */
/** @typedef {'too_few'|'no_history'|'no_change'|'more'|'fewer'} Verdict */

/** @param {number} x @param {boolean} [fine] two decimals */
const digits = (x, fine = false) => (x < 9.95 ? x.toFixed(fine ? 2 : 1) : number(Math.round(x)));
/** @param {number} share 0 to 1 */
export const share = (share) => `${(100 * share).toFixed(share > 0 && share < 0.0995 ? 1 : 0)}%`;

/** How surely it is not chance. @param {number} q */
export function sureness(q) {
  if (q < 0.001) return 'very unlikely to be chance';
  if (q < 0.01) return 'unlikely to be chance';
  return 'fairly sure: about one in twenty such calls is chance';
}

/** "1.9 times (1.5 to 2.4)". @param {Ratio} r */
export function times(r) {
  if (r.estimate === null || r.low === null) return 'not known';
  const fine = r.estimate < 2;
  return `${digits(r.estimate, fine)} times (${digits(r.low, fine)} to ${r.high === null ? 'more' : digits(r.high, fine)})`;
}

/** @param {Verdict} v */
export const verdict = (v) => ({ too_few: 'too few reports to tell', no_history: 'the records do not reach so far back', no_change: 'no clear change', more: 'clearly more', fewer: 'clearly fewer' })[v];

/** The same of how often something is said. @param {Verdict} v */
export const often = (v) => ({ too_few: 'too few reports to tell', no_history: 'not known', no_change: 'no clear difference', more: 'clearly more often', fewer: 'clearly less often' })[v];

/** A window as people say it. @param {{from:string, to:string}} w */
export const between = (w) => `${day(w.from)} to ${day(addDays(w.to, -1))}`;

/** @param {string} id @param {import('./format.js').Vocabulary} v */
export function nameOf(id, v) {
  const f = v.factors.find((x) => x.id === id);
  return f ? factorName(f) : id;
}

/** @param {string} place "near Croydon" */
export const sentence = (place) => place.charAt(0).toUpperCase() + place.slice(1);

/**
 * Why a cluster stands out.
 * @param {{total:number, cells:string[], nearby:number, peak:{q:number}, factors:{factor:string, share:number, elsewhere:number}[], daypart?:string, daypart_share:number}} c
 * @param {import('./format.js').Vocabulary} v
 */
export function why(c, v) {
  const each = c.total / c.cells.length, out = [];
  if (c.nearby > 0) out.push(`${c.cells.length === 1 ? 'It has' : 'A hexagon here has'} ${number(Math.round(each))} reports${c.cells.length === 1 ? '' : ' on average'}, one with reports nearby ${digits(c.nearby)}; ${sureness(c.peak.q)}.`);
  else out.push(`Nothing else was reported nearby; ${sureness(c.peak.q)}.`);
  const named = c.factors.map((f) => `${nameOf(f.factor, v)} ${share(f.share)} (elsewhere ${share(f.elsewhere)})`);
  if (named.length) out.push(`Most named: ${named.join(', ')}.`);
  const part = v.dayparts.find((d) => d.id === c.daypart);
  if (part && c.daypart_share > 0.35) out.push(`${share(c.daypart_share)} of those that say when are in the ${part.label.replace(/ \(.*/, '').toLowerCase()}.`);
  return out.join(' ');
}

/** One paragraph and what can be done about it. @param {string} text @param {[string, () => void][]} actions */
export const emptyState = (text, actions = []) => h('div', { class: 'empty' }, h('p', { text }),
  h('div', { class: 'actions' }, ...actions.map(([label, act]) => h('button', { type: 'button', onclick: act }, label))));

/** @param {number} metres */
export const distance = (metres) => (metres < 950 ? `${Math.round(metres / 50) * 50} m` : `${(metres / 1000).toFixed(1)} km`);

/** @param {number} n */
export const reports = (n) => plural(n, 'report');

/** "Evening of Friday, night of Saturday". @param {{daypart:string, weekdays:string[]}[]} slots @param {import('./format.js').Vocabulary} v */
export function slotWords(slots, v) {
  const label = (/** @type {string} */ id, /** @type {{id:string, label:string}[]} */ list) => (list.find((x) => x.id === id)?.label ?? id).replace(/ \(.*/, '');
  // An evening comes before the small hours that follow it.
  const order = slots.some((s) => s.daypart === 'evening') && !slots.some((s) => s.daypart === 'afternoon') ? [...slots].reverse() : slots;
  return sentence(order.map((s) => `${label(s.daypart, v.dayparts).toLowerCase()} of ${s.weekdays.length === 7 ? 'any day' : s.weekdays.map((d) => label(d, v.weekdays)).join(', ')}`).join(', '));
}
