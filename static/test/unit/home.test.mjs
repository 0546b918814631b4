import { readFileSync } from 'node:fs';
import test from 'node:test';
import assert from 'node:assert/strict';
import { around, surroundings, whereReportsAre } from '../../app/home.js';
import { boxAround, project, tooWide } from '../../app/geo.js';
import { nearest } from '../../app/near.js';

const BOSTON = { lat: 42.36, lng: -71.06, count: 900 }, CROYDON = { lat: 51.37, lng: -0.1, count: 5000 };
const UK = [-8.2, 49.9, 1.8, 60.9];

test('tooWide/the United Kingdom is a view, an ocean is none', () => {
  assert.equal(tooWide(UK), false);
  assert.equal(tooWide([-71.2, 42.2, 0.3, 51.7]), true);
  assert.equal(tooWide([-1, -34, 1, 52]), true);
  assert.equal(tooWide(undefined), true);
});

test('surroundings/hold the spot, within the world', () => {
  for (const s of [BOSTON, CROYDON, { lat: 84.9, lng: 179.9, count: 1 }, { lat: -84.9, lng: -179.9, count: 1 }]) {
    const [w, south, e, n] = surroundings(s);
    assert.ok(w < s.lng && s.lng < e && south < s.lat && s.lat < n && w >= -180 && e <= 180 && south >= -85 && n <= 85, JSON.stringify(s));
  }
});

test('around/a faint spot does not widen the view', () => {
  const near = { lat: 51.5, lng: 0, count: 200 }, faint = { lat: 52.9, lng: -2, count: 3 };
  const [w, south, e, n] = around([CROYDON, near, faint]);
  assert.ok(w < CROYDON.lng && e > near.lng && south < CROYDON.lat && n > near.lat);
  assert.ok(n < faint.lat && w > faint.lng);
});

test('whereReportsAre/two places far apart: the denser one', async () => {
  const asked = [];
  const ask = async (path) => { asked.push(path); return { top: path.includes('res=3') ? [CROYDON] : [CROYDON, { lat: 51.4, lng: 0.02, count: 900 }] }; };
  const [w, south, e, n] = await whereReportsAre([-71.2, 42.2, 0.3, 51.7], '', ask);
  assert.ok(w < -0.1 && w > -1 && e > 0.02 && e < 1 && south < 51.37 && south > 51 && n > 51.4 && n < 52);
  assert.equal(asked.length, 2);
});

test('whereReportsAre/one place needs no question, a filter does, and nothing is nowhere', async () => {
  const never = async () => assert.fail('asked');
  assert.deepEqual(await whereReportsAre(UK, '', never), UK);
  const asked = [];
  await whereReportsAre(UK, 'factors=followed', async (path) => { asked.push(path); return { top: [BOSTON] }; });
  assert.ok(asked.every((p) => p.endsWith('&factors=followed')), asked.join());
  assert.equal(await whereReportsAre(UK, 'factors=followed', async () => ({ top: [] })), undefined);
});

test('boxAround/is as many pixels wide and high as asked, and the same for the same view', () => {
  const c = { lat: 51.3727, lng: -0.0994, zoom: 14 }, world = 256 * 2 ** c.zoom;
  const [w, south, e, n] = boxAround(c, { x: 761, y: 500 }), a = project(n, w), b = project(south, e);
  assert.ok(Math.abs((b.x - a.x) * world - 761) < 1e-6 && Math.abs((b.y - a.y) * world - 500) < 1e-6);
  assert.deepEqual(boxAround(c, { x: 761, y: 500 }), [w, south, e, n]);
  assert.deepEqual(boxAround({ lat: 0, lng: 0, zoom: 0 }, { x: 900, y: 900 }), [-180, -85, 180, 85], 'never more than the world');
});

const labels = JSON.parse(readFileSync(new URL('../../basemap/labels.json', import.meta.url), 'utf8'));

test('nearest/names a place by the nearest label, of those that a zoom shows', () => {
  const find = nearest(labels);
  assert.equal(find(51.3738, -0.0995), 'Croydon');
  assert.equal(find(51.5128, -0.1316, 6), 'London');
  assert.equal(find(42.36, -71.06), '', 'nothing is near Boston on a map of Britain');
});

test('nearest/is what a loop over true distances finds', () => {
  const find = nearest(labels), all = Object.values(labels.zooms).flat().map(([name, lng, lat]) => ({ name, lat: lat / labels.scale, lng: lng / labels.scale }));
  const rad = Math.PI / 180;
  const metres = (a, b) => 6371008.8 * Math.acos(Math.min(1, Math.sin(a.lat * rad) * Math.sin(b.lat * rad) + Math.cos(a.lat * rad) * Math.cos(b.lat * rad) * Math.cos((a.lng - b.lng) * rad)));
  for (let i = 0; i < 60; i++) {
    const p = { lat: 50.6 + ((i * 37) % 60) / 12, lng: -3 + ((i * 53) % 60) / 15 };
    const best = Math.min(...all.map((q) => metres(p, q))), name = find(p.lat, p.lng);
    if (best > 15_100) { assert.equal(name, ''); continue; }
    if (best > 14_900) continue;
    assert.ok(Math.min(...all.filter((q) => q.name === name).map((q) => metres(p, q))) < best * 1.01, `${name} at ${p.lat}, ${p.lng}`);
  }
});

test('labels/the demo opens with the name of its main town', () => {
  const from = Object.entries(labels.zooms).find(([, list]) => list.some(([name]) => name === 'Croydon'));
  assert.ok(Number(from[0]) <= 9, `Croydon is named from zoom ${from[0]}`);
});
