import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { PbfWriter } from 'pbf';
import { BASE, CROYDON, launch, moving, numberIn, open as openPage, query, settled as mapSettled } from './harness.mjs';

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Waits until the table is that of the present state too. @param {import('playwright-core').Page} page */
async function settled(page) {
  await page.waitForFunction(() => document.getElementById('spots')?.getAttribute('aria-busy') === 'false');
  await mapSettled(page);
}
/** @type {typeof openPage} */
const open = async (...args) => { const opened = await openPage(...args); await settled(opened.page); return opened; };

/** @param {string[]} requests @param {import('playwright-core').Page} page */
async function answer(page, requests) {
  const last = requests.findLast((u) => u.includes('/api/v1/lighting?'));
  if (!last) throw new Error('the page asked for no places');
  return (await page.request.get(last)).json();
}
/** @param {import('playwright-core').Page} page */
const rows = (page) => page.locator('#table-body tr').evaluateAll((all) => all.map((r) => /** @type {HTMLElement} */ (r).dataset.cell));

test('lighting/the table is what the API says, and sorts', async () => {
  const { page, context, faults, requests, violations } = await open(browser, `/hub/lighting?${CROYDON}`);
  const api = await answer(page, requests);
  assert.ok(api.total > 0, 'the demo has dark places in Croydon');
  assert.ok(!requests.some((u) => u.includes('/tiles/lamps')), 'lamps that are not loaded are not asked for');
  assert.equal(await numberIn(page, '#total'), api.total);
  assert.deepEqual(await rows(page), api.places.map((/** @type {any} */ p) => p.cell));
  await page.locator('th[data-key=last] button').press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.closest('th')?.dataset.key), 'last', 'the keyboard stays where it was');
  const days = await page.locator('#table-body td:nth-child(5)').allTextContents();
  const at = days.map((d) => Date.parse(d));
  assert.deepEqual(at, [...at].sort((a, b) => b - a), 'the latest first');
  assert.equal(await page.getAttribute('th[data-key=last]', 'aria-sort'), 'descending');
  await Promise.all([page.waitForResponse((r) => r.url().includes('/api/v1/lighting?')), page.selectOption('#period', '90d')]);
  await settled(page);
  assert.equal(query(page).get('window'), '90d');
  const recent = await answer(page, requests);
  assert.ok(recent.total < api.total);
  assert.equal(await numberIn(page, '#total'), recent.total);
  await Promise.all([page.waitForResponse((r) => r.url().includes('/api/v1/lighting?')), page.goBack()]);
  await settled(page);
  assert.equal(await numberIn(page, '#total'), api.total, 'back is back');
  assert.deepEqual(faults, []);
  assert.deepEqual(await violations(), []);
  await context.close();
});

test('lighting/table and map are one selection', async () => {
  const { page, context, faults, requests } = await open(browser, `/hub/lighting?${CROYDON}`);
  const { places } = await answer(page, requests);
  const button = page.locator(`#table-body tr[data-cell="${places[2].cell}"] button`);
  await button.focus();
  await page.keyboard.press('Enter');
  assert.equal(query(page).get('cell'), places[2].cell);
  assert.match(await page.getAttribute('.hex-chosen', 'd') ?? '', /^M/);
  assert.equal(await page.locator('tr.chosen').getAttribute('data-cell'), places[2].cell);
  // The one under the middle of the map, by key.
  await page.goto(`${BASE}/hub/lighting?at=${places[0].lat.toFixed(5)},${places[0].lng.toFixed(5)},14`);
  await settled(page);
  await moving(page, () => page.click('#zoom-in'));
  await settled(page);
  await page.focus('#map');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => location.search.includes('cell='));
  const chosen = await page.locator('tr.chosen').getAttribute('data-cell');
  assert.equal(chosen, query(page).get('cell'));
  assert.match(await page.textContent('#live') ?? '', /chosen/);
  assert.deepEqual(faults, []);
  await context.close();
});

