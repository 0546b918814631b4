// @ts-check
// The officers' map: fetches what the state asks for and hands it to the views.
import { ApiError, getJSON, latest, url } from './api.js';
import { announce, byId, debounce, h } from './dom.js';
import { filtersPanel } from './filters.js';
import { day, describe, plural } from './format.js';
import { tooWide } from './geo.js';
import { follow } from './live.js';
import { createMapView } from './mapview.js';
import { searchBox } from './search.js';
import { chrome, showTab, toast } from './shell.js';
import { addDays, addMonths, createStore, filterQuery, MAX_PACK, NO_FILTER, parseState, printState, windowOf } from './state.js';
import { sessionLost } from './who.js';

/** @typedef {import('./api.js').Config} Config */
/** @typedef {import('./api.js').TileJSON} TileJSON */
/** @typedef {import('./format.js').Vocabulary} Vocabulary */

/** The figures come after the map, whose code is loaded first. */
const figuresPanel = import('./panel.js');
const SETTLE_MS = 120;
const TOP_SHOWN = 5;
/** The map comes first. */
const ALERTS_AFTER_MS = 3000;
/** Saved views are held to their history within a minute of new reports. */
const ALERTS_SOON_MS = 65_000;
/** Cells asked for with the table open; a screen at the usual resolutions has fewer. */
const TABLE_LIMIT = 1000;

async function start() {
  const [config, vocabulary] = /** @type {[Config, Vocabulary]} */ (await Promise.all([getJSON('/api/v1/config'), getJSON('/api/v1/factors')]));
  const ids = vocabulary.factors.map((f) => f.id);
  const store = createStore(parseState(location.search, ids), (s, how) => history[how === 'push' ? 'pushState' : 'replaceState'](null, '', location.pathname + printState(s)));
  const tiles = await firstTiles(store, config);
  byId('synthetic').hidden = !(config.synthetic || tiles.synthetic);
  const home = !store.get().at && tiles.total && tooWide(tiles.bounds) ? await whereReportsAre(tiles.bounds, '').catch(() => undefined) : undefined;
  run(store, config, vocabulary, { ...tiles, bounds: home ?? tiles.bounds });
  addEventListener('popstate', () => store.restore(parseState(location.search, ids)));
}

/** A view on which there are reports. @param {number[]|undefined} bounds @param {string} filter */
const whereReportsAre = async (bounds, filter) => (await import('./home.js')).whereReportsAre(bounds, filter);

/** An address with a filter that the server refuses opens the map without it. @param {import('./state.js').Store} store @param {Config} config @returns {Promise<TileJSON>} */
async function firstTiles(store, config) {
  try {
    return await getJSON(url('/tiles/reports.json', filterQuery(store.get(), config.today)));
  } catch (e) {
    if (!(e instanceof ApiError && e.status === 400)) throw e;
    store.set(NO_FILTER, 'replace');
    toast('The filters in this address cannot be used. The map shows all reports.');
    return getJSON('/tiles/reports.json');
  }
}

