import test from 'node:test';
import assert from 'node:assert/strict';
import { classLabels, diverging } from '../../app/change.js';
import { areaGeoJSON, parseArea, printArea, ringsOf } from '../../app/shape.js';
import { rightState } from '../../app/compare.js';
import { DEFAULTS, parseState } from '../../app/state.js';
import { distance, share, slotWords, sureness, times, verdict, why } from '../../app/words.js';

const VOCABULARY = {
  factors: [{ id: 'badly_lit', label: 'Badly lit e.g. poor lighting', short: 'Badly lit', group: 'environmental' }], groups: [],
  dayparts: [{ id: 'night', label: 'Night (00:00 to 06:00)' }, { id: 'evening', label: 'Evening (18:00 to 24:00)' }], weekdays: [{ id: 'fri', label: 'Friday' }, { id: 'sat', label: 'Saturday' }],
};

test('parseArea/what is printed is read again, and nothing else', () => {
  for (const a of ['circle:51.37,-0.1,500', 'box:-0.2,51.3,0,51.4', 'poly:51.3,-0.1;51.4,-0.1;51.4,0']) assert.equal(printArea(/** @type {any} */ (parseArea(a))), a);
  for (const a of ['', 'circle:', 'circle:51,0', 'circle:91,0,5', 'circle:51,0,-5', 'circle:51,0,1e9', 'box:0,51,-1,52', 'box:0,51,1', 'poly:51,0;52,0', 'poly:51,0;52,0;x,1', 'poly:51,0;;52,1', 'star:1,2,3', 'named:ward/W1']) assert.equal(parseArea(a), null, a);
});

test('areaGeoJSON/closed rings, longitude first; a circle is a point and a radius', () => {
  const poly = /** @type {any} */ (parseArea('poly:51.3,-0.1;51.4,-0.1;51.4,0'));
  assert.deepEqual(areaGeoJSON(poly, 'x').geometry, { type: 'Polygon', coordinates: [[[-0.1, 51.3], [-0.1, 51.4], [0, 51.4], [-0.1, 51.3]]] });
  const circle = /** @type {any} */ (parseArea('circle:51.37,-0.1,500'));
  assert.deepEqual(areaGeoJSON(circle, ''), { type: 'Feature', geometry: { type: 'Point', coordinates: [-0.1, 51.37] }, properties: { name: '', radius_m: 500 } });
  const [ring] = ringsOf(circle);
  for (const [lng, lat] of ring) assert.ok(Math.abs(Math.hypot((lat - 51.37) * 111_195, (lng + 0.1) * 111_195 * Math.cos(51.37 * Math.PI / 180)) - 500) < 1, 'every corner lies on the circle');
});

test('rightState/windows of the same length before, or of the same weekdays a year ago', () => {
  const s = parseState('?from=2026-03-01&to=2026-04-01&factors=badly_lit', ['badly_lit', 'followed']);
  const previous = rightState({ ...s, split: 'previous' }, '2026-05-01', []), year = rightState({ ...s, split: 'year' }, '2026-05-01', []);
  assert.deepEqual([previous?.from, previous?.to], ['2026-01-29', '2026-03-01']);
  assert.deepEqual([year?.from, year?.to, year?.factors], ['2025-03-02', '2025-04-02', ['badly_lit']]);
  assert.equal(rightState({ ...DEFAULTS, split: 'previous' }, '2026-05-01', []), null, 'all dates have no period before');
  assert.deepEqual(rightState({ ...DEFAULTS, split: 'factors=followed' }, '2026-05-01', ['badly_lit', 'followed'])?.factors, ['followed']);
});

test('classLabels/seven classes around the same, mirrored', () => {
  assert.deepEqual(classLabels([1, 2, 5]), ['−5+', '−2–4', '−1', 'same', '+1', '+2–4', '+5+']);
  assert.equal(classLabels([20, 50, 100])[6], '+100+');
});

test('diverging/lightness runs away from the middle on both sides, and no side is green', () => {
  for (const theme of /** @type {const} */ (['light', 'dark'])) {
    const all = diverging(theme), rgb = all.map((c) => [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16)));
    const light = rgb.map(([r, g, b]) => 0.2126 * r + 0.7152 * g + 0.0722 * b), sign = theme === 'light' ? -1 : 1;
    for (let i = 3; i < 6; i++) assert.ok(sign * (light[i + 1] - light[i]) > 0 && sign * (light[5 - i] - light[6 - i]) > 0, `${theme} ${light}`);
    for (const [r, g, b] of rgb) assert.ok(!(g > r + 20 && g > b + 20), 'never green');
  }
});

test('words/promise no more than was found', () => {
  assert.equal(times({ estimate: 1.9, low: 1.47, high: 2.45 }), '1.90 times (1.47 to 2.45)');
  assert.equal(times({ estimate: 3.2, low: 2.5, high: null }), '3.2 times (2.5 to more)');
  assert.equal(times({ estimate: null, low: null, high: null }), 'not known');
  assert.equal(verdict('too_few'), 'too few reports to tell');
  assert.match(sureness(0.03), /one in twenty/);
  assert.deepEqual([0, 0.004, 0.099, 0.0996, 0.5, 1].map(share), ['0%', '0.4%', '9.9%', '10%', '50%', '100%']);
  assert.deepEqual([20, 320, 940, 1049].map(distance), ['0 m', '300 m', '950 m', '1.0 km']);
  const c = { total: 60, cells: ['a', 'b'], nearby: 4, peak: { q: 0.0001 }, factors: [{ factor: 'badly_lit', share: 0.5, elsewhere: 0.3 }], daypart: 'evening', daypart_share: 0.6 };
  assert.equal(why(c, VOCABULARY), 'A hexagon here has 30 reports on average, one with reports nearby 4.0; very unlikely to be chance. Most named: Badly lit 50% (elsewhere 30%). 60% of those that say when are in the evening.');
  assert.match(why({ ...c, nearby: 0, factors: [], daypart_share: 0.2 }, VOCABULARY), /^Nothing else was reported nearby; very unlikely to be chance\.$/);
});

test('slotWords/a night shift reads from the evening on', () => {
  assert.equal(slotWords([{ daypart: 'night', weekdays: ['sat'] }, { daypart: 'evening', weekdays: ['fri'] }], VOCABULARY), 'Evening of Friday, night of Saturday');
});
