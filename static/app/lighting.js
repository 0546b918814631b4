// @ts-check
// The lighting workbench: places that people call badly lit after dark, as a
// table and on the map, which are one selection.
import { LatLngBounds } from '../vendor/leaflet.js';
import { ApiError, getJSON, latest, url } from './api.js';
import { announce, byId, debounce, h } from './dom.js';
import { number, plural, position } from './format.js';
import { featureOfCell, resolutionForZoom } from './geo.js';
import { areaList } from './lightareas.js';
import { lightTable } from './lighttable.js';
import { follow } from './live.js';
import { createMapView } from './mapview.js';
import { toast } from './shell.js';
import { around, Shapes } from './shapes.js';
import { createStore, filterQuery, parseState, printState } from './state.js';
import { askWhy, takeAway } from './takeaway.js';
import { sessionLost } from './who.js';

/** @typedef {import('./api.js').Config} Config */
/** @typedef {import('./api.js').TileJSON} TileJSON */
/** @typedef {import('./lightapi.js').Place} Place */
/** @typedef {import('./state.js').State} State */

const MIN_RES = 9, MAX_RES = 11, TOP = 500, SETTLE_MS = 120;
/** What this page is about; the rest of the filter is the reader's. */
const SUBJECT = Object.freeze({ factors: ['badly_lit'], dark: ['yes'] });

/** What the address holds beside the map's state: the area, as kind or kind/id, and the order of the places. @typedef {{kind:string, id:string, by:string}} Extra */
/** @returns {Extra} */
function parseArea() {
  const q = new URLSearchParams(location.search), parts = (q.get('area') ?? '').split('/');
  return { kind: parts[0], id: parts[1] ?? '', by: q.get('by') === 'rate' ? 'rate' : '' };
}

async function start() {
  const [config, vocabulary] = /** @type {[Config, import('./format.js').Vocabulary]} */ (await Promise.all([getJSON('/api/v1/config'), getJSON('/api/v1/factors')]));
  const ids = vocabulary.factors.map((f) => f.id);
  const read = () => Object.freeze({ ...parseState(location.search, ids), ...SUBJECT });
  let area = parseArea();
  /** @param {State} s @param {'push'|'replace'} how */
  const write = (s, how) => {
    const query = printState(s), extra = [area.kind ? `area=${encodeURIComponent(area.kind)}${area.id ? '/' + encodeURIComponent(area.id) : ''}` : '', area.by ? `by=${area.by}` : ''].filter(Boolean).join('&');
    history[how === 'push' ? 'pushState' : 'replaceState'](null, '', location.pathname + query + (extra ? (query ? '&' : '?') + extra : ''));
  };
  const store = createStore(read(), write);
  const tiles = /** @type {TileJSON} */ (await getJSON(url('/tiles/reports.json', filterQuery(store.get(), config.today))));
  byId('synthetic').hidden = byId('synthetic').hidden && !(config.synthetic || tiles.synthetic);
  run(store, config, vocabulary, tiles, { get: () => area, set: (a) => { area = a; write(store.get(), 'push'); } });
  addEventListener('popstate', () => { area = parseArea(); store.restore(read()); dispatchEvent(new Event('areachange')); });
}

/**
 * @param {import('./state.js').Store} store @param {Config} config @param {import('./format.js').Vocabulary} vocabulary @param {TileJSON} first
 * @param {{get: () => Extra, set: (a: Extra) => void}} area
 */
