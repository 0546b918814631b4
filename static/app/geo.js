// @ts-check
// Zoom, resolution and cell identity: the same rules as the tile server.

/** Finest resolution stored. */
export const MAX_RES = 11;
/** H3 resolution by zoom, 0 to 16 and over. */
const RES_BY_ZOOM = [3, 3, 3, 3, 3, 4, 4, 5, 5, 6, 7, 7, 8, 9, 9, 10, 11];
/** Mean distance between opposite sides in metres, by resolution from 3 (H3's table of edge lengths times the root of 3). */
const WIDTH_M = [119000, 45000, 17000, 6500, 2400, 920, 350, 130, 50];

/** @param {number} zoom */
export const resolutionForZoom = (zoom) => RES_BY_ZOOM[Math.max(0, Math.min(zoom, 16))];

/** @param {number} res */
export function hexWidth(res) {
  const m = WIDTH_M[res - 3];
  return m >= 1000 ? `${(m / 1000).toLocaleString('en-GB')}\u00a0km` : `${m}\u00a0m`;
}

const LOW_52 = (1n << 52n) - 1n;

/**
 * Tiles number a cell by the base cell and the digits it uses, which a double holds exactly.
 * @param {number} id feature id @param {number} res @returns {string} H3 index in hex
 */
export function cellOfFeature(id, res) {
  const unused = BigInt(3 * (15 - res));
  const h3 = (1n << 59n) | (BigInt(res) << 52n) | (BigInt(id) << unused) | ((1n << unused) - 1n);
  return h3.toString(16);
}

/** @param {string} cell H3 index in hex */
export function featureOfCell(cell) {
  const h3 = BigInt('0x' + cell), res = Number((h3 >> 52n) & 15n);
  return { id: Number((h3 & LOW_52) >> BigInt(3 * (15 - res))), res };
}

/** Web Mercator in units of the whole world, y down. @param {number} lat @param {number} lng */
export function project(lat, lng) {
  const s = Math.sin((Math.max(-85.0511, Math.min(85.0511, lat)) * Math.PI) / 180);
  return { x: (lng + 180) / 360, y: 0.5 - Math.log((1 + s) / (1 - s)) / (4 * Math.PI) };
}

/** @param {number} x @param {number} y */
export function unproject(x, y) {
  return { lat: (Math.atan(Math.sinh(Math.PI * (1 - 2 * y))) * 180) / Math.PI, lng: x * 360 - 180 };
}

/** Even-odd rule on a ring stored as x, y pairs. @param {ArrayLike<number>} xy @param {number} a first @param {number} b end @param {number} x @param {number} y */
export function inRing(xy, a, b, x, y) {
  let inside = false;
  for (let j = a, k = b - 2; j < b; k = j, j += 2) {
    if (xy[j + 1] > y !== xy[k + 1] > y && x < ((xy[k] - xy[j]) * (y - xy[j + 1])) / (xy[k + 1] - xy[j + 1]) + xy[j]) inside = !inside;
  }
  return inside;
}

/**
 * What a window of a size shows around a centre: west, south, east, north.
 * @param {{lat:number, lng:number, zoom:number}} c @param {{x:number, y:number}} size in pixels
 */
export function boxAround(c, size) {
  const world = 256 * 2 ** c.zoom, mid = project(c.lat, c.lng), dx = size.x / 2 / world, dy = size.y / 2 / world;
  const a = unproject(mid.x - dx, mid.y + dy), b = unproject(mid.x + dx, mid.y - dy);
  const within = (/** @type {number} */ v, /** @type {number} */ m) => Math.max(-m, Math.min(m, v));
  return [within(a.lng, 180), within(a.lat, 85), within(b.lng, 180), within(b.lat, 85)];
}

/** Bounds wider than the United Kingdom, in degrees, are no view: their middle may be a sea. */
const WIDEST = { lat: 12, lng: 12 };
/** @param {number[]|undefined} bounds west, south, east, north */
export const tooWide = (bounds) => !bounds || bounds[2] - bounds[0] > WIDEST.lng || bounds[3] - bounds[1] > WIDEST.lat;
