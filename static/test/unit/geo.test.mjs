import test from 'node:test';
import assert from 'node:assert/strict';
import * as h3 from 'h3-js';
import { cellOfFeature, featureOfCell, hexWidth, inRing, project, resolutionForZoom, unproject } from '../../app/geo.js';

/** Every awkward kind: pentagon, near the poles, dateline, London. */
const PLACES = [[51.37, -0.1], [64.7, 10.5], [89.9, 0], [-89.9, 120], [0.1, 179.999], [0.1, -179.999], [58.15, 11.25]];

test('cellOfFeature/turns the id of a tile back into the index at each resolution', () => {
  for (const [lat, lng] of PLACES) {
    for (let res = 3; res <= 11; res++) {
      const cell = h3.latLngToCell(lat, lng, res), f = featureOfCell(cell);
      assert.equal(f.res, res);
      assert.ok(Number.isSafeInteger(f.id));
      assert.equal(cellOfFeature(f.id, res), cell);
    }
  }
  for (const cell of h3.getPentagons(7)) assert.equal(cellOfFeature(featureOfCell(cell).id, 7), cell);
});

test('resolutionForZoom/is the server’s table and never falls', () => {
  assert.deepEqual([0, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 22].map(resolutionForZoom), [3, 3, 4, 4, 5, 5, 6, 7, 7, 8, 9, 9, 10, 11, 11, 11]);
});

test('hexWidth/is near the mean size of the grid', () => {
  for (let res = 3; res <= 11; res++) {
    const [n, unit] = hexWidth(res).split('\u00a0'), m = Number(n.replace(',', '')) * (unit === 'km' ? 1000 : 1);
    const real = h3.getHexagonEdgeLengthAvg(res, 'm') * Math.sqrt(3);
    assert.ok(Math.abs(m - real) / real < 0.15, `${res}: ${m} against ${real}`);
  }
});

test('project/comes back', () => {
  for (const [lat, lng] of [[51.37, -0.1], [-33, 151], [0, 0], [84, 179]]) {
    const p = project(lat, lng), q = unproject(p.x, p.y);
    assert.ok(Math.abs(q.lat - lat) < 1e-9 && Math.abs(q.lng - lng) < 1e-9);
  }
});

test('inRing/agrees with the grid for random points around a cell', () => {
  let seed = 7;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647;
  const cell = h3.latLngToCell(51.37, -0.1, 9), xy = h3.cellToBoundary(cell).flatMap(([lat, lng]) => { const p = project(lat, lng); return [p.x * 1e6, p.y * 1e6]; });
  let inside = 0;
  for (let i = 0; i < 2000; i++) {
    const lat = 51.37 + (random() - 0.5) * 0.01, lng = -0.1 + (random() - 0.5) * 0.016, p = project(lat, lng);
    const hit = inRing(xy, 0, xy.length, p.x * 1e6, p.y * 1e6);
    inside += Number(hit);
    assert.equal(hit, h3.latLngToCell(lat, lng, 9) === cell);
  }
  assert.ok(inside > 50 && inside < 1500);
});
