// @ts-check
// Street lamps as symbols over the hexagons: a shape for each kind, hollow when
// switched off by policy, so that nothing is told by colour alone.
import { GridLayer } from '../vendor/leaflet.js';
import { VectorTile, PbfReader } from '../vendor/mvt.js';
import { byId, h, s } from './dom.js';
import { getJSON } from './api.js';
import { number } from './format.js';

/** @typedef {{x:number, y:number, shape:number, off:boolean}} Lamp in parts of the tile */
/** @typedef {{tiles:string[], lamps:number, hours:boolean, minzoom:number, maxzoom:number, kinds:{kind:string, lamps:number}[]}} LampSet */

/** From here on lamps stand far enough apart to be told. */
export const LAMP_ZOOM = 16;
const RADIUS_PX = 4;
const INK = { light: ['#101418', '#fff'], dark: ['#fff', '#101418'] };
/** Kinds by how frequent they are; all further ones share the last. */
export const SHAPES = /** @type {const} */ (['circle', 'square', 'triangle', 'diamond', 'cross']);

/** The shape of a kind. @param {readonly {kind:string}[]} kinds @param {string} kind */
export function shapeOf(kinds, kind) {
  const i = kinds.findIndex((k) => k.kind === kind);
  return i < 0 ? SHAPES.length - 1 : Math.min(i, SHAPES.length - 1);
}

/** Corners of a shape around 0,0, drawn in one line; none for the circle. @param {number} shape @param {number} r @returns {[number, number][]} */
export function corners(shape, r) {
  switch (SHAPES[shape]) {
    case 'square': return [[-r, -r], [r, -r], [r, r], [-r, r]].map(([x, y]) => [x * 0.85, y * 0.85]);
    case 'triangle': return [[0, -r * 1.2], [r * 1.1, r * 0.8], [-r * 1.1, r * 0.8]];
    case 'diamond': return [[0, -r * 1.3], [r * 1.1, 0], [0, r * 1.3], [-r * 1.1, 0]];
    case 'cross': { const a = r * 0.4, b = r * 1.15; return [[-a, -b], [a, -b], [a, -a], [b, -a], [b, a], [a, a], [a, b], [-a, b], [-a, a], [-b, a], [-b, -a], [-a, -a]]; }
    default: return [];
  }
}

export class LampLayer extends GridLayer {
  /** @param {LampSet} set @param {() => 'light'|'dark'} theme */
  constructor(set, theme) {
    super(/** @type {any} */ ({ minZoom: LAMP_ZOOM, maxNativeZoom: set.maxzoom, keepBuffer: 1, updateWhenIdle: false, pane: 'overlayPane', className: 'lamps' }));
    this._set = set;
    this._theme = theme;
    this._template = set.tiles[0].replace(/^https?:\/\/[^/]+/, '');
    /** @type {WeakMap<HTMLCanvasElement, Lamp[]>} */
    this._lamps = new WeakMap();
  }
  createTile(/** @type {{x:number,y:number,z:number}} */ c, /** @type {(e?: Error, el?: HTMLElement) => void} */ done) {
    const canvas = document.createElement('canvas'), side = this.getTileSize().x, ratio = Math.min(devicePixelRatio || 1, 3);
    canvas.width = canvas.height = side * ratio;
    this._load(c).then((lamps) => { this._lamps.set(canvas, lamps); this._paint(canvas); done(undefined, canvas); }, (e) => done(e, canvas));
    return canvas;
  }
  /** @param {{x:number,y:number,z:number}} c @returns {Promise<Lamp[]>} */
  async _load({ x, y, z }) {
    const r = await fetch(this._template.replace('{z}', String(z)).replace('{x}', String(x)).replace('{y}', String(y)));
    if (r.status === 204) return [];
    if (!r.ok) throw new Error(`lamps: HTTP ${r.status}`);
    const layer = new VectorTile(new PbfReader(new Uint8Array(await r.arrayBuffer()))).layers.lamps;
    /** @type {Lamp[]} */
    const out = [];
    for (let i = 0; i < (layer?.length ?? 0); i++) {
      const f = layer.feature(i), p = f.loadGeometry()[0][0];
      out.push({ x: p.x / layer.extent, y: p.y / layer.extent, shape: shapeOf(this._set.kinds, String(f.properties.kind ?? '')), off: Boolean(f.properties.off) });
    }
    return out;
  }
  /** @param {HTMLCanvasElement} canvas */
  _paint(canvas) {
    const g = canvas.getContext('2d'), lamps = this._lamps.get(canvas), side = canvas.width;
    if (!g || !lamps) return;
    const ratio = side / this.getTileSize().x, [ink, halo] = INK[this._theme()], r = RADIUS_PX * ratio;
    g.clearRect(0, 0, side, side);
    for (const l of lamps) {
      const path = new Path2D(), x = l.x * side, y = l.y * side;
      corners(l.shape, r).forEach(([dx, dy], i) => { if (i) path.lineTo(x + dx, y + dy); else path.moveTo(x + dx, y + dy); });
      if (!l.shape) path.arc(x, y, r, 0, 2 * Math.PI);
      path.closePath();
      g.lineWidth = 3.5 * ratio; g.strokeStyle = halo; g.stroke(path);
      g.fillStyle = l.off ? halo : ink; g.fill(path);
      g.lineWidth = 1.5 * ratio; g.strokeStyle = ink; g.stroke(path);
    }
  }
  repaint() { for (const t of Object.values(/** @type {any} */ (this)._tiles ?? {})) this._paint(/** @type {any} */ (t).el); }
}

