// @ts-check
// A vector tile as typed arrays: decoded once, painted often.
import { VectorTile, PbfReader } from '../vendor/mvt.js';

/**
 * @typedef {{n:number, offsets:Uint32Array, xy:Int32Array, ids:Float64Array, counts:Uint32Array, extent:number, res:number}} HexTile
 * Ring i is xy[offsets[i]..offsets[i+1]), x and y in turn, in tile units, not closed. Ids stay below 2^53.
 */

/** @type {HexTile} */
export const EMPTY = Object.freeze({ n: 0, offsets: new Uint32Array(1), xy: new Int32Array(0), ids: new Float64Array(0), counts: new Uint32Array(0), extent: 4096, res: 0 });

/** @param {ArrayBuffer} buffer @param {string} [column] what to count; hexagons without it are left out @returns {HexTile} */
export function decode(buffer, column = 'count') {
  if (!buffer.byteLength) return EMPTY;
  const layers = new VectorTile(new PbfReader(new Uint8Array(buffer))).layers;
  const cells = layers.cells;
  if (!cells) return EMPTY;
  const most = cells.length, offsets = new Uint32Array(most + 1), ids = new Float64Array(most), counts = new Uint32Array(most);
  /** @type {number[]} */
  const xy = [];
  let n = 0;
  for (let i = 0; i < most; i++) {
    const f = cells.feature(i), value = f.properties[column];
    if (value === undefined) continue;
    const ring = f.loadGeometry()[0];
    for (let k = 0; k < ring.length - 1; k++) xy.push(ring[k].x, ring[k].y);
    ids[n] = f.id ?? 0;
    counts[n] = Number(value);
    offsets[++n] = xy.length;
  }
  const meta = layers.meta?.feature(0).properties;
  return { n, offsets: offsets.subarray(0, n + 1), xy: Int32Array.from(xy), ids: ids.subarray(0, n), counts: counts.subarray(0, n), extent: cells.extent, res: Number(meta?.resolution ?? 0) };
}

/**
 * A part of a tile as a tile of its own, `zoom` levels deeper: what is shown
 * deeper than the data go.
 * @param {HexTile} t @param {number} zoom @param {number} x column of the part, 0 to 2^zoom - 1 @param {number} y its row @returns {HexTile}
 */
export function cut(t, zoom, x, y) {
  const scale = 2 ** zoom, dx = x * t.extent, dy = y * t.extent;
  /** @type {number[]} */
  const xy = [];
  const offsets = [0], ids = [], counts = [];
  for (let i = 0; i < t.n; i++) {
    let x0 = Infinity, y0 = Infinity, x1 = -Infinity, y1 = -Infinity;
    for (let o = t.offsets[i]; o < t.offsets[i + 1]; o += 2) {
      x0 = Math.min(x0, t.xy[o]); x1 = Math.max(x1, t.xy[o]); y0 = Math.min(y0, t.xy[o + 1]); y1 = Math.max(y1, t.xy[o + 1]);
    }
    if (x1 * scale < dx || x0 * scale > dx + t.extent || y1 * scale < dy || y0 * scale > dy + t.extent) continue;
    for (let o = t.offsets[i]; o < t.offsets[i + 1]; o += 2) xy.push(t.xy[o] * scale - dx, t.xy[o + 1] * scale - dy);
    offsets.push(xy.length); ids.push(t.ids[i]); counts.push(t.counts[i]);
  }
  return { n: ids.length, offsets: Uint32Array.from(offsets), xy: Int32Array.from(xy), ids: Float64Array.from(ids), counts: Uint32Array.from(counts), extent: t.extent, res: t.res };
}
