// @ts-check
// Before and after: what was counted, what the places around let expect, and how sure that is.
import { h, s } from './dom.js';
import { number } from './format.js';
import { between, times, verdict } from './words.js';

/** @typedef {import('./actionapi.js').Evaluation} Evaluation */

/** The ends of the axis of ratios: a quarter and four times. Further out an arrow says so. */
const LOW = 1 / 4, HIGH = 4;
/** @param {number} ratio @returns {number} 0 to 100 */
const across = (ratio) => Math.max(0, Math.min(100, (100 * Math.log(ratio / LOW)) / Math.log(HIGH / LOW)));

/** @param {string} label @param {number} count @param {number} most @param {string} kind */
const bar = (label, count, most, kind) => h('li', { class: kind }, h('span', { text: label }), h('span', { class: 'lane', 'aria-hidden': 'true' }, fill(count / Math.max(1, most))), h('b', { text: number(Math.round(count)) }));

/** @param {number} part */
function fill(part) {
  const el = h('span', { class: 'reach' });
  el.style.width = `${Math.max(0.5, 100 * part)}%`;
  return el;
}

/** The ratio with its interval on an axis of halvings and doublings. @param {import('./words.js').Ratio} r */
function interval(r) {
  if (r.estimate === null || r.low === null) return null;
  const high = r.high ?? HIGH * 2, mark = (/** @type {number} */ x, /** @type {string} */ t) => [s('path', { class: 'tick', d: `M${across(x)} 4v12` }), s('text', { x: across(x), y: 24, 'text-anchor': x === LOW ? 'start' : x === HIGH ? 'end' : 'middle', text: t })];
  return s('svg', { class: 'interval', viewBox: '-2 0 104 26', role: 'img', 'aria-label': `${times(r)} what was expected; 1 means no difference` },
    s('path', { class: 'axis', d: 'M0 10H100' }), ...mark(LOW, '¼'), ...mark(0.5, '½'), ...mark(1, '1'), ...mark(2, '2'), ...mark(HIGH, '4'),
    s('path', { class: 'span', d: `M${across(r.low)} 10H${across(high)}` }), s('circle', { cx: across(r.estimate), cy: 10, r: 2.6 }));
}

/** @param {Evaluation} e */
export function beforeAfter(e) {
  if (!e.before || !e.after) return [h('p', { class: 'verdict', text: e.sentence })];
  const expected = e.expected ?? 0, most = Math.max(e.place.before, e.place.after, expected);
  const known = e.verdict !== 'too_few';
  const line = known ? interval(e.ratio) : null;
  return [
    h('p', { class: `verdict ${e.verdict}` }, h('strong', { text: `${verdict(e.verdict).replace(/^./, (c) => c.toUpperCase())}${known && e.verdict !== 'no_change' ? ' reports' : ''}. ` }),
      known ? `${times(e.ratio)} what the places around let expect.` : 'The numbers below are too small to say that anything changed.'),
    h('ul', { class: 'before-after' }, bar('Before', e.place.before, most, 'before'), ...(e.expected === null ? [] : [bar('Expected after', expected, most, 'expected')]), bar('After', e.place.after, most, 'after')),
    ...(line ? [line] : []),
    h('dl', { class: 'facts' },
      h('div', {}, h('dt', { text: 'Before' }), h('dd', { text: between(e.before) })), h('div', {}, h('dt', { text: 'After' }), h('dd', { text: between(e.after) })),
      h('div', {}, h('dt', { text: 'Left out: the works' }), h('dd', { text: between(e.works) })),
      h('div', {}, h('dt', { text: 'Around it' }), h('dd', { text: `${number(e.around.before)} before, ${number(e.around.after)} after, in ${number(e.comparison_cells)} hexagons` }))),
    h('p', { class: 'quiet', text: 'Both windows are equally long and of the same season, so of the same darkness. Hexagons next to the place, and those of other actions, are not compared with.' }),
    h('p', { class: 'quiet', text: e.caution }), ...(e.limits ?? []).map((t) => h('p', { class: 'quiet', text: t })),
  ];
}
