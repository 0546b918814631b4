// @ts-check
// A vector tile as typed arrays: decoded once, painted often.
import { VectorTile, PbfReader } from '../vendor/mvt.js';

/**
 * @typedef {{n:number, offsets:Uint32Array, xy:Int32Array, ids:Float64Array, counts:Uint32Array, extent:number, res:number}} HexTile
 * Ring i is xy[offsets[i]..offsets[i+1]), x and y in turn, in tile units, not closed. Ids stay below 2^53.
 */

/** @type {HexTile} */
export const EMPTY = Object.freeze({ n: 0, offsets: new Uint32Array(1), xy: new Int32Array(0), ids: new Float64Array(0), counts: new Uint32Array(0), extent: 4096, res: 0 });

/** @param {ArrayBuffer} buffer @returns {HexTile} */
export function decode(buffer) {
  if (!buffer.byteLength) return EMPTY;
  const layers = new VectorTile(new PbfReader(new Uint8Array(buffer))).layers;
  const cells = layers.cells;
  if (!cells) return EMPTY;
  const n = cells.length, offsets = new Uint32Array(n + 1), ids = new Float64Array(n), counts = new Uint32Array(n);
  /** @type {number[]} */
  const xy = [];
  for (let i = 0; i < n; i++) {
    const f = cells.feature(i), ring = f.loadGeometry()[0];
    for (let k = 0; k < ring.length - 1; k++) xy.push(ring[k].x, ring[k].y);
    offsets[i + 1] = xy.length;
    ids[i] = f.id ?? 0;
    counts[i] = Number(f.properties.count);
  }
  const meta = layers.meta?.feature(0).properties;
  return { n, offsets, xy: Int32Array.from(xy), ids, counts, extent: cells.extent, res: Number(meta?.resolution ?? 0) };
}
