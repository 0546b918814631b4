// @ts-check
// Hexagons by their index and their shape.

/** The hexagon of a coarser resolution that holds another by their index. @param {string} cell H3 index in hex @param {number} res @returns {string} */
export function parentOf(cell, res) {
  const h3 = BigInt('0x' + cell), unused = BigInt(3 * (15 - res));
  if (Number((h3 >> 52n) & 15n) <= res) return cell;
  return ((((h3 & ~(15n << 52n)) | (BigInt(res) << 52n)) >> unused << unused) | ((1n << unused) - 1n)).toString(16);
}

/** The middle of a ring. @param {{lat:number,lng:number}[]} ring */
export const middle = (ring) => ({ lat: ring.reduce((a, p) => a + p.lat, 0) / ring.length, lng: ring.reduce((a, p) => a + p.lng, 0) / ring.length });

/**
 * A part of a tile as a tile of its own, `zoom` levels deeper: what is shown
 * deeper than the data go.
 * @param {import('../app/decode.js').HexTile} t @param {number} zoom @param {number} x column of the part, 0 to 2^zoom - 1 @param {number} y its row @returns {import('../app/decode.js').HexTile}
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
