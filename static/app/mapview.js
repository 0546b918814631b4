// @ts-check
// The map: hexagons, pointer, keyboard and legend. It knows the state, not the panels.
import { LatLngBounds, Map as LeafletMap, control } from '../vendor/leaflet.js';
import { byId, h } from './dom.js';
import { number, plural } from './format.js';
import { boxAround, featureOfCell, hexWidth, resolutionForZoom } from './geo.js';
import { HexLayer } from './hexlayer.js';
import { keyboard, pointer } from './hexinput.js';
import { Outline } from './outline.js';
import { palette, ranges } from './scale.js';

/** @typedef {import('./hexlayer.js').Hex} Hex */
/**
 * Another way to draw the hexagons than by their counts.
 * @typedef {{palette: (theme: 'light'|'dark') => string[], classify: (cell: string) => number, labels: string[], title: string, tip: (hex: Hex) => string}} Look
 */

const STROKE = { light: 'rgba(255,255,255,.55)', dark: 'rgba(8,12,20,.55)' };
const BASEMAP_WAIT_MS = 800;
const MIN_ZOOM = 5, MAX_ZOOM = 18;
/** Great Britain: what a map without any report opens on, as west, south, east, north. */
const WHERE_NONE_ARE = [-8.2, 49.8, 1.8, 59.4];
/** The map's room on A4 within its margins, in CSS pixels: lying paper has the figures beside the map. */
const PAPER = { portrait: { width: 696, height: 850 }, landscape: { width: 1018, height: 560 } };

/** Whole pixels are all that the map moves by: this much off the state's centre is still the same view. */
const DRIFT_PX = 2;

/** @returns {'light'|'dark'} */
const theme = () => (document.documentElement.dataset.theme === 'dark' ? 'dark' : 'light');

/**
 * @param {import('./state.js').Store} store @param {import('./api.js').Config} config
 * @param {{choose: (cell: string, byKey: boolean) => void, moving: () => void, moved: () => void, failed: (e: Error) => void}} on
 */
