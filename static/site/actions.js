// @ts-check
// What was done: on the map as marks, and in words.
import { Layer, LatLng, DomEvent } from '../vendor/leaflet.js';
import { getJSON } from '../app/api.js';
import { h } from '../app/dom.js';
import { parentOf } from './cells.js';
import { config, date, periodOf, t } from './text.js';

/** @typedef {{status:string, day:string, body?:string, note?:string}} Step */
/** @typedef {{id:string, kind:string, status:string, body:string, title:string, note:string, note_cy?:string, place?:string, lat:number, lng:number, cells:string[], steps:Step[], updated:string, said?:{release:string, count:number}}} Action said is what people said before it, when that is shown */

/** Marks by status: form tells them apart, not colour alone. @type {Record<string, string>} */
const SIGNS = { seen: '…', planned: '▸', done: '✓', declined: '×' };
const MARK_PX = 26;
/** How far, in marks, one may stand from its place. */
const MARK_RINGS = 3;
/** Further out marks would hide the map. */
const MARKS_FROM_ZOOM = 9;

/** @returns {Promise<Action[]>} */
export async function loadActions() {
  if (!config.actions) return [];
  const [list, said] = await Promise.all([getJSON(`${config.root}actions/actions.json`), getJSON(`${config.root}site/said.json`)]);
  for (const a of list.actions) a.said = said[a.id];
  return list.actions;
}

/** @param {Action} a @param {string} cell of resolution 8 or coarser */
export const concerns = (a, cell, res = Number((BigInt('0x' + cell) >> 52n) & 15n)) => a.cells.some((c) => parentOf(c, res) === cell);

/** An action without a title of its own has its kind's, in English. @param {Action} a */
export const titleOf = (a) => (config.plain?.[a.kind] === a.title ? config.kinds[a.kind] : a.title);

/** One action with its way from what people said. @param {Action} a */
export function actionCard(a) {
  const said = a.said ? t('said', { n: a.said.count, period: periodOf(a.said.release) }) : t('said.none');
  const note = (config.lang === 'cy' && a.note_cy) || a.note;
  const step = (/** @type {Step} */ x) => h('li', { class: `s-${x.status}` }, h('span', { class: 'state', text: config.statuses[x.status] ?? x.status }), ' ', h('time', { datetime: x.day, text: date(x.day) }),
    x.body ? ' ' : '', x.body ? h('span', { class: 'by', text: x.body }) : '', x.note ? h('span', { class: 'note', text: x.note }) : '');
  return h('article', { class: 'action' },
    h('p', { class: 'tags' }, h('span', { class: `tag s-${a.status}`, text: config.statuses[a.status] ?? a.status }), h('span', { class: 'kind', text: config.kinds[a.kind] ?? a.kind })),
    h('h4', { text: titleOf(a) }), h('p', { class: 'where', text: [a.place, a.body].filter(Boolean).join(' · ') }), note ? h('p', { text: note }) : '',
    h('ol', { class: 'steps' }, h('li', { class: 's-said' }, h('span', { class: 'state', text: said })), ...a.steps.map(step)));
}

/** @typedef {{x:number, y:number}} Point in pixels */

/**
 * The spot nearest to p where a mark covers none of those taken, so that each can be
 * pressed; p itself where too many stand together. @param {Point} p @param {Point[]} taken
 */
function freeSpot(p, taken) {
  const free = (/** @type {Point} */ q) => taken.every((o) => Math.max(Math.abs(o.x - q.x), Math.abs(o.y - q.y)) >= MARK_PX);
  if (free(p)) return p;
  for (let ring = 1; ring <= 2 * MARK_RINGS; ring++) {
    for (let i = 0; i < 12; i++) {
      const q = { x: Math.round(p.x + ring * MARK_PX / 2 * Math.cos(i * Math.PI / 6)), y: Math.round(p.y + ring * MARK_PX / 2 * Math.sin(i * Math.PI / 6)) };
      if (free(q)) return q;
    }
  }
  return p;
}

/** Buttons at the places of actions. */
export class Marks extends Layer {
  /** @param {Action[]} actions @param {(a: Action) => void} choose */
  constructor(actions, choose) {
    super();
    this._marks = actions.map((a) => {
      const label = t('done.marker', { status: config.statuses[a.status] ?? a.status, title: titleOf(a) });
      const el = h('button', { type: 'button', class: `marker s-${a.status}`, 'aria-label': label, title: label, text: SIGNS[a.status] ?? '', onclick: () => choose(a) });
      DomEvent.disableClickPropagation(el);
      return { a, el };
    });
  }
  onAdd(/** @type {any} */ map) {
    this._pane = map.getPane('markerPane');
    map.on('zoomend viewreset moveend', this._place, this);
    this._place();
    return this;
  }
  onRemove(/** @type {any} */ map) {
    map.off('zoomend viewreset moveend', this._place, this);
    for (const { el } of this._marks) el.remove();
    return this;
  }
  _place() {
    const map = /** @type {any} */ (this)._map, b = map.getBounds(), near = map.getZoom() >= MARKS_FROM_ZOOM;
    /** @type {Point[]} */
    const taken = [];
    for (const { a, el } of this._marks) {
      if (!near || !b.contains([a.lat, a.lng])) { el.remove(); continue; }
      const p = freeSpot(map.latLngToLayerPoint(new LatLng(a.lat, a.lng)), taken);
      taken.push(p);
      el.style.left = `${p.x - MARK_PX / 2}px`;
      el.style.top = `${p.y - MARK_PX / 2}px`;
      if (!el.isConnected) this._pane.append(el);
    }
  }
}
