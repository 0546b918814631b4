import test from 'node:test';
import assert from 'node:assert/strict';
import { addDays, addMonths, createStore, DEFAULTS, filterQuery, parseState, printState, windowOf } from '../../app/state.js';

const IDS = ['no_cctv', 'badly_lit', 'followed'];
const TODAY = '2026-03-01';

test('parseState/an empty address is the default', () => {
  assert.deepEqual(parseState('', IDS), DEFAULTS);
  assert.equal(printState(DEFAULTS), '');
});

test('printState/what is printed is read again', () => {
  const addresses = [
    '?at=51.37270,-0.09940,14&window=90d&factors=badly_lit,followed&dayparts=night,unknown&weekdays=fri,sat&dark=yes&cell=89194ac229bffff&table=open&sort=lat',
    '?from=2025-01-01&to=2025-02-01', '?from=2025-01-01', '?to=2025-02-01', '?sort=-cell',
  ];
  for (const a of addresses) assert.equal(printState(parseState(a, IDS)), a);
});

test('parseState/what it cannot read falls back', () => {
  const bad = [
    '?at=91,0,5', '?at=51,0,99', '?at=x', '?at=,,', '?window=5d', '?from=2025-02-30x', '?from=2025-03-01&to=2025-03-01', '?from=2025-03-02&to=2025-03-01',
    '?factors=nope', '?factors=no_cctv,badly_lit,followed', '?cell=zzz', '?cell=%3Cscript%3E', '?table=1', '?sort=x', '?dark=maybe', '?weekdays=someday',
  ];
  for (const a of bad) assert.equal(printState(parseState(a, IDS)), '', a);
});

test('parseState/days that the server does not know are left out', () => {
  for (const a of ['?from=1999-01-01', '?to=1999-12-31', '?from=0002-01-01', '?from=2200-01-01', '?from=2025-02-30', '?to=2025-13-01', '?from=1999-01-01&to=0202-01-01']) {
    assert.equal(printState(parseState(a, IDS)), '', a);
  }
  assert.equal(printState(parseState('?from=0202-01-01&to=2025-02-01', IDS)), '?to=2025-02-01', 'the good end stays');
  assert.equal(printState(parseState('?from=2000-01-01&to=2024-02-29', IDS)), '?from=2000-01-01&to=2024-02-29');
});

test('parseState/order and repeats do not matter', () => {
  assert.equal(printState(parseState('?factors=followed,badly_lit,followed', IDS)), '?factors=badly_lit,followed');
});

test('windowOf/windows end with today and have as many days as they say', () => {
  const days = (w) => { const { from, to } = windowOf({ ...DEFAULTS, window: w }, TODAY); return (Date.parse(to) - Date.parse(from)) / 864e5; };
  assert.deepEqual(['7d', '30d', '90d', '12m'].map(days), [7, 30, 90, 365]);
  assert.deepEqual(windowOf({ ...DEFAULTS, window: '7d' }, TODAY), { from: '2026-02-23', to: '2026-03-02' });
  assert.deepEqual(windowOf(DEFAULTS, TODAY), { from: '', to: '' });
});

test('windowOf/twelve months from a leap day start on a real day', () => {
  assert.deepEqual(windowOf({ ...DEFAULTS, window: '12m' }, '2028-02-28'), { from: '2027-02-28', to: '2028-02-29' });
});

test('filterQuery/keys are sorted and empty ones left out', () => {
  const s = parseState('?window=7d&weekdays=mon&factors=badly_lit&dark=yes&dayparts=night', IDS);
  assert.equal(filterQuery(s, TODAY), 'dark=yes&dayparts=night&factors=badly_lit&from=2026-02-23&to=2026-03-02&weekdays=mon');
  assert.equal(filterQuery(DEFAULTS, TODAY), '');
});

test('addDays and addMonths/cross years', () => {
  assert.equal(addDays('2025-12-31', 1), '2026-01-01');
  assert.equal(addDays('2024-03-01', -1), '2024-02-29');
  assert.equal(addMonths('2025-12', 1), '2026-01');
  assert.equal(addMonths('2025-01', -13), '2023-12');
});

test('createStore/tells listeners, writes the address, ignores no change', () => {
  const written = [], heard = [];
  const store = createStore(DEFAULTS, (s, how) => written.push([how, printState(s)]));
  store.subscribe((now, was) => heard.push([printState(was), printState(now)]));
  store.set({ window: '7d' });
  store.set({ window: '7d' });
  store.set({ table: true }, 'replace');
  assert.deepEqual(written, [['push', '?window=7d'], ['replace', '?window=7d&table=open']]);
  assert.deepEqual(heard, [['', '?window=7d'], ['?window=7d', '?window=7d&table=open']]);
  store.restore(DEFAULTS);
  assert.equal(written.length, 2, 'going back must not write the address again');
  assert.ok(Object.isFrozen(store.get()));
});

test('createStore/undo takes back changes of the filter, the latest first, and leaves the rest', () => {
  const store = createStore(parseState('?at=51.00000,0.00000,9', IDS), () => {});
  assert.equal(store.undo(), false);
  store.set({ factors: ['badly_lit'] });
  store.set({ cell: '89194ac229bffff' });
  store.set({ window: '7d' });
  assert.ok(store.undo());
  assert.equal(printState(store.get()), '?at=51.00000,0.00000,9&factors=badly_lit&cell=89194ac229bffff');
  assert.ok(store.undo());
  assert.equal(printState(store.get()), '?at=51.00000,0.00000,9&cell=89194ac229bffff');
  assert.equal(store.canUndo(), false);
});

test('printState/tools, areas and packs are read again', () => {
  for (const a of ['?tool=hotspots', '?tool=change&against=year', '?tool=area&area=circle:51.37000,-0.10000,500', '?area=named:ward/E05011462', '?tool=shift&area=box:-0.2,51.3,0,51.4&shift=night-fri', '?pack=89194ac229bffff,89194ac228bffff', '?tool=split&split=previous']) {
    assert.equal(printState(parseState(a, IDS)), a);
  }
  for (const a of ['?tool=x', '?against=never', '?area=circle:x', '?area=star:1,2', '?area=named:../x', '?area=named:ward', '?shift=noon', '?shift=night-xyz', '?pack=zzz']) assert.equal(printState(parseState(a, IDS)), '', a);
});
