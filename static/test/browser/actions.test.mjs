import { readFileSync } from 'node:fs';
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { CROYDON, launch, open, query, settled } from './harness.mjs';

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
/** @typedef {import('playwright-core').Page} Page */

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** Waits for what is open under Actions. @param {Page} page @param {string} selector */
async function ready(page, selector) {
  await page.waitForSelector(selector);
  await page.waitForFunction(() => document.getElementById('tool')?.getAttribute('aria-busy') !== 'true');
}
/** @param {Page} page */
async function axe(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => /** @type {any} */ (window).axe.run(document, { resultTypes: ['violations'] }));
  return found.violations.map((/** @type {any} */ v) => `${v.id}: ${v.nodes.map((/** @type {any} */ n) => n.html.slice(0, 160)).join(' | ')}`);
}

test('actions/from a hexagon in two clicks, then step by step by keyboard, and away from the public', async () => {
  const { page, context, faults, requests, violations } = await open(browser, `/hub?${CROYDON}`);
  assert.ok(!requests.some((u) => /action/.test(u)), 'nothing of it is loaded before it is opened');
  await page.click('#summary .top button');
  const cell = /** @type {string} */ (query(page).get('cell'));
  await page.click('#detail .record');
  await ready(page, '.action-form');
  await page.fill('.action-form [name=body]', 'Test Council');
  assert.deepEqual(await axe(page), []);
  await page.click('.action-form .go');
  await ready(page, '#tool .steps');
  const id = /** @type {string} */ (query(page).get('action'));
  const kept = await (await page.request.get(new URL(`/api/v1/actions/${id}`, page.url()).href)).json();
  assert.deepEqual([kept.cells, kept.status, kept.steps[0].body, kept.public], [[cell], 'seen', 'Test Council', true]);
  assert.equal(await page.locator('.shapes .pin.action').count(), 1, 'it is marked on the map');

  // By keyboard: the next step is chosen already.
  await page.getByRole('button', { name: 'Next step' }).focus();
  await page.keyboard.press('Enter');
  assert.ok(await page.isChecked('.action-form [value=planned]'));
  await page.check('.action-form [value=declined]');
  await page.locator('.action-form .go').focus();
  await page.keyboard.press('Enter');
  assert.ok(await page.locator('.action-form [name=step_note]:invalid').count(), 'a reason is asked for');
  await page.fill('.action-form [name=step_note]', 'The wall is listed.');
  await page.keyboard.press('Tab');
  await page.locator('.action-form .go').focus();
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => document.querySelectorAll('#tool .steps li').length === 2 && !document.querySelector('.action-form'));
  assert.match(/** @type {string} */ (await page.textContent('#tool .steps li:last-child')), /Not going ahead.*The wall is listed\./);
  await page.getByRole('button', { name: 'Withdraw from the public' }).click();
  await page.waitForFunction(() => document.querySelector('#tool')?.textContent?.includes('The public does not see this.'));
  assert.match(/** @type {string} */ (await page.textContent('#tool .history')), /3 versions/);
  await page.getByRole('button', { name: 'All actions' }).click();
  await ready(page, `[data-action="${id}"]`);
  assert.equal(query(page).get('action'), null);
  assert.deepEqual(await violations(), []);
  assert.deepEqual(faults, []);
  await context.close();
});

test('actions/the list is what is on screen; before and after says what the server found', async () => {
  const { page, context, faults } = await open(browser, '/hub?at=51.37520,-0.09290,12&tool=actions', { colorScheme: 'dark' });
  await ready(page, '.action-list');
  const box = await page.evaluate(() => document.querySelectorAll('.action-list li').length);
  assert.ok(box > 0 && box === await page.locator('.shapes .pin.action').count(), 'each has a marker');
  assert.deepEqual(await axe(page), []);
  const list = await (await page.request.get(new URL('/api/v1/actions?status=done&kind=lighting', page.url()).href)).json();
  const done = list.actions[0];
  await page.goto(new URL(`/hub?${CROYDON}&tool=actions&action=${done.id}`, page.url()).href);
  await settled(page);
  await ready(page, '.before-after');
  const found = await (await page.request.get(new URL(`/api/v1/actions/${done.id}/evaluation?factors=badly_lit`, page.url()).href)).json();
  const shown = (await page.locator('.before-after b').allTextContents()).map((t) => Number(t.replace(/,/g, '')));
  assert.deepEqual(shown, [found.place.before, Math.round(found.expected), found.place.after]);
  assert.equal(found.verdict, 'fewer');
  assert.match(/** @type {string} */ (await page.textContent('.effect .verdict')), /Clearly fewer reports/);
  await page.selectOption('#tool .block select', '');
  await page.waitForFunction((n) => Number(document.querySelector('.before-after b')?.textContent?.replace(/,/g, '')) > n, found.place.before);
  assert.deepEqual(await axe(page), []);
  assert.deepEqual(faults, []);
  await context.close();
});
