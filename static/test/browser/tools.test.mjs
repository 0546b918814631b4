import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { CROYDON, launch, moving, numberIn, open, query, settled } from './harness.mjs';

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
/** @typedef {import('playwright-core').Page} Page */

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Waits for the open analysis. @param {Page} page */
async function ready(page) {
  await settled(page);
  await page.waitForFunction(() => { const t = document.getElementById('tool'); return t && !t.hidden && t.querySelector('h2') && t.getAttribute('aria-busy') !== 'true'; });
}
/** The last answer of an address that holds a text. @param {Page} page @param {string[]} requests @param {string} part */
const answer = async (page, requests, part) => (await page.request.get(/** @type {string} */ (requests.findLast((u) => u.includes(part))))).json();
/** @param {Page} page */
async function axe(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => /** @type {any} */ (window).axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.map((/** @type {any} */ v) => `${v.id}: ${v.nodes.map((/** @type {any} */ n) => n.html.slice(0, 160)).join(' | ')}`);
}
/** How many sheets of A4 the print has. @param {Page} page */
async function sheets(page) {
  const pdf = await page.pdf({ format: 'A4', printBackground: true, preferCSSPageSize: true });
  return (pdf.toString('latin1').match(/\/Type\s*\/Page[^s]/g) ?? []).length;
}

test('tools/nothing of them is loaded before one is opened', async () => {
  const { page, context, faults, requests } = await open(browser, `/hub?${CROYDON}`);
  assert.ok(!requests.some((u) => /tools\.(js|css)|hotspots/.test(u)));
  await page.click('#tools [data-tool=hotspots]'); await ready(page);
  assert.equal(query(page).get('tool'), 'hotspots');
  await page.goBack();
  await page.waitForFunction(() => !document.getElementById('summary')?.hidden);
  assert.deepEqual(faults, []);
  await context.close();
});

test('hotspots/map, list and API show the same clusters, by keyboard too', async () => {
  const { page, context, faults, requests } = await open(browser, '/hub?at=51.37270,-0.09940,12&tool=hotspots');
  await ready(page);
  const api = await answer(page, requests, '/api/v1/hotspots');
  assert.ok(api.clusters.length > 0 && api.clusters.length === await page.locator('#tool .ranked li').count());
  assert.equal(await page.locator('.shapes .cluster.shape').count(), api.clusters.length, 'each has its outline');
  const totals = await page.locator('#tool .row > b:last-child').allTextContents();
  assert.deepEqual(totals.map((t) => Number(t.replace(/,/g, ''))), api.clusters.map((/** @type {any} */ c) => c.total));
  const outline = /** @type {string} */ (await page.locator('.shapes path.cluster').first().getAttribute('d'));
  assert.equal((outline.match(/[ML]/g) ?? []).length, api.clusters[0].outline.flat(2).length, 'the outline is that of the answer');
  assert.match(/** @type {string} */ (await page.locator('#tool .ranked li p').first().textContent()), /nearby .*chance.*Most named: .*elsewhere/);
  await page.locator('#tool .row').first().focus();
  await moving(page, () => page.keyboard.press('Enter'));
  await ready(page);
  assert.match(/** @type {string} */ (await page.textContent('#tool .lead')), /on screen/);
  assert.deepEqual(faults, []);
  await context.close();
});

test('change/the map is painted by class, and says openly what cannot be told', async () => {
  const { page, context, faults, requests } = await open(browser, `/hub?${CROYDON}&tool=change&window=90d`);
  await ready(page);
  const api = await answer(page, requests, '/api/v1/trends');
  assert.match(/** @type {string} */ (await page.textContent('#legend-title')), /fewer or more/);
  assert.equal(await page.locator('#legend-classes li').count(), 7);
  const text = /** @type {string} */ (await page.textContent('#tool'));
  assert.ok(text.includes(`${api.verdicts.too_few.toLocaleString('en-GB')} too few to tell`), text);
  assert.equal(await page.locator('#tool .row').count(), Math.min(10, api.verdicts.more) + Math.min(10, api.verdicts.fewer));
  assert.ok(requests.some((u) => u.includes('/tiles/reports.json') && u.includes(`from=${api.previous.from}`)), 'the tiles hold both periods');
  // A busy hexagon says both counts.
  const c = api.cells.reduce((/** @type {any} */ a, /** @type {any} */ b) => (b.now > a.now ? b : a));
  const cell = await (await page.request.get(new URL(`/api/v1/cells/${c.cell}`, page.url()).href)).json();
  const at = await page.evaluate(({ lat, lng }) => {
    const q = /** @type {string} */ (new URL(location.href).searchParams.get('at')).split(',').map(Number), box = /** @type {HTMLElement} */ (document.getElementById('map')).getBoundingClientRect();
    const n = 256 * 2 ** q[2], x = (/** @type {number} */ l) => ((l + 180) / 360) * n, y = (/** @type {number} */ l) => (0.5 - Math.log(Math.tan(Math.PI / 4 + (l * Math.PI) / 360)) / (2 * Math.PI)) * n;
    return { x: box.x + box.width / 2 + x(lng) - x(q[1]), y: box.y + box.height / 2 + y(lat) - y(q[0]) };
  }, cell);
  await page.mouse.move(at.x, at.y);
  await page.waitForFunction((t) => document.getElementById('tip')?.textContent?.startsWith(t), `${c.now.toLocaleString('en-GB')} now, ${c.then.toLocaleString('en-GB')} then`);
  await page.getByText('A year ago', { exact: true }).click(); await ready(page);
  assert.equal(query(page).get('against'), 'year');
  await page.click('#tools [data-tool=""]');
  await page.waitForFunction(() => document.querySelectorAll('#legend-classes li').length < 7);
  assert.deepEqual(faults, []);
  await context.close();
});

