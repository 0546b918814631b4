// @ts-check
// Hexagons from vector tiles, one canvas a tile. The server puts a hexagon,
// whole, into each tile it touches, so any tile can draw, pick and outline it.
import { GridLayer } from '../vendor/leaflet.js';
import { decode, EMPTY } from './decode.js';
import { renew } from './dom.js';
import { cellOfFeature, inRing, unproject } from './geo.js';
import { classOf } from './scale.js';

/** @typedef {import('./decode.js').HexTile} HexTile */
/** `classify` gives the class of a hexagon in the palette, -1 for none, in place of its count's. @typedef {{url:string, breaks:readonly number[], palette:string[], stroke:string, classify?: (cell: string) => number}} HexOptions */
/** @typedef {{cell:string, count:number, res:number, ring:{lat:number,lng:number}[]}} Hex */
/** @typedef {{abort:AbortController, promise:Promise<HexTile>, tile?:HexTile, waiting:Set<HTMLCanvasElement>}} Entry */
/** @typedef {{x:number,y:number,z:number}} Coords */

const TILE_PX = 256;
/** Decoded tiles kept; a screen of 4K is about 150, each some 40 KB. */
const CACHE_TILES = 400;
/** One pixel over the edge hides the gaps of fractional scaling. */
const OVERLAP_PX = 1;
/** Painting beyond this waits for the next frame, so that input is never held up. */
const FRAME_MS = 10;
const MAX_RATIO = 3;

export class HexLayer extends GridLayer {
  /** @param {HexOptions & import('leaflet').GridLayerOptions} o */
  constructor(o) {
    super(/** @type {any} */ ({ tileSize: TILE_PX, updateWhenIdle: false, keepBuffer: 1, opacity: 0.8, ...o }));
    /** By address, least recently used first. @type {Map<string, Entry>} */
    this._cache = new Map();
    /** What each canvas shows now. @type {WeakMap<HTMLCanvasElement, HexTile>} */
    this._shown = new WeakMap();
    /** @type {Set<HTMLCanvasElement>} */
    this._dirty = new Set();
    this._pending = 0;
    this._frame = 0;
  }
  /** @returns {HexOptions} */ get _o() { return /** @type {any} */ (this.options); }
  /** @returns {Record<string, {el:HTMLCanvasElement, coords:Coords, current:boolean}>} */
  get _all() { return /** @type {any} */ (this)._tiles ?? {}; }

  onRemove(/** @type {any} */ map) {
    for (const e of this._cache.values()) e.abort.abort();
    cancelAnimationFrame(this._frame);
    return super.onRemove(map);
  }

  createTile(/** @type {Coords} */ coords, /** @type {(e?: Error, el?: HTMLElement) => void} */ done) {
    const canvas = document.createElement('canvas');
    canvas.className = 'leaflet-tile';
    this._fill(canvas, coords).then(() => done(undefined, canvas), (e) => done(e, canvas));
    return canvas;
  }

  /** Called by Leaflet for a tile that left the screen: nobody waits for its request any more. @param {string} key */
  _removeTile(key) {
    const el = this._all[key]?.el;
    if (el) {
      this._dirty.delete(el);
      for (const [address, e] of this._cache) {
        if (e.waiting.delete(el) && !e.waiting.size) { e.abort.abort(); this._cache.delete(address); }
      }
    }
    /** @type {any} */ (GridLayer.prototype)._removeTile.call(this, key);
  }

  /** Loads a tile into a canvas; old pixels stay until then. @param {HTMLCanvasElement} canvas @param {Coords} coords */
  async _fill(canvas, coords) {
    const address = this._address(coords);
    for (const e of this._cache.values()) e.waiting.delete(canvas);
    const entry = this._load(address);
    if (!entry.tile) entry.waiting.add(canvas);
    try {
      const tile = await entry.promise;
      if (address !== this._address(coords)) return; // overtaken by a newer filter
      this._shown.set(canvas, this._part(tile, coords));
      canvas.classList.add('leaflet-tile-loaded'); // Leaflet hides a tile whose first request failed
      this._dirty.add(canvas);
      this._schedule();
    } catch (e) {
      if (/** @type {Error} */ (e).name !== 'AbortError') throw e;
    } finally {
      entry.waiting.delete(canvas);
    }
  }

