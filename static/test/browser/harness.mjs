// What the browser tests share: a page that records everything it must not do.
import { readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';

/** Where the real server listens. */
export const BASE = process.env.STREETSAFE_URL ?? 'http://127.0.0.1:8080';
/** Croydon at a zoom whose hexagons cross several tiles. */
export const CROYDON = 'at=51.37270,-0.09940,14';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];

export const launch = () => chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });

/**
 * Opens a page of its own context. `faults` collects requests to other hosts,
 * console errors, uncaught exceptions, failed requests and CSP violations.
 * @param {import('playwright-core').Browser} browser
 * @param {string} path
 * @param {import('playwright-core').BrowserContextOptions} [options]
 * @param {(page: import('playwright-core').Page) => Promise<void>} [prepare] runs before the page loads
 */
export async function open(browser, path, options = {}, prepare = undefined) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', ...options });
  const page = await context.newPage();
  /** @type {string[]} */
  const faults = [];
  /** @type {string[]} */
  const requests = [];
  page.on('request', (r) => {
    requests.push(r.url());
    const url = new URL(r.url());
    if (url.origin !== new URL(BASE).origin && !['data:', 'blob:'].includes(url.protocol)) faults.push(`request to ${r.url()}`);
  });
  page.on('response', (r) => { if (r.status() >= 400) faults.push(`${r.status()} for ${r.url()}`); });
  page.on('console', (m) => { if (['error', 'warning'].includes(m.type())) faults.push(`console ${m.type()}: ${m.text()}`); });
  page.on('pageerror', (e) => faults.push(`exception: ${e.message}`));
  await page.addInitScript(() => {
    /** @type {any} */ (window).cspViolations = [];
    addEventListener('securitypolicyviolation', (e) => /** @type {any} */ (window).cspViolations.push(`${e.violatedDirective} ${e.blockedURI}`));
  });
  await prepare?.(page);
  await page.goto(BASE + path);
  if (path.startsWith('/hub')) await settled(page);
  return { page, context, faults, requests, violations: () => page.evaluate(() => /** @type {any} */ (window).cspViolations) };
}

/** Waits until the map and the figures are those of the present state. @param {import('playwright-core').Page} page */
export async function settled(page) {
  await page.waitForFunction(() => {
    const busy = (/** @type {string} */ id) => document.getElementById(id)?.getAttribute('aria-busy') === 'true';
    return document.body.classList.contains('ready') && !busy('map') && !busy('info') && /\d/.test(document.getElementById('total')?.textContent ?? '');
  });
}

/** Does something that moves the map, and waits for it: zooming starts a frame later. @param {import('playwright-core').Page} page @param {() => Promise<unknown>} act */
export async function moving(page, act) {
  const before = query(page).get('at');
  await act();
  await page.waitForFunction((at) => new URL(location.href).searchParams.get('at') !== at, before);
  await settled(page);
}

/** @param {import('playwright-core').Page} page @param {string} selector */
export const numberIn = async (page, selector) => Number((await page.textContent(selector))?.replace(/[^\d]/g, ''));

/** What the API says for the view and filter that the page shows. @param {import('playwright-core').Page} page @param {string[]} requests */
export async function apiTotal(page, requests) {
  const last = requests.findLast((u) => u.includes('/api/v1/summary') && !u.includes('top=0')); // those are for the matrix
  if (!last) throw new Error('the page asked for no summary');
  const answer = await (await page.request.get(last)).json();
  return /** @type {{total:number, cells:number, top:{cell:string,count:number}[], res:number}} */ (answer);
}

/** @param {import('playwright-core').Page} page */
export const query = (page) => new URL(page.url()).searchParams;

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
/** What axe finds wrong with a page or a frame. @param {import('playwright-core').Page|import('playwright-core').Frame} page @param {string[]} [more] rules that it leaves out by default */
export async function axe(page, more = []) {
  await page.evaluate(AXE);
  const rules = Object.fromEntries(more.map((id) => [id, { enabled: true }]));
  const found = await page.evaluate((rules) => /** @type {any} */ (window).axe.run(document, { resultTypes: ['violations'], rules }), rules);
  return /** @type {string[]} */ (found.violations.map((/** @type {any} */ v) => `${v.id}: ${v.nodes.map((/** @type {any} */ n) => n.html.slice(0, 120)).join(' | ')}`));
}
