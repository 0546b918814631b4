import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import * as h3 from 'h3-js';
import { project, resolutionForZoom, unproject } from '../../app/geo.js';
import { apiTotal, BASE, CROYDON, launch, moving, numberIn, open, query, settled } from './harness.mjs';

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Screen position of a place, from the address alone. @param {import('playwright-core').Page} page */
async function screen(page) {
  const [lat, lng, zoom] = /** @type {string} */ (query(page).get('at')).split(',').map(Number);
  const box = await page.locator('#map').boundingBox(), size = 256 * 2 ** zoom, c = project(lat, lng);
  if (!box) throw new Error('no map');
  const origin = { x: c.x * size - box.width / 2 - box.x, y: c.y * size - box.height / 2 - box.y };
  return { zoom, box, of: (/** @type {number} */ wx, /** @type {number} */ wy) => ({ x: wx - origin.x, y: wy - origin.y }), world: (/** @type {number} */ la, /** @type {number} */ ln) => { const p = project(la, ln); return { x: p.x * size, y: p.y * size }; }, back: (/** @type {number} */ x, /** @type {number} */ y) => unproject(x / size, y / size) };
}

/** Total, table and API for what is on screen. @param {import('playwright-core').Page} page @param {string[]} requests */
async function sameNumbers(page, requests) {
  await settled(page);
  const api = await apiTotal(page, requests), shown = await numberIn(page, '#total');
  assert.equal(shown, api.total, 'panel and API');
  if (await page.locator('#table').isVisible() && api.total) {
    assert.equal(await numberIn(page, '#table-sum'), api.top.reduce((n, t) => n + t.count, 0), 'table and API');
    if (api.cells <= api.top.length) assert.equal(await numberIn(page, '#table-sum'), shown, 'table and panel');
  }
  return api;
}

test('map/total, table and API are one number while panning and filtering', async () => {
  const { page, context, faults, requests, violations } = await open(browser, `/hub?${CROYDON}&table=open`);
  const first = await sameNumbers(page, requests);
  assert.ok(first.total > 0, 'the demo has reports in Croydon');
  assert.equal(first.res, resolutionForZoom(14));

  const box = /** @type {{x:number,y:number,width:number,height:number}} */ (await page.locator('#map').boundingBox());
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  await page.mouse.down();
  await page.mouse.move(box.x + box.width / 2 - 300, box.y + box.height / 2 + 90, { steps: 8 });
  await page.mouse.up();
  await page.waitForFunction((at) => !location.search.includes(at), CROYDON);
  await sameNumbers(page, requests);
  assert.notEqual(query(page).get('at'), CROYDON.slice(3), 'the address follows the map');

  await page.getByRole('button', { name: 'Lighting' }).click();
  const lit = await sameNumbers(page, requests);
  assert.equal(query(page).get('factors'), 'badly_lit');
  assert.equal(query(page).get('dark'), 'yes');
  assert.ok(lit.total < first.total && lit.total > 0, 'lighting after dark is a part of all');

  await page.getByText('90 days', { exact: true }).click();
  const recent = await sameNumbers(page, requests);
  assert.ok(recent.total <= lit.total);
  await page.locator('label', { hasText: /^Fri/ }).click();
  await page.locator('label', { hasText: /^Evening/ }).click();
  await sameNumbers(page, requests);
  await moving(page, () => page.click('#zoom-out'));
  await sameNumbers(page, requests);
  assert.deepEqual(faults, []);
  assert.deepEqual(await violations(), []);
  await context.close();
});