  /** @param {Coords} c */
  _address({ x, y, z }) {
    const n = 2 ** z;
    return this._o.url.replace('{z}', String(z)).replace('{x}', String(((x % n) + n) % n)).replace('{y}', String(y));
  }

  /** What of a tile a canvas shows: all of it, unless a layer goes deeper than its data. @param {HexTile} tile @param {Coords} coords */
  _part(tile, coords) { void coords; return tile; }

  /** @param {string} address @returns {Entry} */
  _load(address) {
    const hit = this._cache.get(address);
    if (hit) { this._cache.delete(address); this._cache.set(address, hit); return hit; }
    const abort = new AbortController();
    /** @type {Entry} */
    const entry = { abort, waiting: new Set(), promise: this._fetch(address, abort.signal) };
    this._cache.set(address, entry);
    this._count(1);
    entry.promise.then((t) => { entry.tile = t; }, () => { if (this._cache.get(address) === entry) this._cache.delete(address); })
      .finally(() => this._count(-1));
    for (const [old, e] of this._cache) {
      if (this._cache.size <= CACHE_TILES) break;
      if (e.tile) this._cache.delete(old);
    }
    return entry;
  }

  /** @param {string} address @param {AbortSignal} signal */
  async _fetch(address, signal) {
    const r = await fetch(address, { signal });
    if (r.status === 204) return EMPTY;
    if (!r.ok) throw Object.assign(new Error(`tile: HTTP ${r.status}`), { status: r.status });
    return decode(await r.arrayBuffer());
  }

  /** `busy` and `idle` frame the time in which something is on its way. @param {number} by */
  _count(by) {
    const was = this._pending;
    this._pending += by;
    if (!was !== !this._pending) this.fire(this._pending ? 'busy' : 'idle');
  }

  /** Another filter or generation. @param {string} url template with {z}, {x} and {y} */
  setUrl(url) {
    if (url === this._o.url) return;
    for (const [address, e] of this._cache) if (!e.tile) { e.abort.abort(); this._cache.delete(address); }
    this._o.url = url;
    this.reload();
  }

  get pending() { return this._pending; }

  /** Asks again for what is on screen; known tiles come from memory. */
  reload() {
    for (const t of Object.values(this._all)) {
      this._fill(t.el, t.coords).catch((error) => this.fire('tileerror', { error }));
    }
  }

  /** New colours for the tiles at hand: no request. @param {Partial<HexOptions>} o */
  restyle(o) {
    Object.assign(this.options, o);
    for (const t of Object.values(this._all)) this._dirty.add(t.el);
    this._schedule();
  }

  /** Paints everything at once on blank canvases: print does not wait for frames. */
  paintForPrint() {
    for (const t of Object.values(this._all)) {
      const tile = this._shown.get(t.el);
      t.el = renew(t.el);
      if (tile) { this._shown.set(t.el, tile); this._paint(t.el, true); }
    }
    this._dirty.clear();
  }

  _schedule() {
    if (!this._frame) this._frame = requestAnimationFrame(() => this._slice());
  }

  /** The middle of the screen first, the rest as frames allow. */
  _slice() {
    this._frame = 0;
    const start = performance.now(), far = this._distances();
    const order = [...this._dirty].sort((a, b) => (far.get(a) ?? 1e9) - (far.get(b) ?? 1e9));
    for (const el of order) {
      this._dirty.delete(el);
      this._paint(el);
      if (performance.now() - start > FRAME_MS) break;
    }
    if (this._dirty.size) this._schedule(); else this.fire('painted');
  }

  /** @returns {Map<HTMLCanvasElement, number>} */
  _distances() {
    const map = /** @type {any} */ (this)._map, m = new Map();
    if (!map) return m;
    const z = /** @type {any} */ (this)._tileZoom, c = map.project(map.getCenter(), z);
    for (const t of Object.values(this._all)) {
      m.set(t.el, Math.hypot((t.coords.x + 0.5) * TILE_PX - c.x, (t.coords.y + 0.5) * TILE_PX - c.y) + (t.coords.z === z ? 0 : 1e8));
    }
    return m;
  }