export function createMapView(store, config, on) {
  const container = byId('map');
  const map = new LeafletMap(container, { zoomControl: false, minZoom: config.basemap.kind === 'xyz' ? 3 : MIN_ZOOM, maxZoom: MAX_ZOOM, fadeAnimation: false, attributionControl: false, worldCopyJump: true });
  control.attribution({ prefix: '<a href="https://leafletjs.com">Leaflet</a>' }).addTo(map);
  control.scale({ imperial: true, position: 'bottomright' }).addTo(map);
  /** @type {ReturnType<typeof ground>|null} */
  let base = null;
  // Hexagons come first: the ground waits until they are painted, or until they are late.
  const addBase = () => { base ??= ground(map); };
  /** Its code comes after the hexagons, too. A map without it is still a map. @param {any} under */
  function ground(under) {
    /** @type {ReturnType<typeof import('./basemap.js').addBasemap>|null} */
    let loaded = null;
    import('./basemap.js').then((m) => { loaded = m.addBasemap(under, config.basemap, new URL('../basemap/', import.meta.url).pathname); }).catch(() => {});
    return { repaint: (/** @type {boolean} */ forPrint = false) => loaded?.repaint(forPrint) };
  }
  const outline = new Outline();
  /** @type {number[]} */
  let breaks = [1, 2, 5, 10, 20];
  /** @type {HexLayer|null} */
  let layer = null;
  /** @type {Look|null} */
  let look = null;
  /** What a click on the map is for while something is drawn. @type {((at: {lat:number,lng:number}) => void)|null} */
  let grab = null;
  /** Set while the map takes a new size: its moves are not the user's. */
  let resizing = false;
  /** Set while printing. */
  let themeBefore = '';

  /** @param {{at: import('./state.js').State['at']}} s @param {number[]|undefined} bounds */
  function setView({ at }, bounds) {
    if (at) { map.setView([at.lat, at.lng], at.zoom, { animate: false }); return; }
    const [w, south, e, n] = bounds ?? config.bounds ?? WHERE_NONE_ARE;
    map.fitBounds(new LatLngBounds([south, w], [n, e]), { animate: false, maxZoom: 13 });
  }
  /** Zooms so that a cell is drawn at its own resolution. @param {{lat:number,lng:number,res:number}} c */
  function zoomTo(c) {
    let z = MIN_ZOOM;
    while (z < MAX_ZOOM && resolutionForZoom(z) < c.res) z++;
    map.setView([c.lat, c.lng], z);
  }

  /** @param {string} template */
  function setTiles(template) {
    if (layer) { layer.setUrl(template); setBusy(layer.pending > 0); return; }
    layer = new HexLayer({ url: template, breaks, palette: palette(theme(), breaks.length), stroke: STROKE[theme()], maxZoom: MAX_ZOOM });
    layer.on('busy', () => setBusy(true)).on('idle', () => setBusy(false));
    layer.on('tileerror', (/** @type {any} */ e) => on.failed(e.error));
    layer.once('painted', addBase);
    layer.on('painted', markPainted);
    setTimeout(addBase, BASEMAP_WAIT_MS);
    layer.addTo(map);
    outline.addTo(map);
  }
  /** When the map stood whole: once for the first time, and the last time (test/feel measures by these). */
  function markPainted() {
    if (layer?.pending) return;
    if (!performance.getEntriesByName('map-open').length) performance.mark('map-open');
    performance.clearMarks('map-painted');
    performance.mark('map-painted');
  }
  /** @param {boolean} yes */
  function setBusy(yes) { container.setAttribute('aria-busy', String(yes)); byId('progress').hidden = !yes; }

  const colours = () => look ? look.palette(theme()) : palette(theme(), breaks.length);
  function restyle() {
    layer?.restyle({ breaks, palette: colours(), classify: look?.classify, stroke: STROKE[theme()] });
    legend();
  }
  /** @param {number[]} b */
  function setBreaks(b) { if (b.length && String(b) !== String(breaks)) { breaks = b; restyle(); } else legend(); }
  function legend() {
    const all = colours();
    byId('legend-title').firstElementChild?.replaceChildren(look ? look.title : 'Reports');
    byId('legend-classes').replaceChildren(...(look ? look.labels : ranges(breaks)).map((text, i) => {
      const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
      swatch.style.background = all[i];
      return h('li', {}, swatch, text);
    }));
    byId('legend-note').textContent = `hexagons about ${hexWidth(resolutionForZoom(map.getZoom()))} across`;
  }

  pointer(map, () => layer, outline, { tip: (hex) => look ? look.tip(hex) : plural(hex.count, 'report'), grab: () => grab, choose: (hex) => on.choose(hex.cell, false) });
  keyboard(map, () => layer, {
    grab: () => grab, choose: (hex) => on.choose(hex.cell, true), nothing: 'No reports under the centre of the map.',
    here: (hex) => hex ? `${number(hex.count)} under the centre. Enter for details.` : 'No reports under the centre.',
  });
  map.on('movestart', on.moving);
  map.on('moveend', () => {
    if (resizing) return;
    const c = map.getCenter();
    if (off() > DRIFT_PX) store.set({ at: Object.freeze({ lat: Number(c.lat.toFixed(5)), lng: Number(c.lng.toFixed(5)), zoom: map.getZoom() }) }, 'replace');
    legend();
    on.moved();
  });
  // Paper keeps the extent of the screen, so that map and numbers still agree.
  function resize() {
    const { at } = store.get(), before = map.getSize();
    if (themeBefore || !at || !(/** @type {any} */ (map)._loaded)) return;
    if (!container.clientWidth || !container.clientHeight) return; // hidden while another page is printed: nothing is on screen to be counted
    resizing = true;
    map.invalidateSize({ animate: false, pan: false });
    const by = map.latLngToContainerPoint(at).subtract(map.getSize().divideBy(2)).round();
    if (map.getZoom() === at.zoom && (by.x || by.y)) map.panBy(by, { animate: false });
    resizing = false;
    if (!map.getSize().equals(before)) map.fire('moveend');
  }
  /** How far the middle of the map is from where the state has it, in pixels. */
  function off() {
    const { at } = store.get();
    if (!at || at.zoom !== map.getZoom()) return Infinity;
    const d = map.latLngToContainerPoint(at).subtract(map.getSize().divideBy(2));
    return Math.max(Math.abs(d.x), Math.abs(d.y));
  }
  new ResizeObserver(resize).observe(container);
  addEventListener('themechange', () => { restyle(); base?.repaint(); });
  addEventListener('beforeprint', () => print(true));
  addEventListener('afterprint', () => print(false));
  /** Paper is white. @param {boolean} starts */
  function print(starts) {
    const root = document.documentElement, { clientWidth: w, clientHeight: height } = container;
    const changes = (themeBefore || theme()) === 'dark';
    if (starts) { themeBefore = theme(); root.dataset.theme = 'light'; } else { root.dataset.theme = themeBefore; themeBefore = ''; }
    root.style.setProperty('--print-width', `${w}px`);
    root.style.setProperty('--print-height', `${height}px`);
    for (const [way, room] of Object.entries(PAPER)) root.style.setProperty(`--print-${way}`, String(Math.min(room.width / w, room.height / height)));
    if (!changes) return;
    restyle(); base?.repaint(starts);
    if (starts) layer?.paintForPrint(); else layer?.reload();
  }

  return {
    map, outline, setView, zoomTo, setTiles, setBreaks, setBusy, resize, isElsewhere: () => off() > DRIFT_PX, theme, colours, addBasemap: ground,
    get breaks() { return breaks; },
    /** @param {Look|null} l */
    setLook(l) { if (look || l) { look = l; restyle(); } },
    /** @param {typeof grab} fn */
    setGrab(fn) { grab = fn; container.classList.toggle('grab', Boolean(fn)); },
    get layer() { return layer; },
    res: () => resolutionForZoom(map.getZoom()),
    /** What is on screen as west,south,east,north, within the world: of the state's own centre, so that the same view counts the same. */
    bbox() {
      const c = store.get().at ?? { ...map.getCenter(), zoom: map.getZoom() };
      return boxAround(c, map.getSize()).map((v) => v.toFixed(6)).join(',');
    },
    /** Outlines a cell drawn now. @param {string|null} cell */
    hover(cell) {
      const hex = cell && layer && featureOfCell(cell).res === resolutionForZoom(map.getZoom()) ? layer.hexes().get(cell) : null;
      outline.show('hover', hex ? hex.ring : null);
    },
  };
}
/** @typedef {ReturnType<typeof createMapView>} MapView */