/** @param {import('./state.js').Store} store @param {Config} config @param {Vocabulary} vocabulary @param {TileJSON} first */
function run(store, config, vocabulary, first) {
  /** @type {{refresh: () => void}|null} */
  let tools = null, tileFilter = '';
  const requests = { tiles: latest(), scale: latest(), summary: latest(), detail: latest() };
  const filter = () => filterQuery(store.get(), config.today);
  const words = () => describe(store.get(), vocabulary, config.today);
  const timed = () => store.get().dayparts.length + store.get().weekdays.length > 0;
  /** The filter without the times of day and week: what the matrix offers to choose from. */
  const untimed = () => filterQuery({ ...store.get(), dayparts: [], weekdays: [] }, config.today);
  const method = monthNote(config);
  /** What the charts show as chosen, and what a click on them does. @param {import('./api.js').Figures} f @param {import('./api.js').Figures} [any] without times */
  const charts = (f, any = f) => ({ matrix: any.daypart_weekday, method, pick: { ...chartPick(store), window: windowOf(store.get(), config.today), dayparts: store.get().dayparts, weekdays: store.get().weekdays } });
  let generation = first.generation, recovering = false, tilesBroken = false, focusDetail = false, scaled = '', anywhere = first.total > 0;

  const view = createMapView(store, config, {
    choose(cell, byKey) { focusDetail = byKey; choose(cell); },
    moving: () => { tilesBroken = false; stale(); },
    moved: () => { stale(); settle(); loadScale(); },
    async failed(e) {
      // A generation that is no longer served is no failure: the present one may be.
      if (recovering) return;
      recovering = true;
      const was = generation;
      await loadTiles();
      recovering = false;
      tilesBroken = generation === was;
      if (tilesBroken) fail(e);
    },
  });
  const panel = filtersPanel(store, vocabulary, { today: config.today, first: first.first_day, last: first.last_day });
  /** @type {ReturnType<typeof import('./table.js').tableTwin>|null} */
  let table = null;
  /** @type {import('./api.js').Summary|null} */
  let summary = null;
  chrome(store, view);
  searchBox((p) => { view.map.setView([p.lat, p.lng], p.zoom || 14); view.outline.mark(p); });

  /** @param {string} cell */
  function choose(cell) {
    if (store.get().cell === cell) openDetail(); else store.set({ cell });
    showTab('results');
  }
  /** @param {unknown} e */
  function fail(e) {
    if (e instanceof ApiError && e.status === 400) { message('These filters cannot be used together with this map.', [['Clear filters', () => store.set(NO_FILTER)]]); return; }
    const text = e instanceof ApiError ? e.message : 'The map could not be loaded.';
    message(text, [['Try again', () => { message(''); loadAll(); view.layer?.reload(); }]]);
  }
  /** @param {TileJSON} t */
  function applyTiles(t) {
    generation = t.generation;
    anywhere ||= t.total > 0;
    view.setTiles(t.tiles[0].replace(/^https?:\/\/[^/]+/, ''));
  }
  /** The figures are of an earlier view. */
  function stale() { byId('info').setAttribute('aria-busy', 'true'); }
  async function loadTiles() {
    view.setBusy(true);
    try {
      const t = await requests.tiles.run((signal) => getJSON(url('/tiles/reports.json', tileFilter || filter()), signal));
      if (t) applyTiles(/** @type {TileJSON} */ (t));
    } catch (e) { view.setBusy(false); fail(e); }
  }
  async function loadScale() {
    const wanted = `${view.res()} ${generation} ${filter()}`;
    if (wanted === scaled) return;
    scaled = wanted;
    try {
      const s = await requests.scale.run((signal) => getJSON(url('/api/v1/scale', `res=${view.res()}`, filter()), signal));
      if (s) view.setBreaks(/** @type {{breaks:number[]}} */ (s).breaks);
    } catch { scaled = ''; /* the map keeps its classes; the summary reports the failure */ }
  }
  async function loadSummary() {
    const top = store.get().table ? TABLE_LIMIT : TOP_SHOWN;
    stale();
    try {
      const ask = (/** @type {AbortSignal} */ signal, /** @type {number} */ n, /** @type {string} */ f) => /** @type {Promise<import('./api.js').Summary>} */ (getJSON(url('/api/v1/summary', `bbox=${view.bbox()}`, `res=${view.res()}`, `top=${n}`, f), signal));
      const both = await requests.summary.run((signal) => Promise.all([ask(signal, top, filter()), timed() ? ask(signal, 0, untimed()) : undefined, figuresPanel]));
      if (!both) return;
      const [s, any, { showSummary }] = both;
      showSummary(s, vocabulary, words(), { ...charts(s, any), choose });
      panel.figures(s);
      summary = s;
      table?.figures(s);
      byId('synthetic').hidden = !(config.synthetic || s.synthetic);
      document.title = `${byId('total').textContent} reports · StreetSafe officers’ map`;
      if (!tilesBroken) message('');
      if (!s.total) empty();
      tools?.refresh();
      if (s.generation !== generation) loadTiles();
    } catch (e) { fail(e); }
    byId('info').setAttribute('aria-busy', 'false');
  }
  const settle = debounce(SETTLE_MS, loadSummary);

  async function openDetail() {
    const { cell } = store.get();
    document.body.classList.toggle('has-detail', Boolean(cell));
    showPanel();
    if (!cell) { requests.detail.cancel(); view.outline.show('chosen', null); return; }
    const { detailMessage, showDetail } = await figuresPanel;
    if (store.get().cell !== cell) return; // another one is open meanwhile
    try {
      const ask = (/** @type {AbortSignal} */ signal, /** @type {string} */ f) => /** @type {Promise<import('./api.js').Detail>} */ (getJSON(url(`/api/v1/cells/${cell}`, f), signal));
      const both = await requests.detail.run((signal) => Promise.all([ask(signal, filter()), timed() ? ask(signal, untimed()) : undefined]));
      if (!both) return;
      const [d, any] = both;
      view.outline.show('chosen', d.boundary.map(([lng, lat]) => ({ lat, lng })));
      const title = showDetail(d, vocabulary, words(), { ...charts(d, any), close: closeDetail, record: () => store.set({ tool: 'actions', cell: '', action: `new:${d.cell}` }), pack: () => store.set({ tool: 'shift', cell: '', pack: [...new Set([...store.get().pack, d.cell])].slice(-MAX_PACK) }), zoom: () => view.zoomTo(d), share, parent: choose });
      if (focusDetail) title.focus();
    } catch (e) { detailMessage(/** @type {Error} */ (e).message, closeDetail); }
    focusDetail = false;
  }
  function showPanel() {
    const { cell, tool } = store.get();
    byId('detail').hidden = !cell; byId('summary').hidden = Boolean(cell || tool); byId('tool').hidden = Boolean(cell) || !tool;
    for (const b of document.querySelectorAll('#tools button')) b.setAttribute('aria-pressed', String(/** @type {HTMLElement} */ (b).dataset.tool === tool));
  }
  /** The table comes when it is asked for, as do the analyses. */
  async function openTable() {
    if (table || !store.get().table) return;
    const { tableTwin } = await import('./table.js');
    table ??= tableTwin(store, { choose, hover: (cell) => view.hover(cell) });
    if (summary) table.figures(summary);
  }
  async function openTool() {
    showPanel();
    if (tools || !store.get().tool) return;
    const { createTools } = await import('./tools.js');
    tools ??= createTools({ store, config, vocabulary, view, filter, words, choose, lastDay: first.last_day, setTileFilter(q) { if (q !== tileFilter) { tileFilter = q; loadTiles(); } } });
  }
  function closeDetail() { store.set({ cell: '' }); byId('map').focus({ preventScroll: true }); announce('Details are closed.'); }
  async function share() {
    try { await navigator.clipboard.writeText(location.href); toast('Link copied.'); } catch { toast(`Copy this link: ${location.href}`); }
  }
  function empty() {
    const filtered = filter() !== '';
    if (!filtered && !anywhere) { message('There is no report yet. They come with “streetsafe import” and from the report form, and are shown here at once.'); return; }
    const late = store.get().window !== 'all' && first.last_day ? ` The latest report is of ${day(first.last_day)}.` : '';
    message(filtered ? `No reports here match the filters.${late}` : 'No reports in this part of the map.', [
      ...(filtered ? [/** @type {[string, () => void]} */ (['Clear filters', () => store.set(NO_FILTER)])] : []),
      ['Show where reports are', showReports],
    ]);
  }
  async function showReports() {
    try {
      const bounds = await whereReportsAre(first.bounds, filter());
      if (bounds) view.setView({ at: null }, bounds); else toast(`No report anywhere matches the ${filter() ? 'filters' : 'map'}.`);
    } catch (e) { fail(e); }
  }
  function loadAll() { tilesBroken = false; loadTiles(); loadScale(); loadSummary(); openDetail(); }

  byId('tools').addEventListener('click', (e) => {
    const b = /** @type {HTMLElement} */ (e.target).closest('button');
    if (b) store.set({ tool: /** @type {import('./state.js').Tool} */ (b.dataset.tool), cell: '', action: '' });
  });
  document.addEventListener('keydown', (e) => { if (e.key === 'Escape' && store.get().cell && !document.querySelector('dialog[open]')) closeDetail(); });
  store.subscribe((now, was) => {
    if (now.table !== was.table) view.resize(); // the table takes room from the map, whose centre stays
    if (now.at && was.at !== now.at && view.isElsewhere()) view.setView(now, undefined);
    if (filterQuery(now, config.today) !== filterQuery(was, config.today)) loadAll();
    else if (now.cell !== was.cell) openDetail();
    if (now.tool !== was.tool) openTool();
    if (now.table !== was.table) { openTable(); stale(); settle(); }
  });
  // Views, alerts and files are loaded when they are asked for.
  const keep = () => import('./keep.js');
  /** @param {number} n */
  const badge = (n) => { const el = byId('unseen'); el.hidden = !n; el.textContent = n ? String(n) : ''; byId('keep').setAttribute('aria-label', n ? `Keep: ${plural(n, 'new alert')}` : 'Keep: views, alerts and files'); };
  const lookForAlerts = () => keep().then((k) => k.unseen()).then(badge, () => { /* whoever keeps no views has no alerts */ });
  byId('keep').addEventListener('click', async () => {
    (await keep()).openKeep({ address: location.search, filter: filter(), bbox: view.bbox(), res: view.res(), words: words(), total: summary?.total ?? 0 }, badge);
  });
  badge(0);
  setTimeout(lookForAlerts, ALERTS_AFTER_MS);
  // The view stays: only what it shows is fetched again, the tiles first since they name the generation.
  follow(async (latest) => {
    if (latest === generation) return;
    await loadTiles();
    loadScale(); loadSummary(); openDetail();
    setTimeout(lookForAlerts, ALERTS_SOON_MS);
  }, { ask: async () => /** @type {Config} */ (await getJSON('/api/v1/config')).generation, lost: () => { sessionLost(message); } });

  applyTiles(first);
  view.setView(store.get(), first.total ? first.bounds : undefined);
  openDetail();
  openTool();
  openTable();
  document.body.classList.add('ready');
}

