import test from 'node:test';
import assert from 'node:assert/strict';
import { fillMonths } from '../../app/bars.js';
import { short } from '../../app/charts.js';
import { presetActive, PRESETS } from '../../app/filters.js';
import { describe, factorName, percent, plural, position, shortLabel, windowText } from '../../app/format.js';
import { classOf, palette, ranges } from '../../app/scale.js';
import { DEFAULTS, parseState } from '../../app/state.js';
import { sortRows } from '../../app/table.js';

const VOCABULARY = {
  factors: [{ id: 'badly_lit', label: 'Badly lit e.g. poor or no street lighting', short: 'Badly lit', group: 'environmental' }, { id: 'other_environmental', label: 'Other', group: 'environmental' }, { id: 'followed', label: 'Feeling like you are being followed', group: 'behavioural' }],
  groups: [], dayparts: [{ id: 'night', label: 'Night' }, { id: 'evening', label: 'Evening' }], weekdays: [{ id: 'fri', label: 'Friday' }],
};

test('classOf/the last lower bound not above the count', () => {
  const breaks = [1, 2, 5, 10, 20];
  assert.deepEqual([1, 2, 4, 5, 9, 10, 19, 20, 5000].map((n) => classOf(breaks, n)), [0, 1, 1, 2, 2, 3, 3, 4, 4]);
  assert.equal(classOf([10, 20], 3), 0, 'a count below the first bound is of the first class');
  assert.equal(classOf([1], 7), 0);
});

test('ranges/say what a class holds', () => {
  assert.deepEqual(ranges([1, 2, 5, 10, 20]), ['1', '2–4', '5–9', '10–19', '20+']);
  assert.deepEqual(ranges([1, 1000]), ['1–999', '1,000+']);
});

test('palette/ends are kept whatever the number of classes, lightness runs one way', () => {
  for (const theme of /** @type {const} */ (['light', 'dark'])) {
    const full = palette(theme, 5);
    assert.equal(palette(theme, 2)[0], full[0]);
    assert.equal(palette(theme, 3)[2], full[4]);
    assert.equal(palette(theme, 1).length, 1);
    const light = full.map((c) => { const [r, g, b] = [1, 3, 5].map((i) => parseInt(c.slice(i, i + 2), 16)); return 0.2126 * r + 0.7152 * g + 0.0722 * b; });
    const sorted = [...light].sort((a, b) => (theme === 'dark' ? a - b : b - a));
    assert.deepEqual(light, sorted, theme);
  }
});

test('windowText/people read inclusive days', () => {
  assert.equal(windowText({ from: '', to: '' }), 'All dates');
  assert.equal(windowText({ from: '2025-01-01', to: '2025-02-01' }), '1 Jan 2025 to 31 Jan 2025');
  assert.equal(windowText({ from: '2025-01-01', to: '2025-01-02' }), '1 Jan 2025');
  assert.equal(windowText({ from: '2025-01-01', to: '' }), 'From 1 Jan 2025');
  assert.equal(windowText({ from: '', to: '2025-01-01' }), 'Until 31 Dec 2024');
});

test('describe/the filter in words', () => {
  const s = parseState('?factors=badly_lit,other_environmental&dark=yes&dayparts=night&weekdays=fri&from=2025-01-01&to=2025-02-01', VOCABULARY.factors.map((f) => f.id));
  assert.deepEqual(describe(s, VOCABULARY, '2026-01-01'), ['Badly lit or Other environmental', '1 Jan 2025 to 31 Jan 2025', 'Night', 'Fri', 'After dark']);
  assert.deepEqual(describe(DEFAULTS, VOCABULARY, '2026-01-01'), ['All dates']);
});

test('words/numbers, labels and positions', () => {
  assert.equal(plural(1, 'report'), '1 report');
  assert.equal(plural(12345, 'report'), '12,345 reports');
  assert.equal(percent(1, 3), '33%');
  assert.equal(percent(1, 40), '2.5%');
  assert.equal(percent(0, 0), '–');
  assert.equal(shortLabel('Badly lit e.g. poor or no street lighting'), 'Badly lit');
  assert.equal(factorName({ label: 'Other' }), 'Other environmental');
  assert.equal(position(51.5, -0.12), '51.5000, −0.1200');
});

test('fillMonths/months without reports are there as zero', () => {
  assert.deepEqual(fillMonths([{ month: '2025-01', count: 3 }], '2024-12', '2025-02'), [{ month: '2024-12', count: 0 }, { month: '2025-01', count: 3 }, { month: '2025-02', count: 0 }]);
});

test('presetActive/only the very same filter', () => {
  const [lighting] = PRESETS;
  assert.ok(presetActive({ ...DEFAULTS, factors: ['badly_lit'], dark: ['yes'], window: '7d' }, lighting));
  assert.ok(!presetActive({ ...DEFAULTS, factors: ['badly_lit'], dark: ['yes'], weekdays: ['fri'] }, lighting));
  assert.ok(!presetActive(DEFAULTS, lighting));
});

test('sortRows/by any column, ties by cell, the list itself untouched', () => {
  const rows = [{ cell: 'b', lat: 1, lng: 3, count: 5 }, { cell: 'a', lat: 2, lng: 2, count: 5 }, { cell: 'c', lat: 3, lng: 1, count: 9 }];
  const cells = (/** @type {string} */ sort) => sortRows(rows, sort).map((r) => r.cell).join('');
  assert.deepEqual(['-count', 'count', 'lat', '-lat', 'lng', 'cell', '-cell'].map(cells), ['cab', 'abc', 'bac', 'cab', 'cab', 'abc', 'cba']);
  assert.equal(rows[0].cell, 'b');
});

test('short/four characters at most', () => {
  assert.deepEqual([0, 7, 999, 1000, 3623, 9949, 9951, 10_000, 123_456, 999_499, 999_500, 12_345_678].map(short), ['0', '7', '999', '1.0k', '3.6k', '9.9k', '10k', '10k', '123k', '999k', '1.0m', '12m']);
  for (let n = 1; n < 1e8; n = Math.ceil(n * 1.37)) assert.ok(short(n).length <= 4, `${n}: ${short(n)}`);
});
