// @ts-check
// The map of a release, as the public page and the embeds both have it.
import { Map as LeafletMap, LatLngBounds, control } from '../vendor/leaflet.js';
import { byId, h, s } from '../app/dom.js';
import { getJSON } from '../app/api.js';
import { hexWidth } from '../app/geo.js';
import { keyboard, pointer } from '../app/hexinput.js';
import { Outline } from '../app/outline.js';
import { palette, ranges } from '../app/scale.js';
import { middle } from './cells.js';
import { cooperate } from './gestures.js';
import { placeNames } from './places.js';
import { ReleaseLayer } from './releaselayer.js';
import { about, config, t } from './text.js';

/** @typedef {import('../app/hexlayer.js').Hex} Hex */
/** @typedef {import('./text.js').Drawn} Drawn */

const MIN_ZOOM = 4, MAX_ZOOM = 16, FIT_ZOOM = 12;
const BASEMAP_WAIT_MS = 800;
/** Deeper zooms show the United Kingdom and its seas alone. */
const WORLD_BELOW_ZOOM = 8;
const THEME_RES = 6;
const ICONS = { in: 'M12 5v14M5 12h14', out: 'M5 12h14', reset: 'M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5' };

export const isDark = () => {
  const look = document.documentElement.dataset.look;
  return look ? look === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
};
const lineOf = () => getComputedStyle(document.documentElement).getPropertyValue('--hex-line').trim();

/** The tiles that a release has. @param {Drawn} d */
function knownTiles(d) {
  const all = new Set();
  for (const [z, runs] of Object.entries(d.tiles ?? {})) {
    for (let i = 0; i < runs.length; i += 3) for (let x = runs[i + 1]; x <= runs[i + 2]; x++) all.add(`${z}/${x}/${runs[i]}`);
  }
  return (/** @type {{x:number,y:number,z:number}} */ c) => all.has(`${c.z}/${c.x}/${c.y}`);
}

/** Themes are published for large hexagons only: the deepest zoom that has what is asked for. @param {Drawn} d @param {string} theme */
function deepestOf(d, theme) {
  const zooms = Object.keys(d.zooms).map(Number);
  return Math.max(...(theme === 'count' ? zooms : zooms.filter((z) => d.zooms[z] <= THEME_RES)));
}

/**
 * @param {Drawn} first @param {{theme:string, at:string, box:string}} state
 * @param {{choose: (hex: Hex, byKey: boolean) => void, changed: () => void, moved: (at: string) => void}} on `changed`: other hexagons or names are there
 */
