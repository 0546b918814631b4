// @ts-check
// An area as the address bar has it, as GeoJSON, and as lines to draw.

/** @typedef {import('./shapes.js').Line} Line */
/**
 * A named one is a boundary that the server has; its outline comes with it.
 * @typedef {{kind:'circle', lat:number, lng:number, metres:number} | {kind:'box'|'poly', ring: Line}
 *   | {kind:'named', id: string, name: string, geometry: {type:'Polygon', coordinates: Line[]} | {type:'MultiPolygon', coordinates: Line[][]}}} Area
 */

export const MAX_METRES = 100_000;
const CORNERS = 64;

/** @param {string} text as printArea writes it @returns {Area|null} */
export function parseArea(text) {
  const [kind, rest = ''] = text.split(/:(.*)/s);
  const rows = rest.split(';').map((r) => r.split(',').map((n) => (n ? Number(n) : NaN)));
  if (rows.flat().some((n) => !Number.isFinite(n))) return null;
  const on = (/** @type {number} */ lat, /** @type {number} */ lng) => Math.abs(lat) <= 85 && Math.abs(lng) <= 180;
  const one = rows[0];
  if (kind === 'circle' && rows.length === 1 && one.length === 3 && on(one[0], one[1]) && one[2] > 0 && one[2] <= MAX_METRES) return { kind, lat: one[0], lng: one[1], metres: one[2] };
  if (kind === 'box' && rows.length === 1 && one.length === 4) {
    const [w, s, e, n] = one;
    return w < e && s < n && on(s, w) && on(n, e) ? { kind, ring: [[w, s], [e, s], [e, n], [w, n], [w, s]] } : null;
  }
  if (kind === 'poly' && rows.length >= 3 && rows.every((r) => r.length === 2 && on(r[0], r[1]))) {
    const ring = rows.map(([lat, lng]) => /** @type {[number, number]} */ ([lng, lat]));
    return { kind, ring: [...ring, ring[0]] };
  }
  return null;
}

/** The boundary that an address names, for the server to be asked for. @param {string} text */
export const namedArea = (text) => (text.startsWith('named:') ? text.slice(6) : '');

/** @param {Area} a */
export function printArea(a) {
  const n = (/** @type {number} */ x) => String(Number(x.toFixed(5)));
  if (a.kind === 'circle') return `circle:${n(a.lat)},${n(a.lng)},${Math.round(a.metres)}`;
  if (a.kind === 'named') return `named:${a.id}`;
  if (a.kind === 'box') return `box:${[a.ring[0][0], a.ring[0][1], a.ring[2][0], a.ring[2][1]].map(n).join(',')}`;
  return `poly:${a.ring.slice(0, -1).map(([lng, lat]) => `${n(lat)},${n(lng)}`).join(';')}`;
}

/** As the server reads it. @param {Area} a @param {string} name */
export function areaGeoJSON(a, name) {
  const geometry = a.kind === 'named' ? a.geometry : a.kind === 'circle' ? { type: 'Point', coordinates: [a.lng, a.lat] } : { type: 'Polygon', coordinates: [a.ring] };
  return { type: 'Feature', geometry, properties: { name: name || (a.kind === 'named' ? a.name : ''), ...(a.kind === 'circle' ? { radius_m: a.metres } : {}) } };
}

/** The lines around it. A circle is drawn with corners, and counted by distance. @param {Area} a @returns {Line[]} */
export function ringsOf(a) {
  if (a.kind === 'named') return a.geometry.type === 'Polygon' ? a.geometry.coordinates : a.geometry.coordinates.flat();
  if (a.kind !== 'circle') return [a.ring];
  const lat = (a.metres / 111_195), lng = lat / Math.cos((a.lat * Math.PI) / 180);
  return [Array.from({ length: CORNERS + 1 }, (_, i) => { const t = (2 * Math.PI * i) / CORNERS; return /** @type {[number, number]} */ ([a.lng + lng * Math.cos(t), a.lat + lat * Math.sin(t)]); })];
}

/** @param {Area} a */
export function areaWords(a) {
  if (a.kind === 'named') return a.name;
  if (a.kind === 'circle') return a.metres >= 1000 ? `within ${(a.metres / 1000).toLocaleString('en-GB')} km of a point` : `within ${a.metres} m of a point`;
  return a.kind === 'box' ? 'a part of the map' : `a polygon of ${a.ring.length - 1} corners`;
}