test('area/circle and polygon by keyboard; profile, API and page agree; the page is one sheet', async () => {
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}&tool=area&window=12m`);
  await ready(page);
  assert.match(/** @type {string} */ (await page.textContent('#tool .empty')), /Choose an area/);
  await page.fill('#radius', '700');
  await page.locator('[data-area=circle]').focus(); await page.keyboard.press('Enter');
  await page.waitForSelector('#area-total');
  assert.match(/** @type {string} */ (query(page).get('area')), /^circle:51\.37/);
  const circle = await numberIn(page, '#area-total');

  await page.locator('[data-area=poly]').focus(); await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'map');
  for (const keys of [['ArrowLeft', 'ArrowLeft'], ['ArrowRight', 'ArrowRight', 'ArrowRight', 'ArrowRight'], ['ArrowDown', 'ArrowDown'], []]) {
    for (const k of keys) await moving(page, () => page.keyboard.press(k));
    await page.keyboard.press('Enter');
  }
  await page.keyboard.press('Backspace');
  await page.getByRole('button', { name: 'Finish' }).focus(); await page.keyboard.press('Enter');
  await page.waitForFunction(() => new URL(location.href).searchParams.get('area')?.startsWith('poly:'));
  await page.waitForFunction((n) => Number(document.getElementById('area-total')?.textContent?.replace(/\D/g, '')) !== n, circle); await ready(page);
  const corners = /** @type {string} */ (query(page).get('area')).slice(5).split(';').map((p) => p.split(',').map(Number).reverse());
  assert.equal(corners.length, 3, 'Backspace took one back');
  const at = new URL('/api/v1/profile', page.url());
  for (const k of ['from', 'to']) at.searchParams.set(k, /** @type {string} */ (new URL(await lastSummary(page)).searchParams.get(k)));
  const api = await (await page.request.post(at.href, { headers: { 'Content-Type': 'application/geo+json' }, data: JSON.stringify({ type: 'Polygon', coordinates: [[...corners, corners[0]]] }) })).json();
  assert.equal(await numberIn(page, '#area-total'), api.area.total);

  await page.fill('#area-name', 'North end');
  await page.click('#print-profile');
  const sheet = page.locator('.sheet');
  assert.match(/** @type {string} */ (await sheet.textContent()), /North end.*Synthetic data.*Filter and period.*Source.*batch/s);
  assert.ok((await sheet.textContent())?.includes(api.area.total.toLocaleString('en-GB')));
  assert.equal(await sheets(page), 1);
  await page.keyboard.press('Escape');
  await page.waitForSelector('.sheet', { state: 'detached' });
  assert.deepEqual(faults, []);
  await context.close();
});

test('area/a boundary by name, its outline from the server', async () => {
  const ring = [[-0.13, 51.35], [-0.07, 51.352], [-0.06, 51.39], [-0.12, 51.395], [-0.13, 51.35]];
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}&tool=area`, {}, async (p) => {
    await p.route('**/api/v1/areas', (r) => r.fulfill({ json: { kinds: [{ kind: 'ward', areas: 2, bounds: [-1, 51, 1, 52] }] } }));
    await p.route('**/api/v1/areas?kind=ward', (r) => r.fulfill({ json: { kinds: [], areas: [{ id: 'W2', name: 'Waddon', bbox: [0, 0, 0, 0] }, { id: 'W1', name: 'Addiscombe', bbox: [0, 0, 0, 0] }] } }));
    await p.route('**/api/v1/areas/ward/W1', (r) => r.fulfill({ json: { type: 'Feature', properties: { name: 'Addiscombe' }, geometry: { type: 'MultiPolygon', coordinates: [[ring]] } } }));
  });
  await ready(page);
  const select = page.getByLabel('Named area');
  await page.waitForFunction(() => document.querySelectorAll('.named option').length === 4);
  assert.deepEqual(await select.locator('option').allTextContents(), ['Choose by name', 'Addiscombe', 'Waddon'], 'by name');
  await select.selectOption('W1');
  await page.waitForSelector('#area-total');
  assert.equal(query(page).get('area'), 'named:ward/W1');
  const api = await (await page.request.post(new URL('/api/v1/profile', page.url()).href, { headers: { 'Content-Type': 'application/geo+json' }, data: JSON.stringify({ type: 'Polygon', coordinates: [ring] }) })).json();
  assert.equal(await numberIn(page, '#area-total'), api.area.total);
  await page.click('#print-profile');
  assert.match(/** @type {string} */ (await page.textContent('.sheet h1')), /Addiscombe/);
  await page.reload(); await page.waitForSelector('#area-total');
  assert.equal(await numberIn(page, '#area-total'), api.area.total, 'the link holds it');
  assert.deepEqual(faults, []);
  await context.close();
});