test('map/a hexagon on a tile border is one hexagon from both sides', async () => {
  const { page, context, faults, requests } = await open(browser, `/hub?${CROYDON}`);
  const at = await screen(page), res = resolutionForZoom(at.zoom);
  const api = await (await page.request.get(/** @type {string} */ (requests.findLast((u) => u.includes('/api/v1/summary'))).replace(/top=\d+/, 'top=500'))).json();
  const border = api.top.map((/** @type {any} */ t) => {
    const ring = h3.cellToBoundary(t.cell).map(([la, ln]) => at.world(la, ln)), c = at.world(t.lat, t.lng);
    const edge = 256 * Math.round(c.x / 256), xs = ring.map((p) => p.x);
    const sides = [-3, 3].map((d) => ({ ...at.of(edge + d, c.y), cell: h3.latLngToCell(...(/** @type {[number, number]} */ (Object.values(at.back(edge + d, c.y)))), res) }));
    const inside = sides.every((s) => s.cell === t.cell && s.x > at.box.x + 80 && s.x < at.box.x + at.box.width - 80 && s.y > at.box.y + 80 && s.y < at.box.y + at.box.height - 120);
    return Math.min(...xs) < edge - 3 && Math.max(...xs) > edge + 3 && inside ? { ...t, sides } : null;
  }).find(Boolean);
  assert.ok(border, 'a busy hexagon lies across a tile border');

  for (const side of border.sides) {
    await page.mouse.move(side.x, side.y);
    await page.waitForFunction((n) => document.getElementById('tip')?.textContent?.replace(/[^\d]/g, '') === String(n), border.count);
    await page.mouse.click(side.x, side.y);
    await page.waitForFunction((cell) => new URL(location.href).searchParams.get('cell') === cell, border.cell);
    await page.waitForSelector('#detail-total');
    assert.equal(await numberIn(page, '#detail-total'), border.count, 'detail, map and summary agree');
    const outline = /** @type {string} */ (await page.getAttribute('.hex-chosen', 'd'));
    assert.equal(new Set(outline.replace('Z', '').split(/[ML]/).slice(1)).size, h3.cellToBoundary(border.cell).length, 'the outline is whole');
    await page.getByRole('button', { name: 'Close the details' }).click();
    await page.waitForFunction(() => !location.search.includes('cell='));
  }
  assert.deepEqual(faults, []);
  await context.close();
});

test('map/each row of the table is a hexagon of the map with the same count', async () => {
  const { page, context, faults, requests } = await open(browser, `/hub?${CROYDON}&table=open&factors=badly_lit`);
  const api = await sameNumbers(page, requests);
  const rows = await page.locator('#table-body tr').evaluateAll((list) => list.slice(0, 5).map((r) => ({ cell: /** @type {HTMLElement} */ (r).dataset.cell, count: Number(r.firstElementChild?.textContent?.replace(/,/g, '')) })));
  assert.deepEqual(rows, api.top.slice(0, 5).map(({ cell, count }) => ({ cell, count })));
  const at = await screen(page);
  for (const t of /** @type {any[]} */ (api.top).slice(0, 3)) {
    const w = at.world(t.lat, t.lng), p = at.of(w.x, w.y);
    const covered = await page.evaluate(({ x, y }) => !document.elementFromPoint(x, y)?.closest('#map'), p);
    if (covered) continue; // under the legend or a button
    await page.mouse.move(p.x, p.y);
    await page.waitForFunction((n) => document.getElementById('tip')?.textContent?.replace(/[^\d]/g, '') === String(n), t.count);
  }
  await page.getByRole('button', { name: 'Latitude' }).click();
  assert.equal(await page.getAttribute('th[data-key=lat]', 'aria-sort'), 'ascending');
  const lats = await page.locator('#table-body tr td.col-lat').allTextContents();
  assert.deepEqual(lats.map(Number), lats.map(Number).sort((a, b) => a - b));
  await page.locator('#table-body button').first().click();
  await page.waitForSelector('#detail-total');
  assert.equal(await numberIn(page, '#detail-total'), Number((await page.locator('#table-body tr.chosen td').first().textContent())?.replace(/,/g, '')));
  assert.deepEqual(faults, []);
  await context.close();
});

