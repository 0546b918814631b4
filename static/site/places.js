// @ts-check
// Names of places: those on the map come in pieces of what is in sight.
import { getJSON } from '../app/api.js';
import { project } from '../app/geo.js';

/** The tiles of this zoom are the pieces. */
const PIECE_ZOOM = 9;
const NAMES_FROM_ZOOM = 11;

/** @typedef {{scale:number, zooms:Record<string, [string, number, number][]>, pieces?:string[]}} Labels */

/** @param {any} map @param {string} folder */
export function placeNames(map, folder) {
  /** @type {{name:string, lat:number, lng:number}[]} */
  const known = [];
  const asked = new Set();
  /** @type {Set<string>} */
  let pieces = new Set();
  /** @type {(d: Labels) => void} */
  let draw = () => {};
  let ready = () => {};
  /** @param {Labels} d */
  function add(d) {
    for (const list of Object.values(d.zooms)) for (const [name, lng, lat] of list) known.push({ name, lat: lat / d.scale, lng: lng / d.scale });
    draw(d);
    ready();
  }
  function look() {
    if (map.getZoom() < NAMES_FROM_ZOOM) return;
    const b = map.getBounds(), n = 2 ** PIECE_ZOOM, a = project(b.getNorth(), b.getWest()), c = project(b.getSouth(), b.getEast());
    for (let x = Math.floor(a.x * n); x <= Math.floor(c.x * n); x++) {
      for (let y = Math.floor(a.y * n); y <= Math.floor(c.y * n); y++) {
        const key = `${x}-${y}`;
        if (!pieces.has(key) || asked.has(key)) continue;
        asked.add(key);
        // A map without names is still a map: their failure is not the reader's concern.
        getJSON(`${folder}labels-${key}.json`).then((d) => add(/** @type {Labels} */ (d))).catch(() => asked.delete(key));
      }
    }
  }
  return {
    /** Fetches what is in sight, now and after each move. @param {(d: Labels) => void} show @param {() => void} changed */
    start(show, changed) {
      draw = show; ready = changed;
      getJSON(`${folder}labels-few.json`).then((d) => {
        const few = /** @type {Labels} */ (d);
        pieces = new Set(few.pieces);
        add(few);
        look();
        map.on('moveend', look);
      }).catch(() => {});
    },
    /** The nearest name, "" while none is known. @param {{lat:number,lng:number}} at */
    nearest(at) {
      const k = Math.cos((at.lat * Math.PI) / 180);
      let best = '', least = Infinity;
      for (const p of known) {
        const d = (p.lat - at.lat) ** 2 + ((p.lng - at.lng) * k) ** 2;
        if (d < least) { least = d; best = p.name; }
      }
      return best;
    },
  };
}