/** @param {Page} page */
const lastSummary = (page) => page.evaluate(() => /** @type {PerformanceEntry} */ (performance.getEntriesByType('resource').findLast((e) => e.name.includes('/api/v1/summary'))).name);

test('area/files need a reason and say what they show', async () => {
  const { page, context } = await open(browser, `/hub?${CROYDON}&tool=area&area=circle:51.37270,-0.09940,900&factors=badly_lit`);
  await page.waitForSelector('#area-total');
  await page.getByRole('button', { name: 'CSV' }).click();
  await page.waitForFunction(() => !(/** @type {HTMLInputElement} */ (document.getElementById('reason')).checkValidity()));
  await page.fill('#reason', 'ward panel in March');
  for (const [name, wants] of /** @type {[string, RegExp][]} */ ([['CSV', /^section,name.*factors=badly_lit.*Every report is made up/s], ['GeoJSON', /"about":.*factors=badly_lit.*"kind":"place"/s]])) {
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name, exact: true }).click()]);
    assert.match(readFileSync(/** @type {string} */ (await file.path()), 'utf8'), wants);
  }
  await context.close();
});

test('shift/brief and Walk-and-Talk pack, a sheet each', async () => {
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}&tool=shift`);
  await ready(page);
  assert.match(/** @type {string} */ (await page.textContent('#tool .empty')), /Choose a shift/);
  await page.click('[data-brief=night]'); await page.waitForSelector('#tool .ranked');
  await page.selectOption('#shift-day', 'fri'); await page.waitForFunction(() => document.querySelector('#tool .lead')?.textContent === 'Evening of Friday, night of Saturday.'); await ready(page);
  assert.equal(query(page).get('shift'), 'night-fri');
  const stops = await page.locator('#tool .ranked li').count();
  assert.equal(await page.locator('.shapes .pin.stop').count(), stops);
  assert.match(/** @type {string} */ (await page.textContent('#tool')), /do not say when and are in neither/);
  await page.click('#print-brief');
  assert.equal(await page.locator('.sheet .stops tbody tr').count(), stops);
  assert.equal(await page.locator('.sheet a[href^="/hub?at="]').count(), stops);
  assert.equal(await sheets(page), 1);
  await page.getByRole('button', { name: 'Close', exact: true }).click();

  for (const i of [0, 1]) await page.locator('#tool [data-pack]').nth(i).check();
  await page.click('#print-pack');
  await page.waitForSelector('.sheet .ticks');
  assert.equal(await page.locator('.sheet').count(), 2);
  assert.equal(await page.locator('.sheet').first().locator('.ticks tbody tr').count(), 12, 'every factor can be ticked');
  assert.equal(await sheets(page), 2);
  assert.deepEqual(faults, []);
  await context.close();
});

test('two maps/the right one is read by pointer and by key too', async () => {
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}&tool=split&split=year&window=90d`);
  await ready(page);
  await page.waitForFunction(() => /** @type {HTMLElement} */ (document.querySelector('#map2 canvas.leaflet-tile-loaded')));
  const box = await page.locator('#map2').boundingBox();
  if (!box) throw new Error('no second map');
  // The pointer meets a hexagon somewhere on the way over the map.
  let told = '';
  for (let i = 0; i < 40 && !told; i++) {
    await page.mouse.move(box.x + box.width * (0.1 + 0.02 * i), box.y + box.height * (0.3 + 0.01 * i));
    await page.waitForTimeout(40);
    told = await page.evaluate(() => { const t = /** @type {HTMLElement|null} */ (document.querySelector('#map2 .tip')); return t && !t.hidden ? t.textContent ?? '' : ''; });
  }
  assert.match(told, /^[\d,]+ reports?$/);
  await page.mouse.down(); await page.mouse.up();
  await page.waitForSelector('#split-one:not([hidden])');
  assert.match(await page.textContent('#split-one') ?? '', /on the left, .* on the right/);
  await page.focus('#map2');
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(() => /centre/.test(document.getElementById('live')?.textContent ?? ''));
  assert.ok(await page.locator('.cross.second').isVisible(), 'the cross says what Enter reads');
  const at = await page.evaluate(() => new URL(location.href).searchParams.get('at'));
  assert.ok(at && !at.startsWith('51.37270,-0.09940'), 'the first map follows the keys of the second');
  assert.deepEqual(faults, []);
  await context.close();
});

