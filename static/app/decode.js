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
