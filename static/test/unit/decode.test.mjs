import test from 'node:test';
import assert from 'node:assert/strict';
import { PbfWriter } from 'pbf';
import { decode, EMPTY } from '../../app/decode.js';

/** Two hexagons, one reaching over the tile's edge, as the server writes them. */
function tile() {
  const pbf = new PbfWriter();
  const ring = (/** @type {number[][]} */ points) => {
    const out = []; let x = 0, y = 0;
    points.forEach(([px, py], i) => {
      if (i === 0) out.push(9);
      if (i === 1) out.push(((points.length - 1) << 3) | 2);
      for (const d of [px - x, py - y]) out.push(d < 0 ? -d * 2 - 1 : d * 2);
      x = px; y = py;
    });
    return [...out, 15];
  };
  const feature = (/** @type {any} */ f, /** @type {any} */ p) => {
    p.writeVarintField(1, f.id); p.writePackedVarint(2, [0, f.value]); p.writeVarintField(3, 3); p.writePackedVarint(4, ring(f.points));
  };
  const layer = (/** @type {any} */ l, /** @type {any} */ p) => {
    p.writeVarintField(15, 2); p.writeStringField(1, l.name);
    for (const f of l.features) p.writeMessage(2, feature, f);
    p.writeStringField(3, l.key);
    for (const v of l.values) p.writeMessage(4, (/** @type {number} */ n, /** @type {any} */ q) => q.writeVarintField(5, n), v);
    p.writeVarintField(5, 4096);
  };
  pbf.writeMessage(3, layer, { name: 'cells', key: 'count', values: [7, 40000], features: [
    { id: 2 ** 51 + 1, value: 0, points: [[0, 0], [10, 5], [10, 15], [0, 20], [-10, 15], [-10, 5]] },
    { id: 12, value: 1, points: [[100, 100], [110, 105], [110, 115], [100, 120], [90, 115]] }] });
  pbf.writeMessage(3, layer, { name: 'meta', key: 'resolution', values: [9], features: [{ id: 1, value: 0, points: [[0, 0]] }] });
  return pbf.finish();
}

test('decode/rings, counts and ids go into typed arrays', () => {
  const t = decode(Uint8Array.from(tile()).buffer);
  assert.equal(t.n, 2);
  assert.deepEqual([...t.offsets], [0, 12, 22]);
  assert.deepEqual([...t.xy.slice(0, 12)], [0, 0, 10, 5, 10, 15, 0, 20, -10, 15, -10, 5]);
  assert.deepEqual([...t.counts], [7, 40000]);
  assert.deepEqual([...t.ids], [2 ** 51 + 1, 12]);
  assert.equal(t.res, 9);
  assert.equal(t.extent, 4096);
});

test('decode/nothing is an empty tile', () => {
  assert.equal(decode(new ArrayBuffer(0)), EMPTY);
});

test('decode/a broken tile throws', () => {
  assert.throws(() => decode(new Uint8Array([0x1a, 0xff, 0x01, 0x02]).buffer));
});

test('decode/a column that not every hexagon has leaves the others out', () => {
  assert.equal(decode(Uint8Array.from(tile()).buffer, 'both').n, 0);
  assert.equal(decode(Uint8Array.from(tile()).buffer, 'count').n, 2);
});
