import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { apiTotal, CROYDON, launch, numberIn, open, query, settled } from './harness.mjs';

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** @param {import('playwright-core').Page} page */
const cellNumber = async (page, /** @type {string} */ key) => Number(/: ([\d,]+)/.exec(/** @type {string} */ (await page.getAttribute(`#summary [data-key="${key}"]`, 'aria-label')))?.[1].replace(/,/g, ''));

test('charts/a cell of the matrix shows its own number on the map, and the same click takes it back', async () => {
  const { page, context, faults, requests } = await open(browser, `/hub?${CROYDON}`);
  const all = await numberIn(page, '#total'), friday = await cellNumber(page, 'evening:fri');
  await page.click('#summary [data-key="evening:fri"]');
  await page.waitForFunction(() => location.search.includes('dayparts=evening')); await settled(page);
  assert.equal(query(page).get('weekdays'), 'fri');
  assert.equal(await numberIn(page, '#total'), friday, 'the cell told what the map now shows');
  assert.equal((await apiTotal(page, requests.filter((u) => u.includes('weekdays=fri')))).total, friday);
  assert.equal(await cellNumber(page, 'night:sat'), await page.evaluate(async (u) => { const m = (await (await fetch(u)).json()).daypart_weekday; return m.counts[0][5]; }, /** @type {string} */ (requests.findLast((u) => /summary.*top=0/.test(u)))), 'the other cells keep their numbers to choose from');
  assert.match(/** @type {string} */ (await page.textContent('.unknown-time')), /do not say the time of day and are left out/);

  await page.getByRole('button', { name: 'Include them' }).click(); await page.waitForFunction(() => location.search.includes('unknown')); await settled(page);
  assert.ok(await numberIn(page, '#total') > friday);
  await page.keyboard.press('u'); await settled(page);
  assert.equal(await numberIn(page, '#total'), friday, 'undo takes back one change');
  await page.click('#summary [data-key="evening:fri"]'); await page.waitForFunction(() => !location.search.includes('weekdays')); await settled(page);
  assert.equal(await numberIn(page, '#total'), all);
  assert.deepEqual(faults, []);
  await context.close();
});

test('charts/by keyboard: arrows walk, Enter chooses and the focus stays', async () => {
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}`);
  await page.locator('#summary .matrix [tabindex="0"]').focus();
  const focus = () => page.evaluate(() => /** @type {HTMLElement} */ (document.activeElement).dataset.key);
  assert.equal(await focus(), ':', 'Tab reaches one button of the matrix');
  await page.keyboard.press('ArrowDown'); await page.keyboard.press('End');
  assert.equal(await focus(), 'night:sun');
  const sunday = await cellNumber(page, 'night:sun');
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => location.search.includes('weekdays=sun')); await settled(page);
  assert.equal(await numberIn(page, '#total'), sunday);
  assert.equal(await focus(), 'night:sun', 'the focus is where it was');
  assert.equal(await page.getAttribute('#summary [data-key="night:sun"]', 'aria-pressed'), 'true');
  assert.deepEqual(faults, []);
  await context.close();
});

test('charts/a month sets the window, Shift reaches to another, the other months stay in sight', async () => {
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}`);
  const months = await page.locator('.months button').evaluateAll((l) => l.map((b) => ({ key: /** @type {HTMLElement} */ (b).dataset.key, n: Number(/: ([\d,]+)/.exec(/** @type {string} */ (b.getAttribute('aria-label')))?.[1].replace(/,/g, '')) })));
  assert.ok(months.length > 12);
  await page.click(`.months [data-key="${months[3].key}"]`);
  await page.waitForFunction(() => location.search.includes('from=')); await settled(page);
  assert.equal(query(page).get('from'), `${months[3].key}-01`);
  assert.equal(await numberIn(page, '#total'), months[3].n);
  assert.equal(await page.locator('.months button').count(), months.length);
  await page.click(`.months [data-key="${months[5].key}"]`, { modifiers: ['Shift'] });
  await page.waitForFunction((m) => new URL(location.href).searchParams.get('to') !== m, `${months[4].key}-01`); await settled(page);
  assert.equal(await numberIn(page, '#total'), months[3].n + months[4].n + months[5].n);
  await page.getByRole('button', { name: 'Undo' }).click(); await settled(page);
  assert.equal(await numberIn(page, '#total'), months[3].n);
  assert.deepEqual(faults, []);
  await context.close();
});

test('filters/shifts are quarters of the day', async () => {
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}`);
  for (const [name, parts] of [['Early', 'morning'], ['Late', 'afternoon,evening'], ['Night', 'night,evening']]) {
    await page.locator('[data-shift]', { hasText: name }).click(); await settled(page);
    assert.equal(query(page).get('dayparts'), parts);
    assert.equal(await page.locator('[data-shift]', { hasText: name }).getAttribute('aria-pressed'), 'true');
  }
  assert.deepEqual(faults, []);
  await context.close();
});

test('filters/no heading lies under a button, whatever the width', async () => {
  for (const width of [390, 1024, 1920]) {
    const { page, context } = await open(browser, `/hub?${CROYDON}`, { viewport: { width, height: 900 } });
    if (width < 760) await page.getByRole('button', { name: 'Filters', exact: true }).click();
    const overlaps = await page.locator('.group-head').evaluateAll((l) => l.filter((el) => {
      const [a, b] = [...el.children].map((c) => c.getBoundingClientRect());
      return a.right > b.left && a.bottom > b.top && b.bottom > a.top;
    }).length);
    assert.equal(overlaps, 0, `at ${width}`);
    const wide = await page.locator('.matrix td, .matrix th').evaluateAll((l) => l.filter((el) => el.scrollWidth > el.clientWidth + 1).map((el) => el.textContent));
    assert.deepEqual(wide, [], `numbers fit their cells at ${width}`);
    await context.close();
  }
});

test('charts/a short period is told by day, and a day is chosen by a click', async () => {
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}&window=90d`);
  const bars = page.getByRole('group', { name: /^Days:/ }).getByRole('button');
  assert.equal(await bars.count(), 90);
  const counts = await bars.evaluateAll((all) => all.map((b) => Number((b.getAttribute('aria-label') ?? '').replace(/^.*: ([\d,]+) reports?$/, '$1').replace(',', ''))));
  assert.equal(counts.reduce((a, b) => a + b, 0), await numberIn(page, '#total'), 'the days add up to the total');
  const busiest = counts.indexOf(Math.max(...counts));
  await bars.nth(busiest).click();
  await page.waitForFunction((n) => Number(document.getElementById('total')?.textContent?.replace(/\D/g, '')) === n, counts[busiest]);
  await settled(page);
  assert.equal(await page.getByRole('group', { name: /^Days:/ }).count(), 0, 'one day needs no chart of days');
  await page.keyboard.press('u');
  await page.waitForFunction(() => document.querySelectorAll('[aria-label^="Days:"] button').length === 90);
  assert.deepEqual(faults, []);
  await context.close();
});
