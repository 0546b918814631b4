import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { CROYDON, launch, moving, numberIn, open, query, settled } from './harness.mjs';

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Tabs until an element has the focus. @param {import('playwright-core').Page} page @param {string} selector */
async function tabTo(page, selector, limit = 80) {
  for (let i = 0; i < limit; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) return;
  }
  assert.fail(`Tab never reaches ${selector}`);
}

test('keyboard/from the address bar to the details and back without a pointer', async () => {
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}`);
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement?.textContent), 'Skip to the map', 'the first stop skips to the map');
  await page.keyboard.press('Enter');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'map');
  await page.keyboard.press('Enter');
  await page.waitForSelector('#detail-total');
  const n = await numberIn(page, '#detail-total');
  await page.waitForFunction((text) => document.getElementById('live')?.textContent?.includes(text), n.toLocaleString('en-GB'));
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'detail-title', 'the focus goes to the details');
  await page.keyboard.press('Escape');
  await page.waitForFunction(() => document.activeElement?.id === 'map');

  await moving(page, () => page.keyboard.press('ArrowRight'));
  await page.waitForFunction(() => /under the centre/.test(document.getElementById('live')?.textContent ?? ''));
  assert.ok(await page.locator('.cross').isVisible(), 'a cross shows what Enter reads');
  assert.deepEqual(faults, []);
  await context.close();
});

test('keyboard/filters, brush, table and search', async () => {
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}`);
  const all = await numberIn(page, '#total');
  await tabTo(page, 'input[value=badly_lit]');
  await page.keyboard.press('Space');
  await page.waitForFunction(() => location.search.includes('factors=badly_lit')); await settled(page);
  assert.ok(await numberIn(page, '#total') < all);

  await page.locator('#brush-from').focus();
  await page.keyboard.press('ArrowRight');
  await page.waitForFunction(() => location.search.includes('from=')); await settled(page);
  assert.match(/** @type {string} */ (await page.getAttribute('#brush-from', 'aria-valuetext')), /^[A-Z][a-z]+ \d{4}$/);
  assert.ok(await page.isChecked('input[name=window][value=custom]'));

  await page.keyboard.press('t');
  await page.waitForSelector('#table:not([hidden])'); await settled(page);
  assert.equal(await numberIn(page, '#table-sum'), await numberIn(page, '#total'));
  await page.locator('#table-body button').nth(2).focus();
  await page.keyboard.press('Enter');
  await page.waitForSelector('#detail-total');

  await page.keyboard.press('/');
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'search');
  await page.keyboard.type('sutton');
  await page.waitForSelector('#places [role=option]');
  await page.keyboard.press('ArrowDown');
  const active = await page.getAttribute('#search', 'aria-activedescendant');
  assert.equal(await page.getAttribute(`#${active}`, 'aria-selected'), 'true');
  await moving(page, () => page.keyboard.press('Enter'));
  const lat = Number(query(page).get('at')?.split(',')[0]);
  assert.ok(Math.abs(lat - 51.36) < 0.1, `Sutton is at ${lat}`);
  assert.deepEqual(faults, []);
  await context.close();
});

test('keyboard/help opens with ? and single keys can be switched off', async () => {
  const { page, context } = await open(browser, '/hub');
  await page.keyboard.press('?');
  assert.ok(await page.locator('#help').isVisible());
  await page.locator('#keys-on').focus();
  await page.keyboard.press('Space');
  await page.keyboard.press('Escape');
  await page.waitForSelector('#help', { state: 'hidden' });
  await page.keyboard.press('t');
  await page.keyboard.press('?');
  assert.ok(!await page.locator('#help').isVisible());
  assert.ok(!await page.locator('#table').isVisible());
  await context.close();
});
