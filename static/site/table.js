// @ts-check
// The hexagons on screen as a table: by place, since a ranking would be read as
// one of danger.
import { byId, h } from '../app/dom.js';
import { config, number, t } from './text.js';

const MOST_ROWS = 300;

/** @typedef {ReturnType<import('./core.js').PublicMap['inView']>[number]} Row */

/** @param {import('./core.js').PublicMap} map @param {(row: Row) => void} choose */
export function fillTable(map, choose) {
  const rows = map.inView().map((x) => ({ ...x, name: map.names.nearest(x) })).sort((a, b) => a.name.localeCompare(b.name, config.lang) || (a.cell < b.cell ? -1 : 1));
  byId('rows').textContent = rows.length ? t('rows', { n: rows.length }) : t('rows.none');
  byId('table').querySelector('tbody')?.replaceChildren(...rows.slice(0, MOST_ROWS).map((x) => h('tr', {},
    h('th', { scope: 'row' }, h('button', { type: 'button', text: x.name || x.cell, onclick: () => choose(x) })), h('td', { class: 'n', text: number(x.count) }))));
}
