// @ts-check
// The offline basemap: coast and graticule under the hexagons, borough
// outlines and place names over them, drawn on canvas tiles from two files.
import { GridLayer, TileLayer } from '../vendor/leaflet.js';
import { project } from './geo.js';
import { getJSON } from './api.js';
import { renew } from './dom.js';

/** @typedef {{scale:number, box:number[], world:number[][], land:number[][], borders:number[][], boroughs:number[][]}} BaseData */
/** @typedef {{scale:number, zooms:Record<string, [string, number, number][]>}} LabelData */
/** World coordinates, x and y in turn, with their box. @typedef {{xy:Float64Array, box:[number,number,number,number]}} Shape */
/** @typedef {{x:number,y:number,z:number}} Coords */
/** @typedef {Record<'sea'|'land'|'coast'|'grid'|'borough'|'text'|'halo', string>} Ink */

const TILE_PX = 256;
const ATTRIBUTION = 'Coast: Natural Earth. Boroughs: contains OS data © Crown copyright (OGL v3). Places: GeoNames (CC BY 4.0)';
const LABEL_FONT = '500 12px system-ui, sans-serif';
const CITY_FONT = '600 13px system-ui, sans-serif';
/** A name reaches at most this far from its place. */
const LABEL_REACH_PX = 110;
/** Degrees between graticule lines, by zoom. */
const STEPS = [30, 30, 20, 10, 10, 5, 2, 1, 0.5, 0.5, 0.2, 0.1, 0.05, 0.05, 0.02, 0.01, 0.01];

/** @param {number[]} line differences @param {number} scale @returns {Shape} */
function shape(line, scale) {
  const xy = new Float64Array(line.length);
  let lng = 0, lat = 0, x0 = 2, y0 = 2, x1 = -2, y1 = -2;
  for (let i = 0; i < line.length; i += 2) {
    lng += line[i]; lat += line[i + 1];
    const p = project(lat / scale, lng / scale);
    xy[i] = p.x; xy[i + 1] = p.y;
    x0 = Math.min(x0, p.x); x1 = Math.max(x1, p.x); y0 = Math.min(y0, p.y); y1 = Math.max(y1, p.y);
  }
  return { xy, box: [x0, y0, x1, y1] };
}

class CanvasTiles extends GridLayer {
  /** @param {any} options @param {() => Ink} ink */
  constructor(options, ink) {
    super({ updateWhenIdle: false, keepBuffer: 1, ...options });
    this._ink = ink;
  }
  createTile(/** @type {Coords} */ coords) {
    const canvas = document.createElement('canvas');
    canvas.className = 'leaflet-tile';
    this._draw(canvas, coords);
    return canvas;
  }
  /** @param {boolean} [forPrint] on blank canvases */
  redrawAll(forPrint) {
    for (const t of /** @type {any[]} */ (Object.values(/** @type {any} */ (this)._tiles ?? {}))) {
      if (forPrint) t.el = renew(t.el);
      this._draw(t.el, t.coords);
    }
  }
  /** @param {HTMLCanvasElement} canvas @param {Coords} c */
  _draw(canvas, c) {
    const ratio = Math.min(devicePixelRatio || 1, 3), side = Math.round(TILE_PX * ratio);
    canvas.width = canvas.height = side;
    canvas.style.width = canvas.style.height = `${TILE_PX}px`;
    const g = canvas.getContext('2d');
    if (!g) return;
    g.scale(ratio, ratio);
    this.paint(g, c, this._ink());
  }
  /** @param {CanvasRenderingContext2D} g @param {Coords} c @param {Ink} ink */
  paint(g, c, ink) { void g, c, ink; }

  /** Traces the shapes that reach into a tile. @param {CanvasRenderingContext2D} g @param {Shape[]} shapes @param {Coords} c */
  trace(g, shapes, c) {
    const size = TILE_PX * 2 ** c.z, ox = c.x * TILE_PX, oy = c.y * TILE_PX;
    g.beginPath();
    for (const { xy, box } of shapes) {
      if (box[0] * size > ox + TILE_PX + 2 || box[2] * size < ox - 2 || box[1] * size > oy + TILE_PX + 2 || box[3] * size < oy - 2) continue;
      for (let i = 0; i < xy.length; i += 2) {
        if (i) g.lineTo(xy[i] * size - ox, xy[i + 1] * size - oy); else g.moveTo(xy[0] * size - ox, xy[1] * size - oy);
      }
    }
  }
}

