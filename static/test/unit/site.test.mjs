import test from 'node:test';
import assert from 'node:assert/strict';
import * as h3 from 'h3-js';
import { cut, parentOf } from '../../site/cells.js';
import { contrast, readable } from '../../site/colour.js';

test('parentOf/agrees with h3-js at every coarser resolution', () => {
  const cell = h3.latLngToCell(51.37, -0.09, 8);
  for (let res = 0; res <= 8; res++) assert.equal(parentOf(cell, res), h3.cellToParent(cell, res));
});

test('colour/contrast is WCAG 2.2’s, and a faint colour is made to fit', () => {
  assert.equal(contrast('000000', 'ffffff').toFixed(2), '21.00');
  assert.equal(contrast('777777', 'ffffff').toFixed(2), '4.48'); // the well-known grey that just fails
  for (const [colour, ground] of [['ffee00', 'ffffff'], ['1f4e79', '19212a'], ['8a8a8a', 'ffffff']]) {
    assert.ok(contrast(colour, ground) < 4.5);
    assert.ok(contrast(readable(colour, ground), ground) >= 4.5, `${colour} on ${ground}`);
  }
  assert.equal(readable('1f4e79', 'ffffff'), '1f4e79');
});

test('cut/a part of a tile is a tile: what is elsewhere is left out', () => {
  const t = { n: 2, extent: 4096, res: 9, offsets: Uint32Array.from([0, 12, 22]), ids: Float64Array.from([2 ** 51 + 1, 12]), counts: Uint32Array.from([7, 40000]),
    xy: Int32Array.from([0, 0, 10, 5, 10, 15, 0, 20, -10, 15, -10, 5, 100, 100, 110, 105, 110, 115, 100, 120, 90, 115]) };
  const part = cut(t, 5, 0, 0); // 128 units across
  assert.deepEqual([part.n, part.ids[0], part.counts[1]], [2, 2 ** 51 + 1, 40000]);
  assert.deepEqual([...part.xy.slice(0, 4)], [0, 0, 320, 160]);
  const right = cut(t, 7, 3, 3); // 96 to 128 in both directions
  assert.deepEqual([right.n, right.ids[0]], [1, 12]);
  assert.deepEqual([...right.xy.slice(0, 2)], [(100 - 96) * 128, (100 - 96) * 128]);
  assert.equal(cut(t, 5, 31, 31).n, 0);
});
