// Embeds tried for real: pages of another origin frame what the server serves.
import { createServer } from 'node:http';
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { BASE, axe, launch } from './harness.mjs';

const EMBED = `${BASE}/public/embed?box=-0.2500,51.3200,0.0500,51.4300`;
const FIRST_VIEW_BYTES = 100_000;
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

const text = '<p>A page of the council. '.repeat(60);
/** Pages of a council, by path. @type {Record<string, string>} */
const PAGES = {
  '/iframe': `${text}<iframe id="e" src="${EMBED}" title="Where people feel unsafe" width="100%" height="592" style="border:0;max-width:100%"></iframe>${text}`,
  '/script': `<p>A page of the council.</p><script async src="${BASE}/public/embed/v1.js" data-map="box=-0.2500,51.3200,0.0500,51.4300&amp;h=300" data-title="Where people feel unsafe"></script><iframe id="forger" src="/forger"></iframe>`,
  // What WordPress makes of the address of a map from a site that it does not know.
  '/sandbox': `<iframe id="e" sandbox="allow-scripts" security="restricted" src="${EMBED}#?secret=x" title="Where people feel unsafe" width="600" height="592"></iframe>`,
  '/forger': '<p>Another frame.',
};

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('node:http').Server} */
let server;
let council = '', stranger = '';
before(async () => {
  server = createServer((q, a) => {
    const body = PAGES[q.url ?? ''];
    a.writeHead(body ? 200 : 204, { 'Content-Type': 'text/html; charset=utf-8' });
    a.end(body && `<!doctype html><html lang="en"><title>Council</title><meta name="viewport" content="width=device-width, initial-scale=1">${body}`);
  });
  await new Promise((done) => server.listen(0, '0.0.0.0', () => done(undefined)));
  const { port } = /** @type {import('node:net').AddressInfo} */ (server.address());
  council = `http://localhost:${port}`; // listed, as every page of this machine
  stranger = `http://127.0.0.2:${port}`; // neither TLS nor listed
  browser = await launch();
});
after(async () => { await browser.close(); server.close(); });