class Ground extends CanvasTiles {
  /** @param {BaseData|null} data */
  setData(data) {
    if (!data) return;
    const all = (/** @type {number[][]} */ l) => l.map((x) => shape(x, data.scale));
    const [w, south, e, n] = data.box, a = project(n, w), b = project(south, e);
    this._box = [a.x, a.y, b.x, b.y];
    this._shapes = { world: all(data.world ?? []), land: all(data.land), borders: all(data.borders) };
    this.redrawAll();
  }
  /** What lies around, when it comes apart. @param {{scale:number, world:number[][]}} data */
  setWorld(data) {
    if (this._shapes) this._shapes.world = data.world.map((l) => shape(l, data.scale));
    this.redrawAll();
  }
  /** @param {CanvasRenderingContext2D} g @param {Coords} c @param {Ink} ink */
  paint(g, c, ink) {
    g.fillStyle = this._shapes ? ink.sea : ink.land;
    g.fillRect(0, 0, TILE_PX, TILE_PX);
    if (this._shapes && this._box) {
      const size = TILE_PX * 2 ** c.z, [x0, y0, x1, y1] = this._box.map((v) => v * size);
      g.fillStyle = ink.land;
      this.trace(g, this._shapes.world, c); g.fill();
      g.fillStyle = ink.sea;
      g.fillRect(x0 - c.x * TILE_PX, y0 - c.y * TILE_PX, x1 - x0, y1 - y0);
      g.fillStyle = ink.land; g.strokeStyle = ink.coast; g.lineWidth = 1;
      this.trace(g, this._shapes.land, c); g.fill('evenodd');
      this._coast(g, this._shapes.land, c); g.stroke();
      this.trace(g, this._shapes.borders, c); g.stroke();
    }
    this._graticule(g, c, ink);
  }
  /** The coast without the straight cuts along the box. @param {CanvasRenderingContext2D} g @param {Shape[]} shapes @param {Coords} c */
  _coast(g, shapes, c) {
    const size = TILE_PX * 2 ** c.z, ox = c.x * TILE_PX, oy = c.y * TILE_PX, eps = 1e-6;
    const [x0, y0, x1, y1] = /** @type {number[]} */ (this._box);
    const edge = (/** @type {number} */ x, /** @type {number} */ y) => Math.abs(x - x0) < eps || Math.abs(x - x1) < eps || Math.abs(y - y0) < eps || Math.abs(y - y1) < eps;
    g.beginPath();
    for (const { xy } of shapes) {
      let cut = true;
      for (let i = 0; i < xy.length; i += 2) {
        const px = xy[i] * size - ox, py = xy[i + 1] * size - oy, on = edge(xy[i], xy[i + 1]);
        if (cut) g.moveTo(px, py); else g.lineTo(px, py);
        cut = on;
      }
    }
  }
  /** @param {CanvasRenderingContext2D} g @param {Coords} c @param {Ink} ink */
  _graticule(g, c, ink) {
    const step = STEPS[Math.min(c.z, STEPS.length - 1)], n = 2 ** c.z, size = TILE_PX * n;
    g.strokeStyle = ink.grid; g.lineWidth = 0.5;
    g.beginPath();
    const west = (c.x / n) * 360 - 180, east = ((c.x + 1) / n) * 360 - 180;
    for (let i = Math.ceil(west / step); i * step < east; i++) {
      const x = ((i * step + 180) / 360) * size - c.x * TILE_PX;
      g.moveTo(x, 0); g.lineTo(x, TILE_PX);
    }
    for (let i = Math.ceil(-85 / step); i * step < 85; i++) {
      const y = project(i * step, 0).y * size - c.y * TILE_PX;
      if (y >= 0 && y <= TILE_PX) { g.moveTo(0, y); g.lineTo(TILE_PX, y); }
    }
    g.stroke();
  }
}

