import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { CROYDON, launch, moving, numberIn, open, query, settled } from './harness.mjs';

const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true };

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

test('dates/typing applies once, when it is finished', async () => {
  const { page, context, faults, requests } = await open(browser, `/hub?${CROYDON}`);
  await page.getByText('Custom', { exact: true }).click(); await settled(page);
  const entries = await page.evaluate(() => history.length), asked = requests.length, address = page.url();
  await page.focus('#from-day');
  await page.keyboard.type('06062025');
  assert.equal(page.url(), address, 'nothing applies while a year is typed');
  assert.equal(requests.length, asked);
  await page.keyboard.press('Enter');
  await page.waitForFunction(() => location.search.includes('from=2025-06-06')); await settled(page);
  assert.equal(await page.evaluate(() => history.length), entries + 1, 'one entry');

  await page.focus('#from-day');
  await page.keyboard.type('01010202');
  await page.keyboard.press('Enter');
  assert.match(/** @type {string} */ (await page.textContent('#dates-note')), /Choose days from 1 Jan 2000 to .*today/);
  assert.equal(query(page).get('from'), '2025-06-06', 'a wrong day changes nothing');
  await page.getByRole('button', { name: 'Clear the dates' }).click();
  await page.waitForFunction(() => !location.search.includes('from=')); await settled(page);
  assert.equal(await page.textContent('#window-line'), 'All dates');
  assert.deepEqual(faults, []);
  await context.close();
});

