import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { BASE, CROYDON, launch, open, settled } from './harness.mjs';

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test('live/a new generation refreshes the map and keeps the view', async () => {
  let tell = () => {};
  const { page, context, faults, requests } = await open(browser, `/hub?${CROYDON}&table=open`, {}, async (page) => {
    await page.route('**/api/v1/events', async (route) => {
      await new Promise((resolve) => { tell = () => resolve(undefined); });
      await route.fulfill({ contentType: 'text/event-stream', body: 'retry: 600000\nevent: generation\ndata: {"generation":4294967295}\n\n' });
    });
  });
  const before = page.url(), focus = page.locator('#toggle-table');
  await focus.focus();
  const asked = (/** @type {string} */ part) => requests.filter((u) => u.includes(part)).length;
  const was = { tiles: asked('/tiles/reports.json'), figures: asked('/api/v1/summary') };
  tell();
  await page.waitForResponse((r) => r.url().includes('/api/v1/summary'));
  await settled(page);
  assert.equal(asked('/tiles/reports.json'), was.tiles + 1, 'the tile set is asked for again');
  assert.equal(asked('/api/v1/summary'), was.figures + 1, 'and the figures, once each');
  assert.equal(page.url(), before, 'the view is as it was');
  assert.ok(await focus.evaluate((el) => el === document.activeElement), 'and so is the focus');
  assert.ok(await page.locator('#table').isVisible());
  assert.deepEqual(faults, []);
  await context.close();
});

test('live/the server tells its generation at once', async () => {
  const { page, context } = await open(browser, '/');
  const generation = await page.evaluate(() => new Promise((resolve, reject) => {
    const s = new EventSource('/api/v1/events');
    s.addEventListener('generation', (e) => { s.close(); resolve(JSON.parse(e.data).generation); });
    s.addEventListener('error', reject);
  }));
  assert.equal(generation, (await (await page.request.get(BASE + '/api/v1/config')).json()).generation);
  await context.close();
});