test('address/reload restores, back and forward walk through filters', async () => {
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}&table=open`);
  const all = await numberIn(page, '#total');
  await page.getByText('Badly lit', { exact: true }).first().click();
  await page.waitForFunction(() => location.search.includes('factors=badly_lit'));
  await settled(page);
  const lit = await numberIn(page, '#total');
  await page.locator('#dark-switch').click();
  await page.waitForFunction(() => location.search.includes('dark=yes'));
  await settled(page);
  const dark = await numberIn(page, '#total');
  assert.ok(dark < lit && lit < all);

  await page.goBack(); await settled(page);
  assert.equal(await numberIn(page, '#total'), lit);
  assert.equal(await page.isChecked('#dark-switch'), false);
  await page.goBack(); await settled(page);
  assert.equal(await numberIn(page, '#total'), all);
  await page.goForward(); await page.goForward(); await settled(page);
  assert.equal(await numberIn(page, '#total'), dark);
  assert.equal(await page.isChecked('#dark-switch'), true);

  const address = page.url();
  await page.reload(); await settled(page);
  assert.equal(page.url(), address);
  assert.equal(await numberIn(page, '#total'), dark);
  assert.ok(await page.locator('#table').isVisible());
  await page.getByRole('button', { name: 'Clear all' }).click(); await settled(page);
  assert.equal(await numberIn(page, '#total'), all);
  assert.deepEqual(faults, []);
  await context.close();
});

test('map/a change of theme paints anew without a request', async () => {
  const { page, context, faults, requests } = await open(browser, `/hub?${CROYDON}`);
  const pixels = () => page.evaluate(() => [...document.querySelectorAll('#map canvas')].map((c) => /** @type {HTMLCanvasElement} */ (c).toDataURL()).sort().join());
  await page.waitForTimeout(300);
  const before = requests.length, light = await pixels();
  await page.click('#theme');
  await page.waitForFunction(() => document.documentElement.dataset.theme === 'dark');
  await page.waitForTimeout(300);
  assert.notEqual(await pixels(), light);
  assert.equal(requests.length, before);
  await page.reload(); await settled(page);
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark', 'the choice is kept');
  assert.deepEqual(faults, []);
  await context.close();
});

test('states/empty tells what to do, a failing server tells to try again', async () => {
  const { page, context } = await open(browser, '/hub?at=57.5,1.5,10');
  await page.waitForSelector('#message:not([hidden])');
  assert.match(/** @type {string} */ (await page.textContent('#message-text')), /No reports in this part/);
  await moving(page, () => page.getByRole('button', { name: 'Show where reports are' }).click());
  await page.waitForSelector('#message', { state: 'hidden' });
  assert.ok(await numberIn(page, '#total') > 0);

  await page.route('**/api/v1/summary*', (r) => r.fulfill({ status: 503, contentType: 'application/problem+json', body: JSON.stringify({ title: 'Busy', detail: 'The server is busy. Try again in a minute.' }) }));
  await page.click('#zoom-in');
  await page.waitForFunction(() => document.getElementById('message-text')?.textContent?.includes('busy'));
  await page.unroute('**/api/v1/summary*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.waitForSelector('#message', { state: 'hidden' });
  await settled(page);

  await page.route('**/*.mvt*', (r) => r.fulfill({ status: 500 }));
  await page.click('#zoom-in');
  await page.waitForFunction(() => document.getElementById('message-text')?.textContent?.includes('could not be loaded'));
  await page.unroute('**/*.mvt*');
  await page.getByRole('button', { name: 'Try again' }).click();
  await page.waitForSelector('#message', { state: 'hidden' }); await settled(page);
  await page.waitForFunction(() => [...document.querySelectorAll('#map canvas.leaflet-tile-loaded')].length > 10);
  await context.close();
});

test('search/a place is found and shown, and nothing else is asked', async () => {
  const { page, context, faults } = await open(browser, '/hub');
  await page.fill('#search', 'croydon');
  await page.waitForSelector('#places [role=option]');
  const name = await page.locator('#places [role=option] span').first().textContent();
  await moving(page, () => page.locator('#places [role=option]').first().click());
  assert.equal(await page.inputValue('#search'), name);
  const [lat, lng] = /** @type {string} */ (query(page).get('at')).split(',').map(Number);
  assert.ok(Math.abs(lat - 51.37) < 0.1 && Math.abs(lng + 0.1) < 0.15, `${lat}, ${lng}`);
  assert.deepEqual(faults, []);
  await context.close();
});

test('landing/says what this is and leads to the map', async () => {
  const { page, context, faults } = await open(browser, '/');
  assert.match(/** @type {string} */ (await page.textContent('h1')), /unsafe/);
  for (const href of await page.locator('a[href]:visible').evaluateAll((l) => l.map((a) => a.getAttribute('href')))) {
    assert.equal((await page.request.get(new URL(/** @type {string} */ (href), BASE).href)).status(), 200, `${href} exists`);
  }
  for (const name of ['Report a place', 'The public map', 'What changed']) assert.ok(await page.getByRole('link', { name }).isVisible(), name);
  await page.getByRole('link', { name: /officers’ map/ }).click();
  await settled(page);
  assert.deepEqual(faults, []);
  await context.close();
});