test('two maps/move together, share the scale, and each counts its own', async () => {
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}&tool=split`);
  await ready(page);
  await page.click('[data-split=previous]');
  await page.waitForFunction(() => /no period before them/.test(document.getElementById('tool')?.textContent ?? ''));
  await page.getByRole('button', { name: 'Last 30 days' }).click();
  await page.waitForSelector('[data-side=right]'); await ready(page);
  const centres = () => page.evaluate(() => ['#map', '#map2'].map((s) => [...document.querySelectorAll(`${s} canvas.leaflet-tile-loaded`)].length));
  await page.waitForFunction(() => document.querySelectorAll('#map2 canvas.leaflet-tile-loaded').length > 3);
  const boxes = await Promise.all(['#map', '#map2'].map((s) => page.locator(s).boundingBox()));
  assert.equal(boxes[0]?.width, boxes[1]?.width);
  assert.ok((await centres()).every((n) => n > 3));
  assert.equal(await numberIn(page, '[data-side=left]'), await numberIn(page, '#total'));

  await moving(page, async () => { const b = /** @type {any} */ (boxes[1]); await page.mouse.move(b.x + 200, b.y + 300); await page.mouse.down(); await page.mouse.move(b.x + 80, b.y + 240, { steps: 4 }); await page.mouse.up(); });
  await ready(page);
  assert.equal(await numberIn(page, '[data-side=left]'), await numberIn(page, '#total'), 'the left map followed the right one');

  await page.click('[data-split=keep]'); await ready(page);
  await page.getByText('Badly lit', { exact: true }).first().click();
  await page.waitForFunction(() => location.search.includes('factors=badly_lit')); await ready(page);
  await page.waitForFunction(() => /Badly lit/.test(document.querySelector('.map-name.left')?.textContent ?? ''));
  assert.ok(!/Badly lit/.test(/** @type {string} */ (await page.textContent('.map-name.right'))));
  assert.ok(await numberIn(page, '[data-side=left]') < await numberIn(page, '[data-side=right]'));
  await page.click('#tools [data-tool=""]');
  await page.waitForSelector('#map2', { state: 'detached' });
  assert.deepEqual(faults, []);
  await context.close();
});

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  for (const width of [390, 1024, 1920]) {
    test(`axe/analyses, ${colorScheme}, ${width} px: no violations, nothing sticks out`, async () => {
      for (const tool of ['hotspots', 'change&window=90d', 'area&area=circle:51.37270,-0.09940,700', 'shift&shift=late', 'split&split=year&window=90d']) {
        const { page, context, faults } = await open(browser, `/hub?${CROYDON}&tool=${tool}`, { colorScheme, viewport: { width, height: 900 } });
        if (width < 760) await page.click('.tabs [data-tab=results]');
        else if (width < 1200) await page.click('.tabs [data-tab=results]');
        await ready(page);
        assert.deepEqual(await axe(page), [], tool);
        assert.ok(!await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1), tool);
        const wide = await page.evaluate(() => { const p = /** @type {HTMLElement} */ (document.getElementById('info')); return p.scrollWidth - p.clientWidth; });
        assert.ok(wide <= 1, `${tool} is ${wide} px wider than its panel`);
        assert.deepEqual(faults, [], tool);
        await context.close();
      }
    });
  }
}