/** @param {string} address @param {import('playwright-core').BrowserContextOptions} [options] */
async function visit(address, options = {}) {
  const context = await browser.newContext({ viewport: { width: 1000, height: 800 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  /** @type {string[]} */
  const faults = [];
  const allowed = [new URL(address).origin, new URL(BASE).origin];
  page.on('request', (r) => { if (!allowed.includes(new URL(r.url()).origin)) faults.push(`request to ${r.url()}`); });
  page.on('response', (r) => { if (r.status() >= 400) faults.push(`${r.status()} for ${r.url()}`); if (r.headers()['set-cookie']) faults.push(`cookie from ${r.url()}`); });
  page.on('console', (m) => { if (m.type() === 'error') faults.push(m.text()); });
  page.on('pageerror', (e) => faults.push(`exception: ${e.message}`));
  return { context, page, faults };
}
/** @param {import('playwright-core').Page} page @param {string} start of its address */
async function frameOf(page, start = `${BASE}/public/embed?`) {
  await page.waitForFunction(() => document.querySelector('iframe'));
  await page.locator('iframe').first().scrollIntoViewIfNeeded();
  for (;;) {
    const frame = page.frames().find((f) => f.url().startsWith(start));
    if (frame) { await frame.waitForFunction(() => document.querySelectorAll('#table tbody tr').length > 3); return frame; }
    await page.waitForEvent('framenavigated');
  }
}
const middleOf = (/** @type {import('playwright-core').Frame} */ f) => f.evaluate(() => new URL(/** @type {HTMLAnchorElement} */ (document.getElementById('full')).href).searchParams.get('at'));

test('iframe/draws under 100 KB in a page of another origin, keeps nothing, asks nobody else', async () => {
  const { context, page, faults } = await visit(`${council}/iframe`);
  let bytes = 0;
  page.on('requestfinished', async (r) => { if (r.url().startsWith(BASE)) { const s = await r.sizes(); bytes += s.responseBodySize + s.responseHeadersSize; } });
  await page.goto(`${council}/iframe`);
  const frame = await frameOf(page);
  await page.waitForLoadState('networkidle');
  assert.ok(bytes > 40_000 && bytes < FIRST_VIEW_BYTES, `${bytes} bytes for the first view`);
  assert.equal(await frame.evaluate(() => { try { return localStorage.length + sessionStorage.length; } catch { return 0; } }), 0);
  assert.deepEqual(await context.cookies(), []);
  assert.deepEqual(await axe(frame), []);
  // By keys alone: the map, a hexagon, the table.
  await frame.focus('#map');
  await page.keyboard.press('Enter');
  await frame.waitForSelector('#panel .big');
  assert.equal(await frame.evaluate(() => document.activeElement?.id), 'panel');
  await frame.focus('[data-view=table]');
  await page.keyboard.press('Enter');
  assert.ok(await frame.locator('#table').isVisible() && !await frame.locator('#map').isVisible());
  // What a hidden map might do, it has done once an observer and a timer that came later are through.
  await frame.evaluate(() => new Promise((done) => { new ResizeObserver(() => setTimeout(done, 200)).observe(document.getElementById('map') ?? document.body); }));
  assert.ok(await frame.locator('#table tbody tr').count() > 3, 'the table keeps its rows');
  await frame.click('[data-view=done]');
  assert.ok(await frame.locator('#near .action').count() > 0 && !await frame.locator('#none-near').isVisible(), 'what was changed in sight is listed');
  const full = await frame.getAttribute('#full', 'href') ?? '';
  const seen = new URL(full);
  assert.ok(seen.href.startsWith(`${BASE}/public/map?`) && seen.searchParams.get('box') === '-0.2500,51.3200,0.0500,51.4300' && seen.searchParams.get('cell'), `the page of its own shows the same, not ${full}`);
  assert.deepEqual(faults, []);
  await context.close();
});

test('script/the frame takes the height of its content and listens to nobody else', async () => {
  const { context, page, faults } = await visit(`${council}/script`);
  await page.goto(`${council}/script`);
  const frame = await frameOf(page);
  const height = () => page.evaluate(() => document.querySelector('iframe')?.offsetHeight ?? 0);
  const wanted = () => frame.evaluate(() => ['head', 'foot'].reduce((n, id) => n + (document.getElementById(id)?.offsetHeight ?? 0), document.querySelector('.views')?.clientHeight ?? 0));
  const around = await wanted();
  await page.waitForFunction((h) => Math.abs((document.querySelector('iframe')?.offsetHeight ?? 0) - h) < 8, around + 300);
  await frame.click('[data-view=table]');
  await page.waitForFunction((h) => (document.querySelector('iframe')?.offsetHeight ?? 0) > h, around + 310);
  const tall = await height();
  // A frame of the page itself, and one that says it is big, are not believed.
  const forger = page.frames().find((f) => f.url().endsWith('/forger'));
  await forger?.evaluate(() => parent.postMessage({ streetsafe: 'height', height: 2900 }, '*'));
  await page.evaluate(() => postMessage({ streetsafe: 'height', height: 2900 }, '*'));
  await page.evaluate(() => new Promise((done) => { addEventListener('message', () => done(0), { once: true }); postMessage('after', '*'); }));
  assert.equal(await height(), tall);
  assert.equal(await page.getAttribute('iframe', 'title'), 'Where people feel unsafe');
  assert.deepEqual(faults, []);
  await context.close();
});

test('sandbox/an embed without an origin of its own works, as WordPress frames it', async () => {
  const { context, page, faults } = await visit(`${council}/sandbox`);
  await page.goto(`${council}/sandbox`);
  await frameOf(page);
  assert.deepEqual(faults, []);
  await context.close();
});

test('frame-ancestors/a page that is not listed gets nothing, and no page frames more than embeds', async () => {
  const { context, page } = await visit(`${stranger}/iframe`);
  await page.goto(`${stranger}/iframe`);
  await page.locator('iframe').scrollIntoViewIfNeeded();
  await page.waitForLoadState('networkidle');
  assert.ok(page.frames().every((f) => !f.url().startsWith(BASE)), 'the frame stays empty');
  await context.close();
});

test('phone/one finger scrolls past, two fingers move the map', async () => {
  const { context, page, faults } = await visit(`${council}/iframe`, PHONE);
  await page.goto(`${council}/iframe`);
  const frame = await frameOf(page);
  await page.waitForLoadState('networkidle');
  const cdp = await context.newCDPSession(page);
  const scrolled = () => page.evaluate(() => scrollY);
  /** Draws fingers over the map. @param {(step: number, y: number) => {x:number, y:number}[]} fingers */
  async function draw(fingers) {
    const box = await page.locator('iframe').boundingBox();
    if (!box) throw new Error('no frame');
    const y = box.y + 350;
    await cdp.send('Input.dispatchTouchEvent', { type: 'touchStart', touchPoints: fingers(0, y) });
    for (let i = 1; i <= 12; i++) await cdp.send('Input.dispatchTouchEvent', { type: 'touchMove', touchPoints: fingers(i, y) });
    await cdp.send('Input.dispatchTouchEvent', { type: 'touchEnd', touchPoints: [] });
  }
  const from = await scrolled(), at = await middleOf(frame);
  await draw((i, y) => [{ x: 190, y: y - 15 * i }]);
  await page.waitForFunction((was) => scrollY > was + 80, from);
  assert.equal(await middleOf(frame), at, 'the map stayed where it was');
  assert.equal(await frame.textContent('#hint'), 'Use two fingers to move the map');
  const rest = await page.evaluate(() => new Promise((done) => { let was = -1; const look = () => { if (was === scrollY) done(was); else { was = scrollY; setTimeout(look, 100); } }; look(); }));
  await draw((i, y) => [{ x: 150 - 4 * i, y: y - 6 * i, id: 0 }, { x: 240 + 4 * i, y: y - 6 * i, id: 1 }]);
  await frame.waitForFunction((was) => new URL(/** @type {HTMLAnchorElement} */ (document.getElementById('full')).href).searchParams.get('at') !== was, at);
  assert.equal(await scrolled(), rest, 'the page stayed where it was');
  assert.deepEqual(faults, []);
  await context.close();
});

test('desk/the wheel scrolls past; with Ctrl it zooms', async () => {
  const { context, page } = await visit(`${council}/iframe`);
  await page.goto(`${council}/iframe`);
  const frame = await frameOf(page);
  const box = await page.locator('iframe').boundingBox();
  if (!box) throw new Error('no frame');
  await page.mouse.move(box.x + 300, box.y + 350);
  const was = await page.evaluate(() => scrollY);
  await page.mouse.wheel(0, 120);
  await page.waitForFunction((y) => scrollY > y, was);
  const zoom = await middleOf(frame);
  await page.keyboard.down('Control');
  await page.mouse.wheel(0, -240);
  await page.keyboard.up('Control');
  await frame.waitForFunction((z) => new URL(/** @type {HTMLAnchorElement} */ (document.getElementById('full')).href).searchParams.get('at') !== z, zoom);
  await context.close();
});