/** What a click on a chart asks for; the same click again takes it back. @param {import('./state.js').Store} store */
function chartPick(store) {
  return {
    slot(/** @type {string[]} */ dayparts, /** @type {string[]} */ weekdays) {
      const now = store.get(), same = now.dayparts.join() === dayparts.join() && now.weekdays.join() === weekdays.join();
      store.set(same ? { dayparts: [], weekdays: [] } : { dayparts, weekdays });
    },
    day(/** @type {string} */ day, /** @type {boolean} */ extend) {
      const now = store.get(), one = { from: day, to: addDays(day, 1) };
      const wider = extend && now.window === 'custom' && now.from && now.to ? { from: now.from < one.from ? now.from : one.from, to: now.to > one.to ? now.to : one.to } : one;
      store.set({ window: 'custom', ...wider });
    },
    month(/** @type {string} */ month, /** @type {boolean} */ extend) {
      const now = store.get(), one = { from: month + '-01', to: addMonths(month, 1) + '-01' };
      const wider = extend && now.window === 'custom' && now.from && now.to ? { from: now.from < one.from ? now.from : one.from, to: now.to > one.to ? now.to : one.to } : one;
      store.set(now.from === wider.from && now.to === wider.to ? { window: 'all', from: '', to: '' } : { window: 'custom', ...wider });
    },
  };
}

/** @param {Config} config */
function monthNote({ month_precision: m }) {
  if (!m?.reports) return [];
  return [`${plural(m.reports, 'report')} of ${plural(m.sources, 'source')} ${m.reports === 1 ? 'knows' : 'know'} only the month: ${m.reports === 1 ? 'its day stands' : 'their days stand'} for the whole month, so single days and days of the week say nothing about ${m.reports === 1 ? 'it' : 'them'}.`];
}

/** One line over the map, with what to do about it. @param {string} text @param {[string, () => void][]} [actions] */
function message(text, actions = []) {
  const el = byId('message');
  el.hidden = !text;
  byId('message-text').textContent = text;
  byId('message-actions').replaceChildren(...actions.map(([label, act]) => h('button', { type: 'button', onclick: act }, label)));
}

start().catch((e) => message(e instanceof ApiError ? e.message : 'The page could not start.', [['Try again', () => location.reload()]]));