test('dates/leaving the field applies, and the last day may not lie before the first', async () => {
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}&from=2025-06-01&to=2025-08-01`);
  await page.focus('#to-day');
  await page.keyboard.type('05052025');
  await page.focus('#search');
  assert.equal(await page.textContent('#dates-note'), 'The last day lies before the first.');
  await page.focus('#to-day');
  await page.keyboard.type('07072025');
  await page.focus('#search');
  await page.waitForFunction(() => location.search.includes('to=2025-07-08')); await settled(page);
  assert.equal(await page.textContent('#dates-note'), '');
  assert.deepEqual(faults, []);
  await context.close();
});

test('address/a filter that cannot be used does not stop the page', async () => {
  for (const q of ['from=1999-01-01', 'from=0002-01-01&to=0202-01-01', 'to=2025-02-30', 'factors=nope&from=zzz']) {
    const { page, context, faults } = await open(browser, `/hub?${CROYDON}&${q}`);
    assert.ok(await numberIn(page, '#total') > 0, q);
    assert.ok(await page.locator('#filters input[name=factor]').count() > 10, q);
    assert.deepEqual(faults, [], q);
    await context.close();
  }
  // What only the server knows to be wrong.
  const refuse = JSON.stringify({ title: 'Bad Request', detail: 'parameter "dark" is wrong' });
  const { page, context } = await open(browser, `/hub?${CROYDON}&dark=yes`, {}, async (p) => { await p.route((u) => u.search.includes('dark=yes') && /json$|summary$|scale$/.test(u.pathname), (r) => r.fulfill({ status: 400, contentType: 'application/problem+json', body: refuse })); });
  assert.equal(query(page).get('dark'), null);
  assert.match(/** @type {string} */ (await page.textContent('#toast')), /cannot be used/);
  await page.locator('#dark-switch').click();
  await page.waitForSelector('#message:not([hidden])');
  assert.doesNotMatch(/** @type {string} */ (await page.textContent('#message')), /parameter/, 'plain words');
  await page.getByRole('button', { name: 'Clear filters' }).click();
  await page.waitForFunction(() => !location.search.includes('dark=')); await settled(page);
  assert.ok(await numberIn(page, '#total') > 0);
  await context.close();
});

test('home/with reports far apart the map opens on reports, and the button leads to some', async () => {
  const wide = async (/** @type {import('playwright-core').Page} */ p) => { await p.route('**/tiles/reports.json*', async (r) => {
    const response = await r.fetch(), body = await response.json();
    await r.fulfill({ response, json: { ...body, bounds: [-71.2, 42.2, body.bounds[2], body.bounds[3]] } });
  }); };
  const { page, context, faults } = await open(browser, '/hub', {}, wide);
  assert.ok(await numberIn(page, '#total') > 0);
  const [lat, lng] = /** @type {string} */ (query(page).get('at')).split(',').map(Number);
  assert.ok(Math.abs(lat - 51.45) < 0.3 && Math.abs(lng + 0.15) < 0.4, `${lat}, ${lng}`);
  await page.goto(page.url().replace(/at=[^&]*/, 'at=47,-35,6')); await settled(page);
  await page.waitForSelector('#message:not([hidden])');
  await moving(page, () => page.getByRole('button', { name: 'Show where reports are' }).click());
  assert.ok(await numberIn(page, '#total') > 0);
  assert.deepEqual(faults, []);
  await context.close();
});

test('history/the table keeps the centre, and Back has the view and the number it had', async () => {
  const { page, context, faults } = await open(browser, '/hub?at=51.37271,-0.09943,14');
  const at = query(page).get('at'), total = await numberIn(page, '#total');
  for (let i = 0; i < 3; i++) {
    await page.keyboard.press('t');
    await page.waitForSelector('#table:not([hidden])'); await settled(page);
    await page.waitForFunction((n) => document.getElementById('total')?.textContent !== n, total.toLocaleString('en-GB')); await settled(page);
    assert.equal(query(page).get('at'), at, 'the centre stays');
    const less = await numberIn(page, '#total');
    await page.goBack(); await settled(page);
    await page.waitForSelector('#table', { state: 'hidden' });
    await page.waitForFunction((n) => document.getElementById('total')?.textContent === n, total.toLocaleString('en-GB'));
    assert.equal(query(page).get('at'), at);
    assert.ok(less < total);
  }
  // A move in between: forward and back again are two exact views.
  await page.keyboard.press('t'); await page.waitForSelector('#table:not([hidden])'); await settled(page);
  await page.focus('#map');
  await moving(page, () => page.keyboard.press('ArrowRight'));
  const moved = query(page).get('at'), there = await numberIn(page, '#total');
  await page.goBack(); await page.waitForFunction((a) => location.search.includes(/** @type {string} */ (a)), at);
  await page.waitForFunction((n) => document.getElementById('total')?.textContent === n, total.toLocaleString('en-GB'));
  await page.goForward(); await page.waitForFunction((a) => location.search.includes(/** @type {string} */ (a)), moved);
  await page.waitForFunction((n) => document.getElementById('total')?.textContent === n, there.toLocaleString('en-GB'));
  assert.deepEqual(faults, []);
  await context.close();
});

test('brush/dragging over the bars chooses months, a click one', async () => {
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}`);
  const all = await numberIn(page, '#total'), box = /** @type {{x:number,y:number,width:number,height:number}} */ (await page.locator('.brush-chart').boundingBox());
  const n = await page.locator('.brush-chart rect').count(), x = (/** @type {number} */ i) => box.x + ((i + 0.5) * box.width) / n, y = box.y + box.height / 2;
  const month = async (/** @type {number} */ i) => page.evaluate((i) => document.querySelectorAll('.months button')[i].getAttribute('data-key'), i);
  await page.mouse.move(x(9), y); await page.mouse.down(); await page.mouse.move(x(7), y, { steps: 3 }); await page.mouse.move(x(5), y, { steps: 3 });
  assert.equal(query(page).get('from'), null, 'nothing applies before the end');
  await page.mouse.up();
  await page.waitForFunction(() => location.search.includes('from=')); await settled(page);
  assert.equal(query(page).get('from'), `${await month(5)}-01`);
  assert.equal(query(page).get('to'), `${await month(10)}-01`);
  const five = await numberIn(page, '#total');
  assert.ok(five > 0 && five < all);
  await page.mouse.click(x(6), y);
  await page.waitForFunction((m) => new URL(location.href).searchParams.get('from') === `${m}-01`, await month(6)); await settled(page);
  assert.equal(query(page).get('to'), `${await month(7)}-01`);
  assert.ok(await numberIn(page, '#total') < five);
  assert.deepEqual(faults, []);
  await context.close();
});