test('lighting/a spreadsheet needs a reason', async () => {
  const { page, context, faults } = await open(browser, `/hub/lighting?${CROYDON}`);
  await page.click('[data-export=csv]');
  await page.click('#why-go');
  assert.ok(await page.locator('#why').isVisible(), 'not without a reason');
  await page.fill('#reason', 'lamps to repair');
  const [download] = await Promise.all([page.waitForEvent('download'), page.click('#why-go')]);
  assert.equal(download.suggestedFilename(), 'streetsafe-lighting.csv');
  const text = readFileSync(await download.path(), 'utf8');
  assert.ok(text.startsWith('\ufeff# StreetSafe'));
  assert.ok(text.includes((await rows(page))[0] ?? 'none'));
  await page.click('[data-export=xlsx]');
  const [book] = await Promise.all([page.waitForEvent('download'), page.click('#why-go')]);
  assert.equal(readFileSync(await book.path()).subarray(0, 2).toString(), 'PK');
  assert.deepEqual(faults, []);
  await context.close();
});

test('lighting/areas: reports and rates, one of them chosen', async () => {
  const { page, context, faults } = await open(browser, `/hub/lighting?${CROYDON}`, {}, async (page) => {
    const figure = (/** @type {string} */ id, /** @type {string} */ name, /** @type {number} */ count, /** @type {number} */ shrunk) => ({ id, name, count, recent: 4, previous: 9, verdict: 'no_change', rate: { denominator: 1, raw: shrunk, shrunk, low: 0, high: 1, relative: 1, verdict: 'no_change' } });
    await page.route('**/api/v1/areas', (r) => r.fulfill({ json: { kinds: [{ kind: 'ward', areas: 2, denominator: 'residents', bounds: [-0.2, 51.3, 0, 51.4] }] } }));
    await page.route('**/api/v1/areas/ward/figures*', (r) => r.fulfill({ json: { total: 30, outside: 0, denominator: 'residents', areas: [figure('W1', 'Fairfield', 20, 0.002), figure('W2', 'Waddon', 10, 0.004)] } }));
    await page.route('**/api/v1/areas/ward/W2', (r) => r.fulfill({ contentType: 'application/geo+json', body: JSON.stringify({ type: 'Feature', properties: { name: 'Waddon' }, geometry: { type: 'MultiPolygon', coordinates: [[[[-0.13, 51.36], [-0.1, 51.36], [-0.1, 51.38], [-0.13, 51.38], [-0.13, 51.36]]]] } }) }));
    await page.route('**/api/v1/lighting?area=ward*', (r) => r.fulfill({ json: { generation: 1, synthetic: true, res: 9, total: 10, cells: 0, lamp_hours: false, area_name: 'Waddon', places: [] } }));
  });
  await page.selectOption('#kind', 'ward');
  await page.waitForSelector('#area-list button');
  const names = () => page.locator('#area-list button span').allTextContents();
  assert.deepEqual(await names(), ['Fairfield', 'Waddon']);
  await page.click('#by-rate');
  assert.deepEqual(await names(), ['Waddon', 'Fairfield'], 'by rate the order is another');
  assert.match(await page.textContent('#area-note') ?? '', /1,000 of residents/);
  await page.click('#area-list button[data-id=W2]');
  await page.waitForFunction(() => document.querySelector('.area-edge')?.getAttribute('d')?.startsWith('M'));
  await settled(page);
  assert.equal(query(page).get('area'), 'ward/W2');
  assert.equal(await page.textContent('#table-title'), 'Places in Waddon');
  await page.click('#clear-area');
  await page.waitForFunction(() => !document.querySelector('.area-edge'));
  assert.equal(query(page).get('area'), 'ward');
  assert.deepEqual(faults, []);
  await context.close();
});