function run(store, config, vocabulary, first, area) {
  const requests = { tiles: latest(), scale: latest(), places: latest(), areas: latest(), edge: latest() };
  const filter = () => filterQuery(store.get(), config.today);
  /** The filter without what the workbench asks for itself. */
  const own = () => filterQuery(/** @type {State} */ ({ ...store.get(), factors: [], dark: [] }), config.today);
  const edge = new Shapes();
  let generation = first.generation, lampsAsked = false;

  const view = createMapView(store, config, {
    choose: (cell) => chooseCell(cell), moving: stale, moved: () => { stale(); settle(); loadScale(); },
    failed: async (e) => { const was = generation; await loadTiles(); if (generation === was) fail(e); },
  });
  const table = lightTable(vocabulary, { choose: (p) => choose(p, true), hover: (p) => view.outline.show('hover', p && p.cell !== store.get().cell ? ringOf(p) : null) });
  const list = areaList((id) => setArea({ kind: area.get().kind, id }));

  /** @param {Place} p */
  const ringOf = (p) => p.boundary.map(([lng, lat]) => ({ lat, lng }));
  const tableRes = () => Math.max(MIN_RES, Math.min(MAX_RES, resolutionForZoom(view.map.getZoom())));
  const areaParam = () => { const { kind, id } = area.get(); return id ? `area=${encodeURIComponent(kind + '/' + id)}` : `bbox=${view.bbox()}`; };
  const lightQuery = (/** @type {string[]} */ ...more) => [areaParam(), `res=${tableRes()}`, area.get().by ? `by=${area.get().by}` : '', own(), ...more];
  function stale() { byId('spots').setAttribute('aria-busy', 'true'); }
  /** @param {unknown} e */
  function fail(e) { message(e instanceof ApiError ? e.message : 'The figures could not be loaded.', [['Try again', () => { message(''); loadAll(); }]]); }

  /** @param {Place} p @param {boolean} bring the map to it */
  function choose(p, bring) {
    store.set({ cell: p.cell });
    if (bring && !view.map.getBounds().contains([p.lat, p.lng])) view.map.setView([p.lat, p.lng], Math.max(view.map.getZoom(), 14));
    announce(`${p.place ?? position(p.lat, p.lng)} is chosen.`);
  }
  /** @param {string} cell chosen on the map */
  function chooseCell(cell) {
    const p = table.find(cell);
    if (p) { choose(p, false); return; }
    if (featureOfCell(cell).res < MIN_RES) { view.map.setZoom(13); toast('Zoom in to choose one hexagon.'); return; }
    store.set({ cell });
    announce('This hexagon is not in the table.');
  }
  function mark() {
    const { cell } = store.get(), p = cell ? table.find(cell) : undefined;
    view.outline.show('chosen', p ? ringOf(p) : null);
    table.mark(p ? cell : '', true);
  }

  async function loadTiles() {
    view.setBusy(true);
    try {
      const t = /** @type {TileJSON|undefined} */ (await requests.tiles.run((signal) => getJSON(url('/tiles/reports.json', filter()), signal)));
      if (!t) return;
      generation = t.generation;
      view.setTiles(t.tiles[0].replace(/^https?:\/\/[^/]+/, ''));
    } catch (e) { view.setBusy(false); fail(e); }
  }
  async function loadScale() {
    try {
      const s = await requests.scale.run((signal) => getJSON(url('/api/v1/scale', `res=${view.res()}`, filter()), signal));
      if (s) view.setBreaks(/** @type {{breaks:number[]}} */ (s).breaks);
    } catch { /* the map keeps its classes; the table reports the failure */ }
  }
  /** An order that cannot be had, from an old link or for hexagons so small, gives way to the usual one. @param {AbortSignal} signal @returns {Promise<import('./lightapi.js').Lighting>} */
  async function askPlaces(signal) {
    try {
      return await getJSON(url('/api/v1/lighting', ...lightQuery(`top=${TOP}`)), signal);
    } catch (e) {
      if (!(area.get().by && e instanceof ApiError && e.status === 400)) throw e;
      rank('');
      toast('Rates are not known for hexagons of this size: ranked by reports.');
      return getJSON(url('/api/v1/lighting', ...lightQuery(`top=${TOP}`)), signal);
    }
  }
  /** @param {string} by */
  function rank(by) { area.set({ ...area.get(), by }); }

  async function loadPlaces() {
    stale();
    try {
      const l = await requests.places.run(askPlaces);
      if (!l) return;
      table.show(l);
      byId('order').hidden = !l.denominator;
      byId('rank-rate').setAttribute('aria-pressed', String(l.by === 'rate')); byId('rank-count').setAttribute('aria-pressed', String(l.by !== 'rate'));
      mark();
      byId('total').textContent = number(l.total);
      byId('total-note').textContent = `${l.total === 1 ? 'report' : 'reports'} in ${plural(l.cells, 'hexagon')}`
        + (l.lamp_source ? ` · lamps from ${l.lamp_source}${l.lamp_hours ? '' : ', without switch-off hours'}` : ' · no lamps are loaded, so no causes are told')
        + (l.denominator ? ` · rates by ${l.denominator} from ${l.rate_source}, drawn to the overall rate where little is known` : '')
        + (l.limits?.length ? ` · ${l.limits.join(' ')}` : '');
      byId('table-title').textContent = l.area_name ? `Places in ${l.area_name}` : 'Places on screen';
      byId('table-note').textContent = l.cells > l.places.length ? `The ${number(l.places.length)} with the ${l.by === 'rate' ? 'highest rates' : 'most reports'}.` : '';
      byId('clear-area').hidden = !area.get().id;
      if (l.lamp_source && !lampsAsked) { lampsAsked = true; import('./lamplayer.js').then((m) => m.showLamps(view.map, view.theme)).catch(() => {}); } // the table tells of lamps too
      message(l.total ? '' : 'No reports of bad lighting after dark here.', l.total ? [] : [
        ...(own() ? [/** @type {[string, () => void]} */ (['All dates and hours', () => store.set({ window: 'all', from: '', to: '', dayparts: [], weekdays: [] })])] : []),
        ['Show where reports are', () => { setArea({ kind: area.get().kind, id: '' }); view.setView({ at: null }, first.bounds); }]]);
    } catch (e) { fail(e); }
    byId('spots').setAttribute('aria-busy', 'false');
  }
  const settle = debounce(SETTLE_MS, loadPlaces);
  async function loadAreas() {
    const { kind } = area.get();
    if (!kind) { list.show(null); return; }
    try {
      const f = await requests.areas.run((signal) => getJSON(url(`/api/v1/areas/${encodeURIComponent(kind)}/figures`, filter()), signal));
      if (f) list.show(/** @type {import('./lightapi.js').AreaFigures} */ (f));
    } catch (e) { fail(e); }
  }
  /** Draws the chosen area, and shows it whole. @param {boolean} fit */
  async function loadEdge(fit) {
    const { kind, id } = area.get();
    list.mark(id);
    if (!id) { requests.edge.cancel(); edge.set([]); return; }
    try {
      const f = /** @type {import('./lightapi.js').AreaFeature|undefined} */ (await requests.edge.run((signal) => getJSON(`/api/v1/areas/${encodeURIComponent(kind)}/${encodeURIComponent(id)}`, signal)));
      if (!f) return;
      const rings = /** @type {import('./shapes.js').Line[]} */ (f.geometry.coordinates.flat());
      edge.set([{ rings, class: 'area-edge' }]);
      if (fit) view.map.fitBounds(new LatLngBounds(...around(rings.flat())), { animate: false });
    } catch (e) { fail(e); }
  }
  function loadAll() { loadTiles(); loadScale(); loadPlaces(); loadAreas(); }
  /** @param {{kind:string, id:string}} a */
  function setArea(a) {
    area.set({ ...area.get(), ...a });
    applyArea(true);
  }
  /** @param {boolean} fit */
  function applyArea(fit) {
    /** @type {HTMLSelectElement} */ (byId('kind')).value = area.get().kind;
    loadEdge(fit); settle();
  }

  controls(store, { first, exportAs: (ending) => takeSheet(ending) });
  for (const by of ['rate', 'count']) byId(`rank-${by}`).addEventListener('click', () => { rank(by === 'rate' ? by : ''); loadPlaces(); });
  byId('clear-area').addEventListener('click', () => setArea({ kind: area.get().kind, id: '' }));
  byId('zoom-in').addEventListener('click', () => view.map.zoomIn());
  byId('zoom-out').addEventListener('click', () => view.map.zoomOut());
  addEventListener('areachange', () => { applyArea(false); loadAreas(); });
  /** @param {string} ending */
  async function takeSheet(ending) {
    const why = await askWhy();
    if (!why) return;
    try {
      const { name } = await takeAway(url(`/api/v1/lighting.${ending}`, ...lightQuery('top=1000', `reason=${encodeURIComponent(why)}`)));
      toast(`${name} is saved.`);
    } catch (e) { toast(/** @type {Error} */ (e).message); }
  }
  store.subscribe((now, was) => {
    byId('to-hub').setAttribute('href', '/hub' + printState(now));
    if (filterQuery(now, config.today) !== filterQuery(was, config.today)) loadAll();
    if (now.cell !== was.cell) mark();
  });
  follow(async (news) => { if (news !== generation) { await loadTiles(); loadScale(); loadPlaces(); loadAreas(); } },
    { ask: async () => /** @type {Config} */ (await getJSON('/api/v1/config')).generation, lost: () => { sessionLost(message); } });

  byId('to-hub').setAttribute('href', '/hub' + printState(store.get()));
  generation = first.generation;
  view.setTiles(first.tiles[0].replace(/^https?:\/\/[^/]+/, ''));
  edge.addTo(view.map);
  const fresh = !store.get().at; // the map takes the chosen area then
  view.setView(store.get(), first.total ? first.bounds : undefined);
  kinds(area, () => { loadAreas(); applyArea(false); }).then(() => { loadAreas(); loadEdge(fresh); }, fail);
  document.body.classList.add('ready');
}

