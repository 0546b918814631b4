// @ts-check
// The map in somebody else's page.
import { announce, byId, debounce } from '../app/dom.js';
import { featureOfCell } from '../app/geo.js';
import { Marks, actionCard, loadActions } from './actions.js';
import { publicMap } from './core.js';
import { tellHeight } from './frame.js';
import { createPanel } from './panel.js';
import { fillTable } from './table.js';
import { about, config } from './text.js';

const TABLE_MS = 150;
/** Whether the page around is of this site: a page of another origin may not be looked at. */
const inBuilder = (() => { try { return parent !== window && parent.location.origin === location.origin; } catch { return false; } })();

/** @typedef {import('./actions.js').Action} Action */

function start(/** @type {import('./text.js').Drawn} */ drawn) {
  const state = { release: drawn.id, theme: config.theme, at: config.at, box: config.box, cell: '' };
  /** @type {Action[]} */
  let actions = [];
  const full = /** @type {HTMLAnchorElement} */ (byId('full')), box = byId('panel');

  /** The page of its own opens with what is seen here. */
  function link() {
    const u = new URL(full.href);
    if (state.at) u.searchParams.delete('box'); // moved: the box is no longer what is seen
    for (const k of /** @type {const} */ (['at', 'cell'])) if (state[k]) u.searchParams.set(k, state[k]); else u.searchParams.delete(k);
    full.href = u.href.replaceAll('%2C', ',');
  }
  function outlineChosen() {
    const hex = state.cell && featureOfCell(state.cell).res === map.res() ? map.layer.hexes().get(state.cell) : null;
    map.outline.show('chosen', hex ? hex.ring : null);
  }
  /** @param {{cell:string, count?:number, ring?:{lat:number,lng:number}[], at?:{lat:number,lng:number}}} hex @param {boolean} byKey */
  function choose(hex, byKey) {
    state.cell = hex.cell;
    link();
    outlineChosen();
    box.hidden = false;
    panel.show(hex.cell, hex, byKey);
    if (hex.count) announce(about(hex.count, state.theme));
  }
  const table = debounce(TABLE_MS, () => { fillTable(map, (x) => { view('map'); choose(x, true); }); outlineChosen(); near(); tellHeight(); tell(); });
  function near() {
    const b = map.map.getBounds(), list = actions.filter((a) => b.contains([a.lat, a.lng]));
    byId('near').replaceChildren(...list.map(actionCard));
    byId('none-near').hidden = list.length > 0;
  }
  const map = publicMap(drawn, state, {
    choose, changed: table,
    moved: (at) => {
      state.at = at;
      link();
      table();
      tell();
    },
  });
  const panel = createPanel(map, () => actions, {
    closed: () => { state.cell = ''; link(); outlineChosen(); box.hidden = true; map.map.getContainer().focus(); },
    open,
  });
  /** The builder's preview tells where it looks; no other origin hears it. */
  function tell() {
    if (!inBuilder) return;
    const b = map.map.getBounds();
    parent.postMessage({ streetsafe: 'view', box: [b.getWest(), b.getSouth(), b.getEast(), b.getNorth()].map((v) => v.toFixed(4)).join(',') }, location.origin);
  }
  /** @param {Action} a */
  function open(a) { choose({ cell: a.cells[0], at: { lat: a.lat, lng: a.lng } }, true); }

  /** @param {string} name */
  function view(name) {
    for (const b of document.querySelectorAll('[data-view]')) b.setAttribute('aria-pressed', String(b instanceof HTMLElement && b.dataset.view === name));
    for (const v of ['map', 'table', 'done']) byId(`view-${v}`).hidden = v !== name;
    tellHeight();
  }
  for (const b of document.querySelectorAll('[data-view]')) b.addEventListener('click', () => view(/** @type {HTMLElement} */ (b).dataset.view ?? 'map'));
  loadActions().then((list) => {
    actions = list;
    if (list.length) new Marks(list, open).addTo(map.map);
    near();
  }).catch(() => {}); // the full map lists them
}

if (config.drawn) start(config.drawn);
