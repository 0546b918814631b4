// @ts-check
// Shapes over the hexagons: areas, clusters and walks, with numbers on them.
import { Layer, LatLng } from '../vendor/leaflet.js';
import { s } from './dom.js';

/** Positions are [longitude, latitude], as GeoJSON has them. @typedef {[number, number][]} Line */
/** @typedef {{rings?: Line[], line?: Line, at?: [number, number], label?: string, class?: string, onclick?: () => void}} Shape */

export class Shapes extends Layer {
  constructor() {
    super();
    this._svg = s('svg', { class: 'outline shapes leaflet-zoom-hide', 'aria-hidden': 'true' });
    /** @type {Shape[]} */
    this._shapes = [];
  }
  onAdd(/** @type {any} */ map) {
    map.getPane('overlayPane').append(this._svg);
    map.on('zoomend viewreset', this._draw, this);
    this._draw();
    return this;
  }
  onRemove(/** @type {any} */ map) {
    map.off('zoomend viewreset', this._draw, this);
    this._svg.remove();
    return this;
  }
  /** @param {Shape[]} shapes */
  set(shapes) { this._shapes = shapes; this._draw(); }

  _draw() {
    const map = /** @type {any} */ (this)._map;
    if (!map) return;
    const at = (/** @type {[number, number]} */ [lng, lat]) => map.latLngToLayerPoint(new LatLng(lat, lng));
    const path = (/** @type {Line} */ line) => line.map((p, i) => { const q = at(p); return `${i ? 'L' : 'M'}${q.x} ${q.y}`; }).join('');
    this._svg.replaceChildren(...this._shapes.flatMap((x) => {
      const out = [], name = x.class ?? '';
      if (x.rings) out.push(s('path', { class: `shape ${name}`, d: x.rings.map((r) => path(r) + 'Z').join('') }));
      if (x.line) out.push(s('path', { class: `line ${name}`, d: path(x.line) }));
      if (x.at) {
        const p = at(x.at);
        // A pin that can be clicked takes the click from the map below it.
        const onclick = x.onclick && ((/** @type {Event} */ e) => { e.stopPropagation(); x.onclick?.(); });
        out.push(s('g', { class: `pin ${name}`, onclick, transform: `translate(${p.x} ${p.y})` }, s('circle', { r: x.label ? 11 : 5 }), x.label ? s('text', { 'text-anchor': 'middle', dy: '.35em', text: x.label }) : null));
      }
      return out;
    }));
  }
}

/** The box around positions, for the map to show. @param {Line} line */
export function around(line) {
  const lng = line.map((p) => p[0]), lat = line.map((p) => p[1]);
  return /** @type {[[number, number], [number, number]]} */ ([[Math.min(...lat), Math.min(...lng)], [Math.max(...lat), Math.max(...lng)]]);
}
