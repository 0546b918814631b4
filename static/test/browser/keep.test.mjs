import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { apiTotal, CROYDON, launch, numberIn, open, query, settled } from './harness.mjs';

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const NAME = `Croydon ${process.pid}`;

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test('keep/a view is saved, listed, opened by its link and removed', async () => {
  const { page, context, faults, violations } = await open(browser, `/hub?${CROYDON}&factors=badly_lit`);
  const total = await numberIn(page, '#total');
  await page.click('#keep');
  await page.fill('#keep-save input[type=text]', NAME);
  await page.click('#keep-save button');
  const item = page.locator('#kept-views li', { hasText: NAME });
  await item.waitFor();
  assert.match(await item.locator('p').textContent() ?? '', /\d/, 'it says how the view stands');
  await page.evaluate(AXE);
  const found = await page.evaluate(() => /** @type {any} */ (window).axe.run(document, { resultTypes: ['violations'] }));
  assert.deepEqual(found.violations.map((/** @type {any} */ v) => `${v.id}: ${v.nodes.map((/** @type {any} */ n) => n.html.slice(0, 120)).join(' | ')}`), []);
  await Promise.all([page.waitForResponse((r) => r.request().method() === 'POST' && /views\/\d+$/.test(r.url()) && r.status() === 204), item.getByLabel('Alerts').uncheck()]);
  await item.locator('a').click();
  await settled(page);
  assert.equal(query(page).get('factors'), 'badly_lit');
  assert.equal(await numberIn(page, '#total'), total, 'the link shows the same');
  await page.click('#keep');
  await item.getByRole('button', { name: 'Remove' }).click();
  await item.waitFor({ state: 'detached' });
  assert.deepEqual(faults, []);
  assert.deepEqual(await violations(), []);
  await context.close();
});

test('keep/what the server refuses is said', async () => {
  const { page, context } = await open(browser, `/hub?${CROYDON}`, {}, (page) => page.route('**/api/v1/views', (r) => (r.request().method() === 'POST'
    ? r.fulfill({ status: 409, contentType: 'application/problem+json', body: '{"detail":"You have a view of this name already."}' }) : r.fallback())).then(() => {}));
  await page.click('#keep');
  await page.fill('#keep-save input[type=text]', 'twice');
  await page.click('#keep-save button');
  await page.waitForSelector('.keep .wrong:not([hidden])');
  assert.equal(await page.textContent('.keep .wrong'), 'You have a view of this name already.');
  await context.close();
});

test('keep/new alerts are counted on the button and gone when seen', async () => {
  let seen = '';
  const alert = { id: 9, view: 1, name: 'Station Road', address: '?at=51.3727,-0.0994,14', until: '2026-11-24', reports: 32, expected: 10, upper: 19, sentence: '32 reports, where 10 were expected.', raised: '2026-11-24T08:00:00Z', seen: false };
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}`, {}, async (page) => {
    await page.route('**/api/v1/views', (r) => r.fulfill({ json: { views: [], alerts: [{ ...alert, seen: Boolean(seen) }], unseen: seen ? 0 : 1 } }));
    await page.route('**/api/v1/views/seen', (r) => { seen = r.request().postData() ?? ''; return r.fulfill({ status: 204 }); });
  });
  await page.waitForSelector('#unseen:not([hidden])');
  assert.equal(await page.textContent('#unseen'), '1');
  await page.click('#keep');
  await page.waitForSelector('#kept-alerts');
  assert.match(await page.textContent('#kept-alerts') ?? '', /Station Road.*32 reports/s);
  await page.waitForFunction(() => document.getElementById('unseen')?.hidden);
  assert.equal(seen, '{"up_to":9}');
  await page.keyboard.press('Escape');
  assert.equal(await page.locator('.keep').count(), 0);
  assert.ok(await page.evaluate(() => document.activeElement?.id === 'keep'), 'the focus goes back');
  assert.deepEqual(faults, []);
  await context.close();
});

test('keep/the file holds what is on screen', async () => {
  const { page, context, faults, requests } = await open(browser, `/hub?${CROYDON}&factors=badly_lit&dark=yes`);
  const api = await apiTotal(page, requests);
  await page.click('#keep');
  for (const [format, check] of /** @type {[string, (b: Buffer) => void][]} */ ([
    ['csv', (b) => {
      const lines = b.toString('utf8').split('\r\n'), head = lines.findIndex((l) => l.startsWith('cell,'));
      assert.ok(lines.slice(0, head).some((l) => l.includes('factors=badly_lit&dark=yes')), 'the filter stands in it');
      assert.equal(lines.slice(head + 1).filter(Boolean).reduce((n, l) => n + Number(l.split(',')[3]), 0), api.total);
    }],
    ['geojson', (b) => {
      const g = JSON.parse(b.toString('utf8'));
      assert.equal(g.features.reduce((/** @type {number} */ n, /** @type {any} */ f) => n + f.properties.count, 0), api.total);
      assert.equal(g.features.length, api.cells);
    }],
    ['gpkg', (b) => assert.equal(b.subarray(68, 72).toString(), 'GPKG')],
    ['pmtiles', (b) => { assert.equal(b.subarray(0, 8).toString('latin1'), 'PMTiles\x03'); assert.equal(b[101], 14, 'down to the zoom of the screen'); }],
  ])) {
    await page.selectOption('.keep select', format);
    await page.fill('#keep-export input', 'for the beat meeting');
    const [download] = await Promise.all([page.waitForEvent('download'), page.click('#keep-export button')]);
    assert.equal(download.suggestedFilename(), `streetsafe-reports.${format}`);
    check(readFileSync(await download.path()));
  }
  assert.deepEqual(faults, []);
  await context.close();
});

test('keep/a file on its way says how far it is, and can be stopped', async () => {
  // A server that sends half of a file and waits: the page cannot tell it from a slow one.
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}`, {}, async (page) => { await page.addInitScript(() => {
    const real = window.fetch;
    window.fetch = (input, init) => {
      if (!String(input).includes('/export.csv')) return real(input, init);
      const body = new ReadableStream({ start(c) {
        c.enqueue(new TextEncoder().encode('cell\n'.repeat(150)));
        init?.signal?.addEventListener('abort', () => c.error(new DOMException('stopped', 'AbortError')));
      } });
      return Promise.resolve(new Response(body, { headers: { 'X-Total-Count': '300' } }));
    };
  }); });
  await page.click('#keep');
  await page.fill('#keep-export input', 'for the beat meeting');
  await page.click('#keep-export button');
  const bar = page.getByRole('progressbar', { name: 'How far the file is' });
  await page.waitForFunction(() => document.querySelector('.keep progress')?.getAttribute('value') === '0.5');
  assert.match(await page.textContent('.keep [role=status]') ?? '', /50 %/);
  await page.getByRole('button', { name: 'Stop' }).click();
  await bar.waitFor({ state: 'hidden' });
  assert.match(await page.textContent('.keep [role=status]') ?? '', /Nothing is saved/);
  assert.ok(await page.isEnabled('#keep-export button'), 'it can be asked for again');
  assert.deepEqual(faults, []);
  await context.close();
});