test('print/paper says where, when and how to find it again; the help sheet prints on a phone', async () => {
  const { page, context } = await open(browser, `/hub?${CROYDON}`, PHONE);
  await page.waitForFunction(() => performance.getEntriesByType('resource').some((e) => e.name.endsWith('/basemap/labels.json')));
  await page.evaluate(() => { /** @type {any} */ (window).printed = 0; window.print = () => { /** @type {any} */ (window).printed++; }; });
  await page.click('#open-help');
  await page.getByRole('button', { name: 'Print what the map shows' }).click();
  assert.equal(await page.evaluate(() => /** @type {any} */ (window).printed), 1);
  await page.waitForSelector('#help', { state: 'hidden' });
  await page.emulateMedia({ media: 'print' });
  await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
  const note = /** @type {string} */ (await page.textContent('#print-note'));
  assert.ok(note.includes(page.url()) && /near Croydon/.test(note) && /\d{4} at \d\d:\d\d/.test(note), note);
  assert.ok(await page.locator('#print-note').isVisible());
  await context.close();
});

for (const [way, width, least] of /** @type {const} */ ([['portrait', 703, 0.95], ['landscape', 1032, 0.5]])) {
  test(`print/${way}: the map uses the width of the page and is whole`, async () => {
    const { page, context } = await open(browser, `/hub?${CROYDON}`, { viewport: { width: 1440, height: 900 } });
    await page.evaluate(() => dispatchEvent(new Event('beforeprint')));
    await page.setViewportSize({ width, height: way === 'portrait' ? 1032 : 703 });
    await page.emulateMedia({ media: 'print' });
    const box = /** @type {{width:number, height:number}} */ (await page.locator('.map-area').boundingBox());
    assert.ok(box.width > least * width && box.width <= width + 1, `${box.width} of ${width}`);
    assert.ok(box.height < (way === 'portrait' ? 870 : 580));
    await context.close();
  });
}

test('places/rows and the busiest hexagons have names', async () => {
  const { page, context, faults } = await open(browser, `/hub?${CROYDON}&table=open`);
  await page.waitForFunction(() => /near/i.test(document.querySelector('#table-body .col-place')?.textContent ?? ''));
  assert.match(/** @type {string} */ (await page.textContent('#summary .top')), /Near (South )?Croydon/);
  await page.getByRole('button', { name: 'Place', exact: true }).click();
  const names = await page.locator('#table-body .col-place').allTextContents();
  assert.deepEqual(names, [...names].sort());
  assert.equal(query(page).get('sort'), 'place');
  assert.deepEqual(faults, []);
  await context.close();
});

test('layout/a phone on its side has table and map, and small screens keep words whole', async () => {
  const side = await open(browser, `/hub?${CROYDON}&table=open`, { viewport: { width: 844, height: 390 } });
  for (const id of ['#map', '.table-scroll']) {
    const box = /** @type {{width:number, height:number}} */ (await side.page.locator(id).boundingBox());
    assert.ok(box.width >= 380 && box.height >= 200, `${id} has ${box.width} by ${box.height}`);
  }
  await side.page.locator('#table-body button').first().click();
  await side.page.waitForSelector('#detail-total');
  assert.ok(await side.page.locator('#info').isVisible());
  await side.context.close();

  for (const width of [320, 390]) {
    const { page, context } = await open(browser, '/hub?at=51.5,-0.1,8', { viewport: { width, height: 700 } });
    const lines = await page.locator('#legend-classes li').evaluateAll((l) => l.map((li) => { const r = document.createRange(); r.selectNodeContents(/** @type {Node} */ (li.lastChild)); return r.getClientRects().length; }));
    assert.ok(lines.every((n) => n === 1), `legend at ${width}: ${lines}`);
    const legend = /** @type {{x:number,width:number}} */ (await page.locator('.legend').boundingBox());
    assert.ok(legend.x >= 0 && legend.x + legend.width <= width);
    const clipped = await page.locator('#search').evaluate((el) => {
      const input = /** @type {HTMLInputElement} */ (el), g = /** @type {CanvasRenderingContext2D} */ (document.createElement('canvas').getContext('2d')), s = getComputedStyle(input);
      g.font = s.font;
      return g.measureText(input.placeholder).width > input.clientWidth - parseFloat(s.paddingLeft) - parseFloat(s.paddingRight);
    });
    assert.ok(!clipped, `placeholder at ${width}`);
    await context.close();
  }
});