/** A vector tile with a lamp of each kind in a row over its middle. @param {[kind: string, off: string][]} lamps */
function lampTile(lamps) {
  const w = new PbfWriter(), values = [...new Set(lamps.flat().filter(Boolean))];
  w.writeMessage(3, (_, l) => {
    l.writeVarintField(15, 2); l.writeStringField(1, 'lamps');
    lamps.forEach(([kind, off], i) => l.writeMessage(2, (_, f) => {
      f.writePackedVarint(2, [0, values.indexOf(kind), ...(off ? [1, values.indexOf(off)] : [])]);
      f.writeVarintField(3, 1);
      f.writePackedVarint(4, [9, 2 * (400 + 800 * i), 2 * 2048]);
    }, null));
    l.writeStringField(3, 'kind'); l.writeStringField(3, 'off');
    for (const v of values) l.writeMessage(4, (_, x) => x.writeStringField(1, v), null);
    l.writeVarintField(5, 4096);
  }, null);
  return Buffer.from(w.finish());
}

test('lighting/lamps stand on the map from where they can be read, each kind in its shape', async () => {
  const kinds = [['LED', 5], ['SON', 4], ['CFL', 3], ['MBF', 2], ['gas', 1]].map(([kind, lamps]) => ({ kind, lamps }));
  let tiles = 0;
  const { page, context, faults } = await open(browser, `/hub/lighting?at=51.37270,-0.09940,15`, {}, async (page) => {
    await page.route('**/api/v1/lighting?*', async (r) => { const a = await r.fetch(); return r.fulfill({ response: a, json: { ...await a.json(), lamp_source: 'lamps.csv', lamp_hours: true } }); });
    await page.route('**/tiles/lamps.json', (r) => r.fulfill({ json: { tiles: ['http://elsewhere.example/tiles/lamps/{z}/{x}/{y}.mvt'], lamps: 15, hours: true, minzoom: 14, maxzoom: 16, kinds } }));
    await page.route('**/tiles/lamps/*/*/*.mvt', (r) => { tiles++; return r.fulfill({ contentType: 'application/vnd.mapbox-vector-tile', body: lampTile([['LED', ''], ['SON', ''], ['CFL', ''], ['MBF', ''], ['LED', '00:00-05:30']]) }); });
  });
  await page.waitForSelector('#lamps:not([hidden])');
  assert.match(await page.textContent('#lamps [role=status]') ?? '', /Zoom in/);
  assert.equal(tiles, 0, 'nothing is asked for that is not shown');
  await moving(page, () => page.click('#zoom-in'));
  await settled(page);
  await page.waitForFunction(() => document.querySelectorAll('.lamps canvas.leaflet-tile-loaded').length > 3);
  assert.deepEqual(await page.locator('.lamp-kinds li').allTextContents(), ['LED (5)', 'SON (4)', 'CFL (3)', 'MBF (2)', 'Other kinds (1)', 'Hollow: off by policy for part of the night']);
  // How much ink each symbol has: shapes differ, and a hollow one has another middle.
  const seen = await page.evaluate(() => {
    const c = /** @type {HTMLCanvasElement} */ (document.querySelector('.lamps canvas')), k = c.width / 256, copy = Object.assign(document.createElement('canvas'), { width: c.width, height: c.height });
    const g = /** @type {CanvasRenderingContext2D} */ (copy.getContext('2d', { willReadFrequently: true }));
    g.drawImage(c, 0, 0);
    return [0, 1, 2, 3, 4].map((i) => {
      const x = Math.round((25 + 50 * i) * k), y = Math.round(128 * k), d = g.getImageData(x - 8, y - 8, 17, 17).data;
      let ink = 0;
      for (let p = 0; p < d.length; p += 4) if (d[p + 3] > 128 && d[p] < 90) ink++;
      return { ink, middle: g.getImageData(x, y, 1, 1).data[0] };
    });
  });
  assert.equal(new Set(seen.map((s) => s.ink)).size, 5, `five symbols, five shapes: ${JSON.stringify(seen)}`);
  assert.ok(seen[0].middle < 90 && seen[4].middle > 200, 'a lamp that is off is hollow');
  await page.uncheck('#lamps input');
  assert.equal(await page.locator('.lamps').count(), 0);
  assert.deepEqual(faults, []);
  await context.close();
});