  /** @param {HTMLCanvasElement} canvas @param {boolean} [blank] nothing is on it yet */
  _paint(canvas, blank) {
    const tile = this._shown.get(canvas);
    if (!tile) return;
    const ratio = Math.min(devicePixelRatio || 1, MAX_RATIO), side = Math.round((TILE_PX + OVERLAP_PX) * ratio);
    const sized = canvas.width === side;
    if (!sized) {
      canvas.width = canvas.height = side;
      canvas.style.width = canvas.style.height = `${TILE_PX + OVERLAP_PX}px`;
    }
    const g = canvas.getContext('2d'), { palette, stroke } = this._o;
    if (!g) return;
    if (sized && !blank) g.clearRect(0, 0, side, side);
    g.lineWidth = ratio * 0.6;
    g.strokeStyle = stroke;
    this._paths(tile, (TILE_PX * ratio) / tile.extent).forEach((p, k) => { g.fillStyle = palette[k]; g.fill(p); g.stroke(p); });
  }

  /** One path a class. @param {HexTile} t @param {number} s pixels for a tile unit */
  _paths(t, s) {
    const { breaks, classify } = this._o, { xy } = t;
    /** @type {Path2D[]} */
    const paths = [];
    for (let i = 0; i < t.n; i++) {
      const k = classify ? classify(cellOfFeature(t.ids[i], t.res)) : classOf(breaks, t.counts[i]), end = t.offsets[i + 1];
      if (k < 0) continue;
      const p = (paths[k] ??= new Path2D());
      let o = t.offsets[i];
      p.moveTo(xy[o] * s, xy[o + 1] * s);
      for (o += 2; o < end; o += 2) p.lineTo(xy[o] * s, xy[o + 1] * s);
      p.closePath();
    }
    return paths;
  }

  /** The hexagon under a place, or null. @param {import('leaflet').LatLng} latlng @returns {Hex|null} */
  pick(latlng) {
    const map = /** @type {any} */ (this)._map, z = /** @type {any} */ (this)._tileZoom;
    if (!map || z === undefined) return null;
    const p = map.project(latlng, z), x = Math.floor(p.x / TILE_PX), y = Math.floor(p.y / TILE_PX);
    const el = this._all[`${x}:${y}:${z}`]?.el, tile = el && this._shown.get(el);
    if (!tile) return null;
    const tx = (p.x / TILE_PX - x) * tile.extent, ty = (p.y / TILE_PX - y) * tile.extent;
    for (let i = 0; i < tile.n; i++) {
      if (inRing(tile.xy, tile.offsets[i], tile.offsets[i + 1], tx, ty)) return this._hex(tile, i, { x, y, z });
    }
    return null;
  }

  /** @param {HexTile} t @param {number} i @param {Coords} c @returns {Hex} */
  _hex(t, i, c) {
    const ring = [], n = 2 ** c.z;
    for (let o = t.offsets[i]; o < t.offsets[i + 1]; o += 2) {
      ring.push(unproject((c.x + t.xy[o] / t.extent) / n, (c.y + t.xy[o + 1] / t.extent) / n));
    }
    return { cell: cellOfFeature(t.ids[i], t.res), count: t.counts[i], res: t.res, ring };
  }

  /** Every hexagon of the tiles on screen, once, by cell. @returns {Map<string, Hex>} */
  hexes() {
    const m = new Map(), z = /** @type {any} */ (this)._tileZoom;
    for (const { el, coords } of Object.values(this._all)) {
      const t = this._shown.get(el);
      if (!t || coords.z !== z) continue;
      for (let i = 0; i < t.n; i++) {
        const cell = cellOfFeature(t.ids[i], t.res);
        if (!m.has(cell)) m.set(cell, this._hex(t, i, coords));
      }
    }
    return m;
  }
}
