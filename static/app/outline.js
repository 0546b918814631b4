// @ts-check
// Outlines over the hexagons: one SVG across all tiles, so a border shows whole.
import { Layer, LatLng } from '../vendor/leaflet.js';
import { s } from './dom.js';

/** @typedef {{lat:number,lng:number}[]} Ring */

export class Outline extends Layer {
  constructor() {
    super();
    this._hover = s('path', { class: 'hex-hover' });
    this._chosen = s('path', { class: 'hex-chosen' });
    this._here = s('circle', { class: 'here', r: 8, hidden: true });
    this._svg = s('svg', { class: 'outline leaflet-zoom-hide', 'aria-hidden': 'true' }, this._hover, this._chosen, this._here);
    /** @type {{hover:Ring|null, chosen:Ring|null}} */
    this._rings = { hover: null, chosen: null };
    /** @type {{lat:number,lng:number}|null} */
    this._place = null;
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
  /** @param {'hover'|'chosen'} which @param {Ring|null} ring */
  show(which, ring) { this._rings[which] = ring; this._draw(); }
  /** Marks a position found by search or by the device. @param {{lat:number,lng:number}|null} place */
  mark(place) { this._place = place; this._draw(); }

  _draw() {
    const map = /** @type {any} */ (this)._map;
    if (!map) return;
    const at = (/** @type {{lat:number,lng:number}} */ p) => map.latLngToLayerPoint(new LatLng(p.lat, p.lng));
    const path = (/** @type {Ring|null} */ ring) => ring ? ring.map((p, i) => `${i ? 'L' : 'M'}${at(p).x} ${at(p).y}`).join('') + 'Z' : '';
    this._hover.setAttribute('d', path(this._rings.hover));
    this._chosen.setAttribute('d', path(this._rings.chosen));
    this._here.toggleAttribute('hidden', !this._place);
    if (this._place) {
      this._here.setAttribute('cx', at(this._place).x);
      this._here.setAttribute('cy', at(this._place).y);
    }
  }
}
