// @ts-check
// The results panel: figures for what is on screen, or for one hexagon.
import { announce, byId, h } from './dom.js';
import { day, number, plural, position } from './format.js';
import { darkness, factorList, matrix, trend } from './charts.js';
import { hexWidth } from './geo.js';

/** @typedef {import('./format.js').Vocabulary} Vocabulary */

/** @param {string} title @param {Node} body @param {string} [note] */
const block = (title, body, note) => h('section', { class: 'block' }, h('h3', { text: title }), note ? h('p', { class: 'quiet', text: note }) : null, body);

/** @param {import('./api.js').Figures} f @param {Vocabulary} v */
function figures(f, v) {
  return [
    block('By month', trend(f.by_month)),
    block('Reasons given', factorList(f.by_factor, f.total, v), 'One report can give several.'),
    block('Day and time', matrix(f.daypart_weekday, v)),
    block('Light', darkness(f.by_dark)),
  ];
}

/** @param {import('./api.js').Summary} s @param {Vocabulary} v @param {string[]} filter @param {(cell:string) => void} choose */
export function showSummary(s, v, filter, choose) {
  byId('total').textContent = number(s.total);
  byId('peek').textContent = plural(s.total, 'report');
  byId('total-note').textContent = s.total
    ? `${s.total === 1 ? 'report' : 'reports'} on screen, in ${plural(s.cells, 'hexagon')} about ${hexWidth(s.res)} across`
    : 'reports on screen';
  byId('filter-line').replaceChildren(...filter.map((t) => h('li', { text: t })));
  byId('dates-line').textContent = s.first_day ? `All data: ${day(s.first_day)} to ${day(s.last_day)}` : '';
  const top = h('ol', { class: 'top' }, ...s.top.slice(0, 5).map((t) => h('li', {}, h('button', { type: 'button', 'data-cell': t.cell, onclick: () => choose(t.cell) },
    h('span', { text: position(t.lat, t.lng) }), h('b', { text: number(t.count) })))));
  byId('summary-body').replaceChildren(...(s.total ? [...figures(s, v), block('Most reports', top)] : []));
}

/** @typedef {{close: () => void, zoom: () => void, share: () => void, parent: (cell:string) => void}} DetailActions */

/** @param {import('./api.js').Detail} d @param {Vocabulary} v @param {string[]} filter @param {DetailActions} on */
export function showDetail(d, v, filter, on) {
  const title = h('h2', { id: 'detail-title', tabindex: -1, text: d.place ? sentence(d.place) : 'One hexagon' });
  byId('detail').replaceChildren(
    h('div', { class: 'detail-head' }, title, h('button', { type: 'button', class: 'icon', 'aria-label': 'Close the details', onclick: on.close }, '✕')),
    h('p', { class: 'big' }, h('strong', { id: 'detail-total', text: number(d.total) }), h('span', { text: `${d.total === 1 ? 'report' : 'reports'} in this hexagon, about ${hexWidth(d.res)} across` })),
    h('ul', { class: 'filter-line' }, ...filter.map((t) => h('li', { text: t }))),
    h('div', { class: 'actions' },
      h('button', { type: 'button', onclick: on.zoom }, 'Zoom to it'),
      h('button', { type: 'button', onclick: on.share }, 'Copy link'),
      d.parent && d.res > 3 ? h('button', { type: 'button', onclick: () => on.parent(/** @type {string} */ (d.parent)) }, 'Wider area') : null),
    ...(d.total ? figures(d, v) : [h('p', { class: 'quiet', text: 'No report here matches the filter.' })]),
    h('p', { class: 'quiet code', text: `Centre ${position(d.lat, d.lng)} · H3 cell ${d.cell}` }));
  announce(`${plural(d.total, 'report')} ${d.place ? d.place : `at ${position(d.lat, d.lng)}`}. Details are open.`);
  return title;
}

/** @param {string} t */
const sentence = (t) => t.charAt(0).toUpperCase() + t.slice(1);

/** @param {string} text */
export function detailMessage(text, /** @type {() => void} */ close) {
  byId('detail').replaceChildren(h('div', { class: 'detail-head' }, h('h2', { id: 'detail-title', tabindex: -1, text: 'One hexagon' }),
    h('button', { type: 'button', class: 'icon', 'aria-label': 'Close the details', onclick: close }, '✕')), h('p', { class: 'quiet', text }));
}
