import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { CROYDON, launch, numberIn, open, settled } from './harness.mjs';

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** One transparent pixel. */
const PIXEL = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg==', 'base64');

test('generation/new reports come in without a blank map', async () => {
  const { page, context, faults, requests } = await open(browser, `/hub?${CROYDON}`);
  const versioned = /\/tiles\/reports\/[^/]+\/14\/\d+\/\d+\.mvt/;
  assert.ok(requests.some((u) => versioned.test(u)), 'tiles come from versioned addresses');
  assert.ok(!requests.some((u) => /\/tiles\/reports\/14\//.test(u)));
  const json = await (await page.request.get(new URL('/tiles/reports.json', page.url()).href)).json();

  // The next answers tell of a newer generation; the unversioned tiles stand for its tiles.
  await page.route('**/tiles/reports.json*', (r) => r.fulfill({ json: { ...json, generation: json.generation + 1, tiles: ['/tiles/reports/{z}/{x}/{y}.mvt'] } }));
  await page.route('**/api/v1/summary*', async (r) => { const a = await r.fetch(); await r.fulfill({ json: { ...(await a.json()), generation: json.generation + 1 } }); });
  const blanks = page.evaluate(() => new Promise((done) => {
    let blank = 0, frames = 0;
    const look = () => {
      const canvases = [...document.querySelectorAll('.leaflet-layer canvas')];
      if (!canvases.length) blank++;
      if (++frames < 40) requestAnimationFrame(look); else done(blank);
    };
    look();
  }));
  await page.locator('#dark-switch').click();
  await settled(page);
  assert.equal(await blanks, 0);
  await page.waitForFunction(() => performance.getEntriesByType('resource').some((e) => /\/tiles\/reports\/14\//.test(e.name)));
  assert.deepEqual(faults, []);
  await context.close();
});

test('basemap/offline asks only our own host, an online one is a setting with its credit', async () => {
  const offline = await open(browser, `/hub?${CROYDON}`);
  await offline.page.waitForFunction(() => performance.getEntriesByType('resource').some((e) => e.name.endsWith('/basemap/labels.json')));
  assert.match(/** @type {string} */ (await offline.page.textContent('.leaflet-control-attribution')), /Natural Earth.*Crown copyright.*GeoNames/);
  assert.deepEqual(offline.faults, []);
  await offline.context.close();

  const online = await open(browser, `/hub?${CROYDON}`, {}, async (page) => {
    await page.route('**/api/v1/config', async (r) => { const a = await r.fetch(); await r.fulfill({ json: { ...(await a.json()), basemap: { kind: 'xyz', url: '/online/{z}/{x}/{y}.png', attribution: 'Someone’s streets', maxzoom: 12 } } }); });
    await page.route('**/online/**', (r) => r.fulfill({ contentType: 'image/png', body: PIXEL }));
  });
  await online.page.waitForFunction(() => performance.getEntriesByType('resource').some((e) => e.name.includes('/online/')));
  assert.ok(online.requests.some((u) => /\/online\/12\/\d+\/\d+\.png/.test(u)), 'no zoom beyond what the source has');
  assert.ok(!online.requests.some((u) => u.includes('/basemap/base.json')), 'the offline ground is not asked for, only the names of places');
  assert.match(/** @type {string} */ (await online.page.textContent('.leaflet-control-attribution')), /Someone’s streets/);
  assert.ok(await numberIn(online.page, '#total') > 0);
  assert.deepEqual(online.faults, []);
  await online.context.close();
});

test('requests/tiles that left the screen are aborted', async () => {
  const { page, context } = await open(browser, `/hub?${CROYDON}`);
  /** @type {string[]} */
  const aborted = [];
  page.on('requestfailed', (r) => { if (r.url().includes('.mvt')) aborted.push(r.failure()?.errorText ?? ''); });
  // Tiles that never answer: only an abort ends them.
  await page.route('**/*.mvt*', () => {});
  await Promise.all([page.waitForRequest(/\/15\/\d+\/\d+\.mvt/), page.click('#zoom-in')]);
  await page.waitForFunction(() => /,15(&|$)/.test(location.search));
  await Promise.all([page.waitForEvent('requestfailed'), page.click('#zoom-out')]);
  await page.waitForFunction(() => /,14(&|$)/.test(location.search));
  assert.deepEqual([...new Set(aborted)], ['net::ERR_ABORTED']);
  await page.unroute('**/*.mvt*');
  await context.close();
});

test('storage/nothing but the two switches is kept in the browser', async () => {
  const { page, context } = await open(browser, `/hub?${CROYDON}`);
  await page.click('#theme');
  const kept = await page.evaluate(async () => ({ local: Object.keys(localStorage), session: sessionStorage.length, cookies: document.cookie, bases: (await indexedDB.databases()).length }));
  assert.deepEqual(kept, { local: ['theme'], session: 0, cookies: '', bases: 0 });
  await context.close();
});
