// @ts-check
// The table twin: the cells whose centre is on screen, from the same answer as the total.
import { byId, h } from './dom.js';
import { number, percent, plural, position } from './format.js';
import { loadNames, nearName } from './near.js';
import { sentence } from './panel.js';

const PAGE_ROWS = 100;

/** @typedef {import('./api.js').Summary} Summary */
/** @typedef {{cell:string,lat:number,lng:number,count:number,place?:string}} Row */

const COLUMNS = /** @type {const} */ ([['count', 'Reports'], ['place', 'Place'], ['lat', 'Latitude'], ['lng', 'Longitude'], ['cell', 'Hexagon']]);

/** @param {readonly Row[]} rows @param {string} sort column, with - for descending */
export function sortRows(rows, sort) {
  const down = sort.startsWith('-'), key = /** @type {keyof Row} */ (down ? sort.slice(1) : sort), sign = down ? -1 : 1;
  const compare = (/** @type {Row} */ a, /** @type {Row} */ b) => { const x = a[key] ?? '', y = b[key] ?? ''; return x < y ? -1 : x > y ? 1 : 0; };
  return [...rows].sort((a, b) => sign * compare(a, b) || (a.cell < b.cell ? -1 : 1));
}

/**
 * @param {import('./state.js').Store} store
 * @param {{choose: (cell:string) => void, hover: (cell:string|null) => void}} on
 */
export function tableTwin(store, on) {
  const body = byId('table-body'), head = byId('table-head'), foot = byId('table-foot'), note = byId('table-note');
  const more = byId('table-more');
  let shown = PAGE_ROWS;
  /** @type {Summary|null} */
  let sum = null;
  head.replaceChildren(h('tr', {}, ...COLUMNS.map(([key, label]) => h('th', { scope: 'col', 'data-key': key, class: `col-${key}` }, h('button', { type: 'button', onclick: () => resort(key) }, label))), h('th', { scope: 'col', class: 'col-share', text: 'Share' })));
  more.addEventListener('click', () => { shown += 10 * PAGE_ROWS; render(); });
  body.addEventListener('pointerover', (e) => on.hover(/** @type {HTMLElement} */ (e.target).closest('tr')?.dataset.cell ?? null));
  body.addEventListener('focusin', (e) => on.hover(/** @type {HTMLElement} */ (e.target).closest('tr')?.dataset.cell ?? null));
  body.addEventListener('pointerleave', () => on.hover(null));

  /** @param {string} key */
  function resort(key) {
    const now = store.get().sort;
    store.set({ sort: now === '-' + key ? key : now === key ? '-' + key : key === 'count' ? '-count' : key }, 'replace');
  }
  /** @param {Row} r @param {number} total */
  const row = (r, total) => h('tr', { 'data-cell': r.cell, class: store.get().cell === r.cell ? 'chosen' : undefined },
    h('td', { class: 'num', text: number(r.count) }), h('td', { class: 'col-place', text: r.place }), h('td', { class: 'num col-lat', text: r.lat.toFixed(4) }), h('td', { class: 'num col-lng', text: r.lng.toFixed(4) }),
    h('td', {}, h('button', { type: 'button', class: 'link code', 'aria-label': `Show hexagon ${r.cell} ${r.place || `at ${position(r.lat, r.lng)}`}, ${plural(r.count, 'report')}`, onclick: () => on.choose(r.cell) }, r.cell)),
    h('td', { class: 'num col-share', text: percent(r.count, total) }));
  function render() {
    const { sort, table } = store.get();
    for (const th of head.querySelectorAll('th[data-key]')) {
      const key = /** @type {HTMLElement} */ (th).dataset.key;
      th.setAttribute('aria-sort', sort === key ? 'ascending' : sort === '-' + key ? 'descending' : 'none');
    }
    if (!sum || !table) return;
    const { total, cells } = sum, top = sum.top.map((r) => ({ ...r, place: sentence(nearName(r)) })), listed = top.reduce((n, r) => n + r.count, 0);
    body.replaceChildren(...sortRows(top, sort).slice(0, shown).map((r) => row(r, total)));
    foot.replaceChildren(h('tr', {}, h('td', { class: 'num', id: 'table-sum', text: number(listed) }), h('th', { colspan: 4, scope: 'row', text: cells > top.length ? `in the ${number(top.length)} busiest of ${plural(cells, 'hexagon')}` : `in ${plural(cells, 'hexagon')}` }), h('td', { class: 'num col-share', text: percent(listed, total) })));
    note.textContent = total ? (cells > top.length ? `The ${number(top.length)} busiest hexagons are listed; zoom in to list them all.` : '') : 'No reports on screen match the filter.';
    more.hidden = shown >= top.length;
    more.textContent = `Show more of ${number(top.length)} rows`;
  }
  store.subscribe((now, was) => { if (now.sort !== was.sort || now.table !== was.table || now.cell !== was.cell) render(); });
  render();
  return { figures: (/** @type {Summary} */ s) => { sum = s; shown = PAGE_ROWS; render(); loadNames().then(render); } };
}