test('lighting/places by rate where what they are divided by is loaded', async () => {
  const place = (/** @type {string} */ cell, /** @type {number} */ after_dark, /** @type {number} */ shrunk) => ({ cell, lat: 51.37, lng: -0.1, place: `near ${cell}`, after_dark, all: after_dark, dark_share: 1, last: '2026-01-01', recent: 1, previous: 1, verdict: 'too_few', others: [], boundary: [[-0.1, 51.37], [-0.1, 51.371], [-0.101, 51.37]],
    rate: { denominator: 100, raw: shrunk, shrunk, low: shrunk / 2, high: shrunk * 2, relative: 1, verdict: 'no_change' } });
  const { page, context, faults, requests } = await open(browser, `/hub/lighting?${CROYDON}`, {}, async (page) => { await page.route('**/api/v1/lighting?*', (r) => {
    const by = new URL(r.request().url()).searchParams.get('by') ?? 'count', busy = place('8a194ad32a1ffff', 50, 0.01), rare = place('8a194ad32a0ffff', 5, 0.04);
    return r.fulfill({ json: { generation: 1, synthetic: true, res: 10, total: 55, cells: 2, lamp_hours: false, by, denominator: 'metres of street', rate_source: 'roads.geojson', overall_rate: 0.015, places: by === 'rate' ? [rare, busy] : [busy, rare] } });
  }); });
  assert.deepEqual(await rows(page), ['8a194ad32a1ffff', '8a194ad32a0ffff']);
  await page.click('#rank-rate');
  await settled(page);
  await page.waitForFunction(() => document.getElementById('rank-rate')?.getAttribute('aria-pressed') === 'true');
  assert.ok(requests.some((u) => u.includes('by=rate')));
  assert.deepEqual(await rows(page), ['8a194ad32a0ffff', '8a194ad32a1ffff']);
  assert.match(await page.textContent('th[data-key=rate]') ?? '', /Per 100 of metres of street/);
  assert.match(await page.textContent('#table-body tr') ?? '', /4\.02\.0 to 8\.0/);
  assert.equal(query(page).get('by'), 'rate', 'a link shows the same');
  assert.deepEqual(faults, []);
  await context.close();
});

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  for (const [name, options] of /** @type {[string, any][]} */ ([['screen', {}], ['tablet', { viewport: { width: 1024, height: 768 } }], ['phone', PHONE]])) {
    test(`lighting/${name}, ${colorScheme}: axe finds nothing, nothing sticks out`, async () => {
      const { page, context, faults } = await open(browser, `/hub/lighting?${CROYDON}`, { colorScheme, ...options });
      await page.evaluate(AXE);
      const found = await page.evaluate(() => /** @type {any} */ (window).axe.run(document, { resultTypes: ['violations'] }));
      assert.deepEqual(found.violations.map((/** @type {any} */ v) => `${v.id}: ${v.nodes.map((/** @type {any} */ n) => n.html.slice(0, 120)).join(' | ')}`), []);
      assert.ok(!await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1));
      const boxes = await Promise.all(['#settings', '.map-area', '#spots'].map((part) => page.locator(part).boundingBox()));
      for (const [i, a] of boxes.entries()) {
        assert.ok(a && a.width > 200 && a.height > 150, `part ${i} is there`);
        for (const b of boxes.slice(i + 1)) assert.ok(b && (a.x + a.width <= b.x + 1 || b.x + b.width <= a.x + 1 || a.y + a.height <= b.y + 1 || b.y + b.height <= a.y + 1), 'no part lies over another');
      }
      assert.deepEqual(faults, []);
      await context.close();
    });
  }
}
