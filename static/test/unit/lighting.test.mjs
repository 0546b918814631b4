import test from 'node:test';
import assert from 'node:assert/strict';
import { changeText, rateUnit } from '../../app/lightapi.js';
import { sortPlaces } from '../../app/lighttable.js';

test('rateUnit/a rate reads as a number of one or more', () => {
  for (const [rate, unit] of [[3, 1], [0.5, 100], [0.02, 100], [0.004, 1000], [0.0004, 10_000], [0.00002, 100_000], [0, 1_000_000]]) assert.equal(rateUnit(rate), unit, String(rate));
});

test('changeText/each verdict in words, with both counts where they say something', () => {
  const c = { recent: 9, previous: 3 };
  assert.equal(changeText({ ...c, verdict: 'more' }), '▲ more (3\u00a0→\u00a09)');
  assert.equal(changeText({ ...c, verdict: 'fewer' }), '▼ fewer (3\u00a0→\u00a09)');
  assert.equal(changeText({ ...c, verdict: 'no_change' }), 'about the same (3\u00a0→\u00a09)');
  assert.equal(changeText({ ...c, verdict: 'too_few' }), 'too few to tell (3\u00a0→\u00a09)');
  assert.equal(changeText({ ...c, verdict: 'no_history' }), 'no history');
});

test('sortPlaces/by any column either way, the busier first among equals', () => {
  const place = (/** @type {string} */ cell, /** @type {number} */ after_dark, /** @type {any} */ more) => ({ cell, lat: 51, lng: 0, after_dark, all: 9, dark_share: 0.5, last: '2026-01-01', recent: 1, previous: 1, verdict: 'no_change', others: [], boundary: [], ...more });
  const places = [place('a', 5, { last: '2026-03-01', dark_share: null }), place('b', 9, { verdict: 'more' }), place('c', 7, { lamps: { cause: 'no_lamp', count: 0, off: 0 } })];
  const order = (/** @type {string} */ key, up = false) => sortPlaces(places, key, up).map((p) => p.cell).join('');
  assert.equal(order('after_dark'), 'bca');
  assert.equal(order('after_dark', true), 'acb');
  assert.equal(order('last'), 'abc');
  assert.equal(order('change'), 'bca');
  assert.equal(order('cause'), 'cba');
  assert.equal(order('share'), 'bca', 'a share that nobody knows is last');
});