class Names extends CanvasTiles {
  /** @param {BaseData} data */
  setBoroughs(data) { this._boroughs = data.boroughs.map((l) => shape(l, data.scale)); this.redrawAll(); }
  /** @param {LabelData} data */
  addLabels(data) {
    this._labels = (this._labels ?? []).concat(Object.entries(data.zooms).flatMap(([zoom, list]) =>
      list.map(([name, lng, lat]) => ({ name, from: Number(zoom), ...project(lat / data.scale, lng / data.scale) }))));
    this.redrawAll();
  }
  /** @param {CanvasRenderingContext2D} g @param {Coords} c @param {Ink} ink */
  paint(g, c, ink) {
    if (this._boroughs && c.z > 7) {
      g.strokeStyle = ink.borough; g.lineWidth = 1;
      this.trace(g, this._boroughs, c); g.stroke();
    }
    if (!this._labels) return;
    const size = TILE_PX * 2 ** c.z;
    g.textAlign = 'center'; g.textBaseline = 'middle'; g.lineJoin = 'round'; g.lineWidth = 3;
    g.strokeStyle = ink.halo; g.fillStyle = ink.text;
    for (const l of this._labels) {
      if (l.from > c.z) continue;
      const x = l.x * size - c.x * TILE_PX, y = l.y * size - c.y * TILE_PX;
      if (x < -LABEL_REACH_PX || x > TILE_PX + LABEL_REACH_PX || y < -20 || y > TILE_PX + 20) continue;
      g.font = l.from < 9 ? CITY_FONT : LABEL_FONT;
      g.strokeText(l.name, x, y); g.fillText(l.name, x, y);
    }
  }
}

/** @returns {Ink} the page's own colours, so that themes reach the canvas */
function inkOfPage() {
  const style = getComputedStyle(document.documentElement), v = (/** @type {string} */ n) => style.getPropertyValue(n).trim();
  return { sea: v('--map-sea'), land: v('--map-land'), coast: v('--map-coast'), grid: v('--map-grid'), borough: v('--map-borough'), text: v('--map-text'), halo: v('--map-halo') };
}

/**
 * Adds what the settings ask for. Only `xyz` lets requests leave for another host.
 * @param {any} map @param {import('./api.js').Config['basemap']} setting @param {string} folder where the data files are
 * @param {{labels: (add: (data: LabelData) => void) => void, world: string, below: number}} [parts] for a page that saves
 *   bytes: `labels` fetches names its own way, and `world` is the file of what lies around, asked for below a zoom alone
 * @returns {{repaint: (forPrint?: boolean) => void}} repaint after a change of theme
 */
export function addBasemap(map, setting, folder, parts) {
  const pane = map.createPane('names');
  pane.classList.add('pane-names');
  if (setting.kind === 'xyz' && setting.url) {
    new TileLayer(setting.url, { attribution: setting.attribution, maxNativeZoom: setting.maxzoom ?? 19, maxZoom: 19 }).addTo(map);
    return { repaint() {} };
  }
  const ground = new Ground({ attribution: ATTRIBUTION, zIndex: 0 }, inkOfPage).addTo(map);
  const names = new Names({ pane: 'names' }, inkOfPage).addTo(map);
  // A map without coast or names is still a map: their failure is not the user's concern.
  getJSON(`${folder}base.json`).then((d) => { ground.setData(/** @type {BaseData} */ (d)); names.setBoroughs(/** @type {BaseData} */ (d)); around(); }).catch(() => {});
  const add = (/** @type {LabelData} */ d) => names.addLabels(d);
  let asked = !parts;
  function around() {
    if (asked || !parts || map.getZoom() >= parts.below) return;
    asked = true;
    getJSON(`${folder}${parts.world}`).then((d) => ground.setWorld(/** @type {BaseData} */ (d))).catch(() => {});
  }
  if (parts) map.on('zoomend', around);
  if (parts) parts.labels(add); else getJSON(`${folder}labels.json`).then((d) => add(/** @type {LabelData} */ (d))).catch(() => {});
  return { repaint(forPrint) { ground.redrawAll(forPrint); names.redrawAll(forPrint); } };
}