/** @param {number} shape @param {boolean} off */
function symbol(shape, off) {
  const points = corners(shape, 5).map((p) => p.join(',')).join(' '), props = { class: off ? 'off' : undefined };
  return s('svg', { class: 'lamp', viewBox: '-8 -8 16 16', 'aria-hidden': 'true' }, points ? s('polygon', { points, ...props }) : s('circle', { r: 5, ...props }));
}

/** Shows the lamps if there are any, with what the symbols mean. @param {any} map @param {() => 'light'|'dark'} theme */
export async function showLamps(map, theme) {
  const box = byId('lamps'), set = await /** @type {Promise<LampSet>} */ (getJSON('/tiles/lamps.json')).catch(() => null);
  if (!set) return;
  const layer = new LampLayer(set, theme), shown = h('input', { type: 'checkbox', checked: true });
  const far = h('p', { class: 'quiet', role: 'status' }), legend = h('ul', { class: 'lamp-kinds' });
  const zoom = () => {
    const near = map.getZoom() >= LAMP_ZOOM;
    legend.hidden = !shown.checked || !near;
    far.textContent = shown.checked && !near ? 'Zoom in to see the lamps.' : '';
  };
  const named = set.kinds.slice(0, SHAPES.length - 1), rest = set.lamps - named.reduce((n, k) => n + k.lamps, 0);
  const item = (/** @type {number} */ i, /** @type {boolean} */ off, /** @type {string} */ text) => h('li', {}, symbol(i, off), text);
  legend.append(...named.map((k, i) => item(i, false, `${k.kind || (set.kinds.length > 1 ? 'Kind not told' : 'Lamp')} (${number(k.lamps)})`)),
    ...(rest ? [item(SHAPES.length - 1, false, `Other kinds (${number(rest)})`)] : []), ...(set.hours ? [item(0, true, 'Hollow: off by policy for part of the night')] : []));
  box.replaceChildren(h('h3', { text: 'Street lamps' }), h('label', { class: 'check' }, shown, 'Show them on the map'), far, legend);
  box.hidden = false;
  shown.addEventListener('change', () => { if (shown.checked) layer.addTo(map); else layer.remove(); zoom(); });
  map.on('zoomend', zoom);
  addEventListener('themechange', () => layer.repaint());
  layer.addTo(map);
  zoom();
}