/** Fills the choice of kinds of areas. @param {{get: () => Extra, set: (a: Extra) => void}} area @param {() => void} changed */
async function kinds(area, changed) {
  const { kinds: all } = /** @type {{kinds: import('./lightapi.js').Kind[]}} */ (await getJSON('/api/v1/areas'));
  const select = /** @type {HTMLSelectElement} */ (byId('kind'));
  byId('areas').hidden = !all.length; byId('no-areas').hidden = all.length > 0;
  select.replaceChildren(h('option', { value: '', text: 'None' }), ...all.map((k) => h('option', { value: k.kind, text: `${k.kind} (${number(k.areas)})` })));
  select.value = area.get().kind;
  select.addEventListener('change', () => { area.set({ ...area.get(), kind: select.value, id: '' }); changed(); });
}

/** @param {import('./state.js').Store} store @param {{first: TileJSON, exportAs: (ending: string) => void}} on */
function controls(store, on) {
  const period = /** @type {HTMLSelectElement} */ (byId('period')), time = /** @type {HTMLSelectElement} */ (byId('time'));
  const show = () => {
    const s = store.get();
    period.querySelector('[value=custom]')?.toggleAttribute('hidden', s.window !== 'custom');
    period.value = s.window === '7d' ? '30d' : s.window;
    time.value = s.dayparts.length === 1 ? s.dayparts[0] : '';
  };
  period.addEventListener('change', () => store.set({ window: /** @type {import('./state.js').WindowName} */ (period.value), from: '', to: '' }));
  time.addEventListener('change', () => store.set({ dayparts: time.value ? [time.value] : [] }));
  for (const b of document.querySelectorAll('[data-export]')) b.addEventListener('click', () => on.exportAs(/** @type {HTMLElement} */ (b).dataset.export ?? 'csv'));
  const help = /** @type {HTMLDialogElement} */ (byId('help'));
  byId('open-help').addEventListener('click', () => help.showModal());
  byId('close-help').addEventListener('click', () => help.close());
  store.subscribe(show);
  show();
}

/** One line over the map, with what to do about it. @param {string} text @param {[string, () => void][]} [actions] */
function message(text, actions = []) {
  byId('message').hidden = !text;
  byId('message-text').textContent = text;
  byId('message-actions').replaceChildren(...actions.map(([label, act]) => h('button', { type: 'button', onclick: act }, label)));
}

start().catch((e) => message(e instanceof ApiError ? e.message : 'The page could not start.', [['Try again', () => location.reload()]]));
