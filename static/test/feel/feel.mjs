// How the hub feels: opens, filters and pans the map of a running server and prints
// what it took as JSON. Run it on a quiet machine against a demo with a body as
// large as the one that matters:
//
//   streetsafe demo --data DIR --reports 1000000 --listen 127.0.0.1:8080
//   STREETSAFE_URL=http://127.0.0.1:8080 node test/feel/feel.mjs [--pans 1000]
import { chromium } from 'playwright-core';
import { BASE, settled } from '../browser/harness.mjs';

const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--enable-precise-memory-info'];
const PANS = Number(process.argv[process.argv.indexOf('--pans') + 1]) || 1000;
/** Croydon: hexagons over all of the screen. */
const VIEW = '/hub?at=51.37270,-0.09940,14';
const OPENINGS = 9;

/** @param {number[]} all */
const spread = (all) => { const s = [...all].sort((a, b) => a - b), at = (/** @type {number} */ p) => Math.round(s[Math.min(s.length - 1, Math.floor(p * s.length))]); return { median: at(0.5), worst: at(1), runs: s.length }; };

/** When the map was last painted whole, in milliseconds since the page began. @param {import('playwright-core').Page} page @param {number} since */
async function painted(page, since) {
  await page.waitForFunction((t) => performance.getEntriesByName('map-painted').some((m) => m.startTime > t), since);
  await settled(page);
  return page.evaluate(async () => {
    // The map is quiet when a quarter of a second brings no further painting.
    const last = () => performance.getEntriesByName('map-painted').at(-1)?.startTime ?? 0;
    while (performance.now() - last() < 250) await new Promise((done) => setTimeout(done, 50));
    return last();
  });
}

/** @param {import('playwright-core').Browser} browser */
async function openings(browser) {
  const first = [], last = [];
  for (let i = 0; i < OPENINGS; i++) {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 } }), page = await context.newPage();
    await page.goto(BASE + VIEW, { waitUntil: 'commit' });
    const whole = await painted(page, 0);
    first.push(await page.evaluate(() => performance.getEntriesByName('map-open')[0].startTime));
    last.push(whole);
    await context.close();
  }
  return { first_whole_paint_ms: spread(first.slice(1)), last_paint_ms: spread(last.slice(1)) };
}

/** @param {import('playwright-core').Page} page */
async function filters(page) {
  const took = [];
  for (const name of ['badly_lit', 'isolated', 'followed', 'no_cctv', 'rundown']) {
    for (let turn = 0; turn < 2; turn++) { // on and off
      const box = page.locator(`input[value=${name}]`);
      await painted(page, 0);
      const since = await box.evaluate((el) => { const t = performance.now(); /** @type {HTMLElement} */ (el).click(); return t; });
      took.push(await painted(page, since) - since);
    }
  }
  return { to_last_paint_ms: spread(took) };
}

/** Drags the map to and fro and takes the time between frames. @param {import('playwright-core').Page} page */
async function frames(page) {
  const gaps = page.evaluate(() => new Promise((/** @type {(v: number[]) => void} */ done) => {
    /** @type {number[]} */
    const all = [];
    let was = performance.now();
    const end = was + 8000;
    requestAnimationFrame(function next(t) { all.push(t - was); was = t; if (t < end) requestAnimationFrame(next); else done(all.slice(2)); });
  }));
  const end = Date.now() + 7800;
  for (let turn = 0; Date.now() < end; turn++) {
    const [dx, dy] = [[-9, -3], [8, -6], [9, 5], [-8, 4]][turn % 4];
    let x = 720, y = 420;
    await page.mouse.move(x, y); await page.mouse.down();
    for (let i = 0; i < 30 && Date.now() < end; i++) { x += dx; y += dy; await page.mouse.move(x, y); }
    await page.mouse.up();
  }
  const all = await gaps, total = all.reduce((a, b) => a + b, 0);
  return { frames_per_second: Math.round(1000 * all.length / total), gap_ms: spread(all), over_20_ms: `${Math.round(100 * all.filter((g) => g > 20).length / all.length)} %` };
}

/** @param {import('playwright-core').Page} page */
async function memory(page) {
  const cdp = await page.context().newCDPSession(page);
  const heap = async () => {
    await settled(page);
    for (let i = 0; i < 3; i++) await cdp.send('HeapProfiler.collectGarbage');
    return Math.round((await cdp.send('Runtime.getHeapUsage')).usedSize / 1e5) / 10;
  };
  await page.focus('#map');
  const keys = ['ArrowRight', 'ArrowDown', 'ArrowLeft', 'ArrowUp'], at = [];
  for (let i = 0; i <= PANS; i++) {
    if (i % Math.max(1, PANS / 5) === 0) at.push({ pans: i, heap_mb: await heap() });
    await page.keyboard.press(keys[Math.floor(i / 25) % 4]);
    await page.evaluate(() => new Promise((done) => requestAnimationFrame(done)));
  }
  return at;
}

/** @param {import('playwright-core').Page} page */
async function areas(page) {
  const { kinds } = await (await page.request.get(BASE + '/api/v1/areas')).json(), out = [];
  for (const k of kinds) {
    const took = [];
    for (const filter of ['', 'factors=badly_lit', 'factors=badly_lit', 'window=1', 'dark=yes&dayparts=night'].filter((f) => !f.startsWith('window'))) {
      const t = performance.now(), r = await page.request.get(`${BASE}/api/v1/areas/${k.kind}/figures?${filter}`);
      if (r.ok()) took.push(`${filter || 'all'}: ${Math.round(performance.now() - t)} ms`);
    }
    out.push({ kind: k.kind, areas: k.areas, took });
  }
  return out;
}

const browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });
const open = await openings(browser);
const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
await page.goto(BASE + VIEW);
await settled(page);
const total = await (await page.request.get(BASE + '/tiles/reports.json')).json();
console.log(JSON.stringify({ reports: total.total, open, filter_change: await filters(page), pan: await frames(page), memory: await memory(page), areas: await areas(page) }, null, 1));
await browser.close();
