// @ts-check
// The results panel: figures for what is on screen, or for one hexagon.
import { announce, byId, h } from './dom.js';
import { day, number, plural, position } from './format.js';
import { darkness, days, factorList, matrix, trend, unknownTime } from './charts.js';
import { hexWidth } from './geo.js';
import { loadNames, nearName } from './near.js';

/** @typedef {import('./format.js').Vocabulary} Vocabulary */

/** @param {string} title @param {Node} body @param {string} [note] */
const block = (title, body, note) => h('section', { class: 'block' }, h('h3', { text: title }), note ? h('p', { class: 'quiet', text: note }) : null, body);

/**
 * How the charts act on the filter. `matrix` is the one without the filter's own times of day and week, so that
 * another time can be chosen; `method` says what the figures cannot tell.
 * @typedef {{pick: import('./charts.js').Pick, matrix: import('./api.js').Matrix, method: string[]}} Charts
 */

/** @param {import('./api.js').Figures} f @param {Vocabulary} v @param {Charts} c */
function figures(f, v, c) {
  const times = h('div', {}, matrix(c.matrix, v, c.pick), unknownTime(c.matrix, c.pick));
  const notes = [...(f.limits ?? []), ...c.method];
  return [
    ...(f.by_day && f.by_day.length > 1 ? [block('By day', days(f.by_day, c.pick))] : []),
    block('By month', trend(f.histogram, c.pick)),
    ...(f.total ? [block('Reasons given', factorList(f.by_factor, f.total, v), 'One report can give several.')] : []),
    ...(c.matrix.counts.length ? [block('Day and time', times, 'Choose a cell, a day or a time to see it alone.')] : []),
    ...(f.total ? [block('Light', darkness(f.by_dark))] : []),
    ...(notes.length ? [block('What these figures cannot tell', h('ul', { class: 'method quiet' }, ...notes.map((t) => h('li', { text: t }))))] : []),
  ];
}

/** Draws again without taking the focus from the button that had it. @param {HTMLElement} box @param {Node[]} children */
function redraw(box, children) {
  const key = document.activeElement instanceof HTMLElement && box.contains(document.activeElement) ? document.activeElement.dataset.key : undefined;
  box.replaceChildren(...children);
  const again = key && [...box.querySelectorAll('[data-key]')].find((b) => /** @type {HTMLElement} */ (b).dataset.key === key);
  if (again) /** @type {HTMLElement} */ (again).focus({ preventScroll: true });
}

/** @param {import('./api.js').Summary} s @param {Vocabulary} v @param {string[]} filter @param {Charts & {choose: (cell:string) => void}} on */
export function showSummary(s, v, filter, on) {
  byId('total').textContent = number(s.total);
  byId('peek').textContent = plural(s.total, 'report');
  byId('total-note').textContent = s.total
    ? `${s.total === 1 ? 'report' : 'reports'} on screen, in ${plural(s.cells, 'hexagon')} about ${hexWidth(s.res)} across`
    : 'reports on screen';
  byId('filter-line').replaceChildren(...filter.map((t) => h('li', { text: t })));
  byId('dates-line').textContent = s.first_day ? `All data: ${day(s.first_day)} to ${day(s.last_day)}` : '';
  const top = h('ol', { class: 'top' }, ...s.top.slice(0, 5).map((t) => {
    const where = h('span', { text: position(t.lat, t.lng) }), name = () => { where.textContent = sentence(nearName(t)) || where.textContent; };
    name(); loadNames().then(name);
    return h('li', {}, h('button', { type: 'button', 'data-cell': t.cell, title: position(t.lat, t.lng), onclick: () => on.choose(t.cell) }, where, h('b', { text: number(t.count) })));
  }));
  redraw(byId('summary-body'), s.histogram.some((m) => m.count) ? [...figures(s, v, on), ...(s.total ? [block('Most reports', top)] : [])] : []);
}

/** @typedef {{close: () => void, zoom: () => void, share: () => void, pack: () => void, record: () => void, parent: (cell:string) => void}} DetailActions */

/** @param {import('./api.js').Detail} d @param {Vocabulary} v @param {string[]} filter @param {DetailActions & Charts} on */
export function showDetail(d, v, filter, on) {
  const title = h('h2', { id: 'detail-title', tabindex: -1, text: d.place ? sentence(d.place) : 'One hexagon' });
  redraw(byId('detail'), /** @type {Node[]} */ ([
    h('div', { class: 'detail-head' }, title, h('button', { type: 'button', class: 'icon', 'aria-label': 'Close the details', onclick: on.close }, '✕')),
    h('p', { class: 'big' }, h('strong', { id: 'detail-total', text: number(d.total) }), h('span', { text: `${d.total === 1 ? 'report' : 'reports'} in this hexagon, about ${hexWidth(d.res)} across` })),
    h('ul', { class: 'filter-line' }, ...filter.map((t) => h('li', { text: t }))),
    h('div', { class: 'actions' },
      h('button', { type: 'button', onclick: on.zoom }, 'Zoom to it'),
      h('button', { type: 'button', onclick: on.share }, 'Copy link'),
      h('button', { type: 'button', onclick: on.pack }, 'Add to a walk'),
      h('button', { type: 'button', class: 'record', onclick: on.record }, 'Record action'),
      d.parent && d.res > 3 ? h('button', { type: 'button', onclick: () => on.parent(/** @type {string} */ (d.parent)) }, 'Wider area') : null),
    d.total ? null : h('p', { class: 'quiet', text: 'No report here matches the filter.' }), ...figures(d, v, on),
    h('p', { class: 'quiet code', text: `Centre ${position(d.lat, d.lng)} · H3 cell ${d.cell}` })].filter(Boolean)));
  announce(`${plural(d.total, 'report')} ${d.place ? d.place : `at ${position(d.lat, d.lng)}`}. Details are open.`);
  return title;
}

/** @param {string} t */
export const sentence = (t) => t.charAt(0).toUpperCase() + t.slice(1);

/** @param {string} text */
export function detailMessage(text, /** @type {() => void} */ close) {
  byId('detail').replaceChildren(h('div', { class: 'detail-head' }, h('h2', { id: 'detail-title', tabindex: -1, text: 'One hexagon' }),
    h('button', { type: 'button', class: 'icon', 'aria-label': 'Close the details', onclick: close }, '✕')), h('p', { class: 'quiet', text }));
}