export function publicMap(first, state, on) {
  const map = new LeafletMap(byId('map'), { zoomControl: false, minZoom: MIN_ZOOM, maxZoom: MAX_ZOOM, fadeAnimation: false, attributionControl: false });
  control.attribution({ prefix: '<a href="https://leafletjs.com">Leaflet</a>' }).addTo(map);
  let drawn = first, theme = state.theme;
  const [lat, lng, zoom] = state.at.split(',').map(Number);
  const fit = () => {
    const [w, south, e, n] = state.box ? state.box.split(',').map(Number) : drawn.bounds;
    map.fitBounds(new LatLngBounds([south, w], [n, e]), { animate: false, ...(state.box ? { maxZoom: MAX_ZOOM } : { maxZoom: FIT_ZOOM, padding: [24, 24] }) });
  };
  if (state.at) map.setView([lat, lng], zoom, { animate: false }); else fit();

  const shownZoom = () => Math.min(map.getZoom(), deepestOf(drawn, theme));
  const res = () => drawn.zooms[shownZoom()];
  const breaks = () => drawn.breaks[theme]?.[res()] ?? [1];
  const colours = () => palette(isDark() ? 'dark' : 'light', breaks().length);
  const source = () => ({ url: `${config.root}${drawn.id}/{z}/{x}/{y}.mvt`, deepest: deepestOf(drawn, theme), column: theme, known: knownTiles(drawn) });
  const style = () => ({ breaks: breaks(), palette: colours(), stroke: lineOf() });
  const layer = new ReleaseLayer({ ...source(), ...style(), maxZoom: MAX_ZOOM });
  const outline = new Outline();
  const names = placeNames(map, `${config.assets}basemap/`);
  /** @type {ReturnType<typeof import('../app/basemap.js').addBasemap>|null} */
  let ground = null;
  let asked = false;
  // Hexagons come first: the ground waits until they are painted, or are late.
  const addGround = () => {
    if (asked) return;
    asked = true;
    import('../app/basemap.js').then((m) => {
      ground = m.addBasemap(map, { kind: 'offline' }, `${config.assets}basemap/`, {
        labels: (add) => names.start(add, on.changed), world: 'world.json', below: WORLD_BELOW_ZOOM,
      });
    }).catch(() => {});
  };

  function legend() {
    const all = colours();
    byId('legend-title').textContent = theme === 'count' ? t('legend') : `${config.themes[theme]}: ${t('legend').toLowerCase()}`;
    byId('legend-classes').replaceChildren(...ranges(breaks()).map((text, i) => {
      const swatch = h('span', { class: 'swatch', 'aria-hidden': 'true' });
      swatch.style.background = all[i];
      return h('li', {}, swatch, text);
    }));
    byId('legend-none').textContent = t('legend.none');
    const wide = theme !== 'count' && map.getZoom() > shownZoom() ? ` ${t('themes.note')}` : '';
    byId('legend-note').textContent = t('across', { width: hexWidth(res()) }) + wide;
  }
  const restyle = () => { layer.restyle(style()); legend(); };

  layer.on('busy', () => byId('map').setAttribute('aria-busy', 'true'));
  layer.on('idle', () => byId('map').setAttribute('aria-busy', 'false'));
  layer.on('tileerror', () => { const f = byId('failed'); f.textContent = t('failed'); f.hidden = false; });
  layer.once('painted', addGround);
  layer.on('painted', on.changed);
  setTimeout(addGround, BASEMAP_WAIT_MS);
  layer.addTo(map);
  outline.addTo(map);
  map.on('moveend', () => {
    restyle();
    const c = map.getCenter();
    on.moved(`${c.lat.toFixed(4)},${c.lng.toFixed(4)},${map.getZoom()}`);
  });
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => { restyle(); ground?.repaint(); });
  // A map that is hidden behind its table keeps its view, which the table is of.
  new ResizeObserver(() => { if (byId('map').clientWidth) map.invalidateSize({ animate: false }); }).observe(byId('map'));
  cooperate(map, byId('hint'));
  pointer(map, () => layer, outline, { tip: (hex) => about(hex.count, theme), grab: () => null, choose: (hex) => on.choose(hex, false) });
  keyboard(map, () => layer, {
    grab: () => null, choose: (hex) => on.choose(hex, true), nothing: t('nothing.here'),
    here: (hex) => (hex ? t('here', { n: about(hex.count, theme) }) : t('nothing.here')),
  });
  button('zoom-in', t('zoom.in'), ICONS.in, () => map.zoomIn());
  button('zoom-out', t('zoom.out'), ICONS.out, () => map.zoomOut());
  button('reset', t('reset'), ICONS.reset, fit);
  legend();

  return {
    map, layer, outline, names, res, fit,
    get drawn() { return drawn; },
    get theme() { return theme; },
    /** @param {string} id of the release @param {string} column */
    async show(id, column) {
      const next = id === drawn.id ? drawn : /** @type {Drawn} */ (await getJSON(`${config.root}site/release/${id}.json`));
      drawn = next; theme = column;
      layer.setSource(source());
      restyle();
      on.changed();
    },
    /** Hexagons whose middle is on screen. @returns {(Hex & {lat:number, lng:number})[]} */
    inView() {
      const b = map.getBounds(), out = [];
      for (const hex of layer.hexes().values()) {
        const at = middle(hex.ring);
        if (b.contains([at.lat, at.lng])) out.push({ ...hex, ...at });
      }
      return out;
    },
  };
}
/** @typedef {ReturnType<typeof publicMap>} PublicMap */

/** @param {string} id @param {string} label @param {string} path @param {() => void} act */
function button(id, label, path, act) {
  const b = byId(id);
  b.setAttribute('aria-label', label);
  b.title = label;
  b.replaceChildren(s('svg', { viewBox: '0 0 24 24', 'aria-hidden': 'true' }, s('path', { d: path })));
  b.addEventListener('click', act);
}
