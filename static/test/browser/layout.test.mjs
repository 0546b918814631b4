import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { CROYDON, axe, launch, numberIn, open, settled } from './harness.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** @param {import('playwright-core').Page} page */
const overflows = (page) => page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1);

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  for (const [name, path, options] of /** @type {[string, string, any][]} */ ([
    ['landing', '/', {}], ['map', `/hub?${CROYDON}`, {}], ['map with table and details', `/hub?${CROYDON}&table=open&factors=badly_lit&from=2025-01-01`, {}],
    ['map on a phone', `/hub?${CROYDON}`, PHONE], ['map on a tablet', `/hub?${CROYDON}`, { viewport: { width: 1024, height: 768 } }],
  ])) {
    test(`axe/${name}, ${colorScheme}: no violations`, async () => {
      const { page, context, faults } = await open(browser, path, { colorScheme, ...options });
      if (path.includes('table=open')) { await page.locator('#table-body button').first().click(); await page.waitForSelector('#detail-total'); }
      if (options === PHONE) await page.click('.tabs [data-tab=results]');
      assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), colorScheme);
      assert.deepEqual(await axe(page), []);
      assert.ok(!await overflows(page), 'nothing sticks out sideways');
      assert.deepEqual(faults, []);
      await context.close();
    });
  }
}

test('layout/the analyses stand in two full rows', async () => {
  for (const [width, tab] of /** @type {[number, string][]} */ ([[1440, ''], [1024, 'results'], [390, 'results']])) {
    const { page, context } = await open(browser, `/hub?${CROYDON}`, { viewport: { width, height: 800 } });
    if (tab) await page.click(`.tabs [data-tab=${tab}]`);
    const [bar, boxes] = await page.evaluate(() => {
      const box = (/** @type {Element} */ e) => { const { left, right, top } = e.getBoundingClientRect(); return { left: Math.round(left), right: Math.round(right), top: Math.round(top), cut: e.scrollWidth > e.clientWidth }; };
      const nav = /** @type {Element} */ (document.getElementById('tools'));
      return [box(nav), [...nav.children].map(box)];
    });
    const rows = [...new Set(boxes.map((b) => b.top))].map((top) => boxes.filter((b) => b.top === top));
    assert.equal(rows.length, 2, `${width}: two rows`);
    for (const row of rows) assert.deepEqual([row[0].left, row[row.length - 1].right], [bar.left, bar.right], `${width}: from edge to edge`);
    assert.ok(boxes.every((b) => !b.cut), `${width}: no name is cut off`);
    await context.close();
  }
});

test('layout/a map that is hidden asks for nothing', async () => {
  const { page, context, faults, requests } = await open(browser, `/hub?${CROYDON}`);
  const before = requests.length;
  await page.evaluate(() => { /** @type {HTMLElement} */ (document.querySelector('.map-area')).style.display = 'none'; });
  await page.setViewportSize({ width: 1200, height: 800 });
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
  await page.evaluate(() => { /** @type {HTMLElement} */ (document.querySelector('.map-area')).style.display = ''; });
  await page.waitForResponse((r) => r.url().includes('/api/v1/summary'));
  assert.deepEqual(faults, []);
  assert.ok(requests.slice(before).filter((u) => u.includes('/api/v1/summary')).every((u) => { const [w, s, e, n] = (new URL(u).searchParams.get('bbox') ?? '').split(',').map(Number); return w < e && s < n; }), 'no box without an inside');
  await context.close();
});

test('axe/help and search list: no violations', async () => {
  const { page, context } = await open(browser, '/hub');
  await page.fill('#search', 'croy');
  await page.waitForSelector('#places [role=option]');
  assert.deepEqual(await axe(page), []);
  await page.click('#open-help');
  assert.deepEqual(await axe(page), []);
  await context.close();
});

test('phone/sheets open over the map and a tap on a hexagon shows its details', async () => {
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}`, PHONE);
  assert.ok(!await page.locator('#filters').isVisible() && !await page.locator('#info').isVisible(), 'the map comes first');
  const total = await numberIn(page, '#total');
  assert.ok((await page.textContent('#peek'))?.includes(total.toLocaleString('en-GB')), 'the total is in sight');
  await page.tap('.tabs [data-tab=filters]');
  assert.ok(await page.locator('#filters').isVisible());
  await page.locator('#filters').getByText('Badly lit', { exact: true }).first().tap();
  await page.waitForFunction(() => location.search.includes('factors=badly_lit')); await settled(page);
  assert.ok(await numberIn(page, '#total') < total);
  await page.tap('.tabs [data-tab=filters]');
  assert.ok(!await page.locator('#filters').isVisible(), 'a second tap closes');
  await page.tap('.tabs [data-tab=table]');
  await page.waitForSelector('#table-body tr'); await settled(page);
  assert.equal(await numberIn(page, '#table-sum'), await numberIn(page, '#total'));
  await page.tap('.tabs [data-tab=table]');
  const box = /** @type {{x:number,y:number,width:number,height:number}} */ (await page.locator('#map').boundingBox());
  await page.touchscreen.tap(box.x + box.width / 2, box.y + box.height / 2);
  await page.waitForSelector('#detail-total');
  assert.ok(await page.locator('#info').isVisible());
  for (const b of await page.locator('.tabs button, .map-tools button').all()) {
    const size = await b.boundingBox();
    if (size) assert.ok(size.height >= 44, 'targets are large enough for a thumb');
  }
  assert.deepEqual(faults, []);
  await context.close();
});

test('print/paper is light and has the map, the figures and no controls', async () => {
  const { page, context } = await open(browser, `/hub?${CROYDON}&table=open`, { colorScheme: 'dark' });
  await page.waitForFunction(() => document.querySelectorAll('.leaflet-layer').length === 3);
  await page.waitForFunction(() => performance.getEntriesByType('resource').some((e) => e.name.endsWith('/basemap/labels.json')));
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'light');
  for (const gone of ['#filters', '.tools', '.search', '.map-tools']) assert.ok(!await page.locator(gone).isVisible(), gone);
  for (const kept of ['#map', '#total', '.legend', '#table-body']) assert.ok(await page.locator(kept).isVisible(), kept);
  // What goes to paper: hexagons in their colours, not a map cleared by the layer above.
  const colours = await page.evaluate(() => [...document.querySelectorAll('.leaflet-layer')].map((l) => [...l.querySelectorAll('canvas')].some((c) => /** @type {HTMLCanvasElement} */ (c).getContext('2d')?.getImageData(0, 0, c.width, c.height).data.some((v, i) => i % 4 === 3 && v > 0))));
  assert.deepEqual(colours, [true, true, true], 'ground, hexagons and names are painted');
  await page.evaluate(() => dispatchEvent(new Event('afterprint')));
  assert.equal(await page.evaluate(() => document.documentElement.dataset.theme), 'dark');
  await context.close();
});
