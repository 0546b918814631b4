// @ts-check
// Names for positions, from the labels of the offline basemap: no request says where somebody looks.
import { getJSON } from './api.js';

/** @typedef {import('./basemap.js').LabelData} LabelData */

/** A place further away names nothing, as on the server. */
const NEARBY_M = 15_000;
const M_PER_DEG = 111_195;

/** @param {LabelData} data @returns {(lat: number, lng: number, zoom?: number) => string} the nearest place's name, '' when none is near; of those that a zoom shows */
export function nearest(data) {
  const places = Object.entries(data.zooms).flatMap(([from, list]) => list.map(([name, lng, lat]) => ({ name, from: Number(from), lat: lat / data.scale, lng: lng / data.scale })));
  return (lat, lng, zoom = Infinity) => {
    const k = Math.cos((lat * Math.PI) / 180);
    let best = (NEARBY_M / M_PER_DEG) ** 2, name = '';
    for (const p of places) {
      if (p.from > zoom) continue;
      const dy = p.lat - lat, dx = (p.lng - lng) * k, d = dy * dy + dx * dx;
      if (d < best) { best = d; name = p.name; }
    }
    return name;
  };
}

/** @type {(lat: number, lng: number, zoom?: number) => string} */
let find = () => '';
/** @type {Promise<void>|null} */
let loading = null;

/** Loads the names, once; without them places keep their coordinates. */
export const loadNames = () => (loading ??= getJSON(new URL('../basemap/labels.json', import.meta.url).pathname).then((d) => { find = nearest(/** @type {LabelData} */ (d)); }).catch(() => {}));

/** @param {{lat:number, lng:number, place?:string}} p @param {number} [zoom] names only what it shows @returns {string} "near Croydon", '' when unknown or not loaded */
export function nearName(p, zoom) {
  const name = p.place ? '' : find(p.lat, p.lng, zoom);
  return p.place ?? (name && `near ${name}`);
}
