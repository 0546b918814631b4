import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { BASE, axe, launch, open } from './harness.mjs';

const PUBLIC = `${BASE}/public`;
const AT = 'at=51.3727,-0.0994,12';
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** The map is drawn and its table is full. @param {import('playwright-core').Page} page */
const drawn = (page) => page.waitForFunction(() => document.querySelectorAll('#table tbody tr').length > 3 && document.getElementById('map')?.getAttribute('aria-busy') === 'false');
/** @param {import('playwright-core').Page} page */
const kept = async (page) => ({ cookies: await page.context().cookies(), stored: await page.evaluate(() => localStorage.length + sessionStorage.length) });

test('map/a hexagon tells its figure, half-years and what was done, and the table says the same', async () => {
  const { page, context, faults, violations } = await open(browser, `/public/map?${AT}`);
  await drawn(page);
  // At once: names that come in order the rows anew.
  const count = await page.evaluate(() => {
    const row = document.querySelector('#table tbody tr');
    row?.querySelector('button')?.click();
    return row?.querySelector('td')?.textContent ?? '';
  });
  await page.waitForSelector('#panel .big');
  assert.equal(await page.textContent('#panel .big'), `About ${count} reports`);
  const cell = new URL(page.url()).searchParams.get('cell');
  const figures = (await (await page.request.get(`${PUBLIC}/site/cell/${cell}.json`)).json()).figures;
  assert.equal(Number(count.replace(',', '')), figures[await page.inputValue('#release')].count);
  assert.equal(await page.locator('#panel .bars').first().locator('tr').count(), await page.locator('#release optgroup').first().locator('option').count(), 'a row for each half-year');
  assert.match(await page.textContent('#panel') ?? '', /What changed here/);
  // What people named is published for large hexagons only, deeper zooms included.
  await page.selectOption('#theme', 'both');
  await page.waitForFunction(() => document.getElementById('legend-note')?.textContent?.includes('6.5'));
  await page.waitForFunction(() => { const n = document.querySelectorAll('#table tbody tr').length; return n >= 3 && n < 20; });
  assert.equal(new URL(page.url()).searchParams.get('theme'), 'both');
  assert.deepEqual(await kept(page), { cookies: [], stored: 0 });
  assert.deepEqual(faults, []);
  assert.deepEqual(await violations(), []);
  await context.close();
});

test('map/keyboard: the hexagon under the middle opens with Enter, Close goes back', async () => {
  const { page, context } = await open(browser, `/public/map?${AT}`);
  await drawn(page);
  await page.focus('#map');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#panel .big');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'panel');
  await page.click('#panel .close');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'map');
  await page.fill('#search', 'cr0');
  await page.waitForSelector('#places [role=option]');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await page.waitForFunction((at) => new URL(location.href).searchParams.get('at') !== at, AT.slice(3));
  await context.close();
});

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`axe/public pages, ${colorScheme}: no violations, nothing sticks out`, async () => {
    for (const [path, options] of /** @type {[string, any][]} */ ([[`/public/map?${AT}&lang=cy`, PHONE], ['/public/map', {}], ['/public/whatchanged', {}], ['/public/embed/builder?accent=8a8a8a', {}], ['/public/embed?look=contrast', {}], ['/public/embed?view=forces', PHONE]])) {
      const { page, context, faults } = await open(browser, path, { colorScheme, ...options });
      if (path.includes('map')) await drawn(page);
      if (path === '/public/map') await page.waitForSelector('#panel .near'); // several marks would stand in one place
      if (path.includes(AT)) { await page.locator('#table tbody button').first().click(); await page.waitForSelector('#panel .big'); }
      assert.deepEqual(await axe(page, ['target-size']), [], path);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth + 1), `${path} is too wide`);
      assert.deepEqual(faults, [], path);
      await context.close();
    }
  });
}

test('map/without a script it is text, tables and forms', async () => {
  const context = await browser.newContext({ javaScriptEnabled: false, locale: 'en-GB' });
  const page = await context.newPage();
  await page.goto(`${PUBLIC}/map`);
  assert.ok(await page.getByText('The moving map needs a script').isVisible());
  assert.ok(!await page.locator('#map').isVisible());
  assert.ok(await page.locator('.factors tbody tr').count() === 12);
  await page.selectOption('#release', { index: 1 });
  await page.locator('#controls button').click();
  assert.ok(new URL(page.url()).searchParams.get('release'));
  assert.ok(await page.getByText('Absence of colour is not safety.').first().isVisible());
  await context.close();
});

test('builder/a faint colour is refused with a better one, the lines to copy follow', async () => {
  const { page, context, faults } = await open(browser, '/public/embed/builder');
  const before = await page.inputValue('#iframe');
  await page.fill('#accent', '8a8a8a');
  await page.waitForSelector('#accent[aria-invalid=true]');
  assert.match(await page.textContent('#accent-hint') ?? '', /3\.4 to 1.*text needs 4\.5/);
  await page.click('#better');
  await page.waitForFunction((was) => /** @type {HTMLTextAreaElement} */ (document.getElementById('iframe')).value !== was, before);
  assert.match(await page.inputValue('#iframe'), /accent=[0-9a-f]{6}/);
  await page.check('input[value=dark]');
  await page.selectOption('#lang', 'cy');
  await page.waitForFunction(() => /look=dark/.test(/** @type {HTMLTextAreaElement} */ (document.getElementById('script')).value) && /lang=cy/.test(/** @type {HTMLTextAreaElement} */ (document.getElementById('script')).value));
  const frame = page.frameLocator('#preview');
  await frame.locator('html[data-look=dark][lang=cy] #map[aria-busy=false]').waitFor();
  await frame.locator('#zoom-in').click();
  await page.click('#use-view');
  await page.waitForFunction(() => /box=-?\d/.test(/** @type {HTMLTextAreaElement} */ (document.getElementById('iframe')).value));
  assert.deepEqual(faults, []);
  await context.close();
});
