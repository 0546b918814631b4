// @ts-check
// The hexagons of a release: of one of its columns, never asking for a tile that
// is not published, and shown deeper than the tiles go.
import { decode, EMPTY } from '../app/decode.js';
import { HexLayer } from '../app/hexlayer.js';
import { cut } from './cells.js';

/** @typedef {import('../app/decode.js').HexTile} HexTile */
/** @typedef {import('../app/hexlayer.js').Coords} Coords */
/** `deepest` is the last zoom that has tiles, `column` what to count. @typedef {{url:string, deepest:number, column:string, known:(c: Coords) => boolean}} Source */

export class ReleaseLayer extends HexLayer {
  /** @returns {Source} */ get _from() { return /** @type {any} */ (this.options); }

  /** The tile that a place of the grid is a part of. @param {Coords} c */
  _origin({ x, y, z }) {
    const zoom = Math.max(0, z - this._from.deepest), n = 2 ** z, k = 2 ** zoom, within = ((x % n) + n) % n;
    return { zoom, x: within % k, y: y % k, tile: { x: Math.floor(within / k), y: Math.floor(y / k), z: z - zoom } };
  }
  /** @param {Coords} c */
  _address(c) {
    const { tile } = this._origin(c), { url, column, known } = this._from;
    return known(tile) ? `${url.replace('{z}', String(tile.z)).replace('{x}', String(tile.x)).replace('{y}', String(tile.y))}#${column}` : '';
  }
  /** @param {HexTile} tile @param {Coords} c */
  _part(tile, c) {
    const { zoom, x, y } = this._origin(c);
    return zoom ? cut(tile, zoom, x, y) : tile;
  }
  /** @param {string} address @param {AbortSignal} signal */
  async _fetch(address, signal) {
    if (!address) return EMPTY;
    const r = await fetch(address, { signal });
    if (!r.ok) throw Object.assign(new Error(`tile: HTTP ${r.status}`), { status: r.status });
    return decode(await r.arrayBuffer(), address.slice(address.indexOf('#') + 1));
  }
  /** Another release or column. @param {Source} source */
  setSource(source) {
    Object.assign(this.options, source, { url: '' });
    this.setUrl(source.url);
  }
}
