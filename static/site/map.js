// @ts-check
// The public map's page: joins the map, the panel, the table and the address.
import { announce, byId, debounce } from '../app/dom.js';
import { featureOfCell } from '../app/geo.js';
import { Marks, loadActions } from './actions.js';
import { publicMap } from './core.js';
import { createPanel } from './panel.js';
import { createSearch } from './search.js';
import { fillTable } from './table.js';
import { about, config, periodOf, t } from './text.js';

const TABLE_MS = 150;
/** A panel that begins below this share of the window is moved up to the other. */
const LOW = 0.8, RISEN = 0.6;

/** @typedef {import('./actions.js').Action} Action */

function start(/** @type {import('./text.js').Drawn} */ drawn) {
  const state = { release: drawn.id, theme: config.theme, at: config.at, box: config.box, cell: config.cell };
  const newest = config.releases.find((r) => r.kind === 'half-year')?.id;
  /** @type {Action[]} */
  let actions = [];

  /** The address bar is the mirror of what is shown. */
  function write() {
    const q = new URLSearchParams(location.search);
    const set = (/** @type {string} */ k, /** @type {string} */ v) => { if (v) q.set(k, v); else q.delete(k); };
    set('lang', config.lang); set('release', state.release === newest ? '' : state.release); set('theme', state.theme === 'count' ? '' : state.theme); set('at', state.at); set('box', ''); set('cell', state.cell);
    const query = String(q).replaceAll('%2C', ',');
    history.replaceState(null, '', `?${query}${location.hash}`);
    for (const a of document.querySelectorAll('a[data-keep-state]')) {
      const other = new URLSearchParams(query);
      other.set('lang', a.getAttribute('hreflang') ?? config.lang);
      /** @type {HTMLAnchorElement} */ (a).href = `?${String(other).replaceAll('%2C', ',')}`;
    }
  }
  const table = debounce(TABLE_MS, () => {
    fillTable(map, (x) => choose(x, true));
    outlineChosen();
    if (!state.cell) panel.idle();
  });
  function outlineChosen() {
    const hex = state.cell && featureOfCell(state.cell).res === map.res() ? map.layer.hexes().get(state.cell) : null;
    map.outline.show('chosen', hex ? hex.ring : null);
  }
  /** @param {{cell:string, count?:number, ring?:{lat:number,lng:number}[], at?:{lat:number,lng:number}}} hex @param {boolean} byKey */
  function choose(hex, byKey) {
    state.cell = hex.cell;
    write();
    outlineChosen();
    panel.show(hex.cell, hex, byKey).then(reveal);
    if (hex.count) announce(about(hex.count, state.theme));
  }
  /** On a phone the panel is below the map: its beginning comes into sight, and the map stays there. */
  function reveal() {
    const top = byId('panel').getBoundingClientRect().top;
    if (top > innerHeight * LOW) scrollBy({ top: top - innerHeight * RISEN, behavior: matchMedia('(prefers-reduced-motion: reduce)').matches ? 'auto' : 'smooth' });
  }
  /** @param {Action} a */
  const open = (a) => choose({ cell: a.cells[0], at: { lat: a.lat, lng: a.lng } }, true);
  const map = publicMap(drawn, state, {
    choose, changed: table,
    moved: (at) => { state.at = at; write(); table(); },
  });
  const panel = createPanel(map, () => actions, {
    closed: () => { state.cell = ''; write(); outlineChosen(); panel.idle(); map.map.getContainer().focus(); },
    open,
  });
  panel.idle();
  loadActions().then((list) => {
    actions = list;
    if (list.length) new Marks(list, open).addTo(map.map);
    if (state.cell) panel.show(state.cell, { at: map.map.getCenter() }, false); else panel.idle();
  }).catch(() => {}); // the page lists them below
  createSearch((lat, lng, zoom) => { map.map.setView([lat, lng], zoom); map.outline.mark({ lat, lng }); });

  const release = /** @type {HTMLSelectElement} */ (byId('release')), theme = /** @type {HTMLSelectElement} */ (byId('theme'));
  const change = async () => {
    state.release = release.value; state.theme = theme.value;
    await map.show(state.release, state.theme);
    write();
    byId('period-note').textContent = t('old', { period: periodOf(state.release) });
    if (state.cell) panel.show(state.cell, {}, false);
    announce(`${periodOf(state.release)}, ${config.themes[state.theme]}`);
  };
  release.addEventListener('change', change);
  theme.addEventListener('change', change);
  byId('controls').addEventListener('submit', (e) => e.preventDefault());
  byId('share').addEventListener('click', async () => {
    await navigator.clipboard?.writeText(location.href);
    announce(t('copied'));
    byId('share').textContent = t('copied');
  });
}

if (config.drawn) start(config.drawn);
