import { readFileSync } from 'node:fs';
import { after, before, describe, test } from 'node:test';
import assert from 'node:assert/strict';
import { BASE, launch, open } from './harness.mjs';

/** @typedef {import('playwright-core').Page} Page */

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const CATALOGUE = new URL('../../../internal/form/messages/', import.meta.url);
const PHONE = { viewport: { width: 390, height: 844 }, hasTouch: true, isMobile: true, deviceScaleFactor: 2 };
const AWAY = 'https://www.bbc.co.uk/weather';

/** @param {string} lang */
const words = (lang) => /** @type {Record<string, string>} */ (JSON.parse(readFileSync(new URL(`${lang}.json`, CATALOGUE), 'utf8')));

/** @type {import('playwright-core').Browser} */
let browser;
before(async () => { browser = await launch(); });
after(() => browser.close());

/** All rules, those of WCAG 2.2 that axe leaves out by default too. @param {Page} page @param {string} where */
async function axe(page, where) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => /** @type {any} */ (window).axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }));
  assert.deepEqual(found.violations.map((/** @type {any} */ v) => `${v.id}: ${v.nodes.map((/** @type {any} */ n) => n.html.slice(0, 140)).join(' | ')}`), [], where);
}
/** @param {Page} page */
const fits = async (page) => assert.ok(!await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1), `${page.url()} sticks out sideways`);
/** @param {Page} page @param {string} path */
const isOn = (page, path) => page.waitForURL((u) => u.pathname === path);

/**
 * The whole flow. `each` sees every page before it is answered.
 * @param {Page} page @param {string} lang @param {{script: boolean, each?: (page: Page) => Promise<void>}} how
 */
async function flow(page, lang, { script, each = async () => {} }) {
  const t = words(lang), go = () => page.getByRole('button', { name: t.continue, exact: true }).click();
  assert.equal(await page.getAttribute('html', 'lang'), lang);
  await each(page);
  await page.getByRole('link', { name: t['start.begin'] }).click();
  await isOn(page, '/report/where');
  if (script) await page.waitForSelector('#map[data-ready]');
  await each(page);
  await page.getByLabel(t['where.search.label']).fill('East Croydon');
  if (script) await page.getByRole('radio').first().waitFor();
  else await page.getByRole('button', { name: t['where.search.button'] }).click();
  await page.getByRole('radio', { name: /^East Croydon/ }).first().check();
  if (script) await page.waitForFunction((text) => document.getElementById('chosen-text')?.textContent?.includes(text), 'Croydon');
  await each(page);
  await go();
  await isOn(page, '/report/place');
  await go();
  await page.waitForSelector('#summary');
  await each(page);
  await page.getByRole('checkbox', { name: t['factor.badly_lit'] }).check();
  await page.getByRole('checkbox', { name: t['factor.restricted_visibility'] }).check();
  await go();
  await isOn(page, '/report/people');
  await each(page);
  await page.getByRole('checkbox', { name: t.none }).check();
  await go();
  await isOn(page, '/report/when');
  await page.getByRole('radio', { name: t['when.other'] }).check();
  await page.getByLabel(t['when.dd'], { exact: true }).fill('31');
  await page.getByLabel(t['when.mm'], { exact: true }).fill('2');
  await page.getByLabel(t['when.yyyy'], { exact: true }).fill('2026');
  await go();
  await page.waitForSelector('#summary');
  await each(page);
  await page.getByLabel(t['when.dd'], { exact: true }).fill('3');
  await page.getByRole('radio', { name: t['daypart.evening'] }).check();
  await page.getByRole('radio', { name: t['dark.yes'] }).check();
  await go();
  await isOn(page, '/report/check');
  for (const text of [t['factor.badly_lit'], t.none, t['month.2'], t['dark.line.yes']]) assert.ok((await page.textContent('main'))?.includes(text), `the list shows ${text}`);
  await each(page);
  await page.getByRole('button', { name: t['check.send'], exact: true }).click();
  await isOn(page, '/report/sent');
  await each(page);
  await page.locator('main .button').last().click();
  await isOn(page, '/report/done');
  assert.match(await page.textContent('.code') ?? '', /^[0-9A-HJKMNP-TV-Z]{4}(-[0-9A-HJKMNP-TV-Z]{4}){5}-[0-9A-HJKMNP-TV-Z]{2}$/);
  await each(page);
}

/** What a screen reader is told of a page: one first heading, questions as groups with their names. @param {Page} page @param {Record<string, string>} t */
async function spoken(page, t) {
  const path = new URL(page.url()).pathname;
  assert.equal(await page.getByRole('heading', { level: 1 }).count(), 1, `${path} has one first heading`);
  assert.ok(await page.getByRole('link', { name: new RegExp(`^${t.exit}`) }).isVisible());
  const groups = { '/report/place': ['place.title'], '/report/people': ['people.title'], '/report/when': ['when.day', 'when.daypart', 'when.dark'] };
  for (const q of /** @type {Record<string, string[]>} */ (groups)[path] ?? []) assert.ok(await page.getByRole('group', { name: t[q], exact: true }).isVisible(), `${path} asks ${q}`);
  if (path === '/report/check') assert.equal(await page.getByRole('link', { name: new RegExp(`^${t.change} `) }).count(), 4, 'each change link says what it changes');
  if (await page.locator('#summary').count()) assert.ok(await page.getByRole('alert').isVisible());
}

/** Nothing sticks out sideways on a phone, at 400 % zoom, on a desk. @param {Page} page */
async function fitsEverywhere(page) {
  for (const width of [1024, 320, 390]) {
    await page.setViewportSize({ width, height: 844 });
    await fits(page);
  }
}

// Two at a time: they wait for each other's pages, not for the processor.
describe('form', { concurrency: 2 }, () => {
// Each language with and without a script, light and dark: no violation of
// WCAG 2.2 on any page, no cookie, nothing stored, no other host.
for (const [lang, script, colorScheme] of /** @type {[string, boolean, 'light'|'dark'][]} */ ([
  ['en', true, 'light'], ['cy', true, 'dark'], ['en', false, 'dark'], ['cy', false, 'light'], ['pl', true, 'dark'],
])) {
  test(`form/${lang}, ${script ? 'with' : 'without'} JavaScript, ${colorScheme}: the whole flow on a phone, zoomed and wide`, async () => {
    const { page, context, faults, violations } = await open(browser, `/report?lang=${lang}`, { ...PHONE, colorScheme, javaScriptEnabled: script });
    const t = words(lang);
    await flow(page, lang, { script, each: async (p) => {
      await fitsEverywhere(p);
      await spoken(p, t);
      if (!script) return; // nothing that waits runs in such a page, axe neither
      await axe(p, p.url());
      assert.deepEqual(await p.evaluate(async () => [localStorage.length, sessionStorage.length, document.cookie, (await indexedDB.databases()).length, (await caches.keys()).length]), [0, 0, '', 0, 0]);
      assert.deepEqual(await violations(), [], 'the policy is kept');
    } });
    await page.getByRole('link', { name: t['done.receipt.link'] }).click();
    await page.waitForURL('**/place/*');
    if (script) await axe(page, 'the page of the place');
    await fitsEverywhere(page);
    for (const path of script ? ['/place?e=code', '/poster?', '/poster?place=East+Croydon&c=lights', '/report/gone?'] : []) {
      await page.goto(`${BASE}${path}&lang=${lang}`);
      await axe(page, path);
      await fits(page);
    }
    assert.deepEqual(faults, []);
    assert.deepEqual(await context.cookies(), [], 'no cookie');
    await context.close();
  });
}

/** Tabs until an element has the focus. @param {Page} page @param {string} selector */
async function tabTo(page, selector) {
  for (let i = 0; i < 60; i++) {
    await page.keyboard.press('Tab');
    if (await page.evaluate((s) => document.activeElement?.matches(s), selector)) {
      assert.ok(await page.evaluate(() => { // seen, and not under the bar that stays at the top (WCAG 2.4.11)
        const r = (document.activeElement?.matches('.option input') ? document.activeElement.parentElement : document.activeElement)?.getBoundingClientRect();
        const bar = document.querySelector('.top')?.getBoundingClientRect();
        return r && bar && (document.activeElement?.closest('.top') || r.bottom > bar.bottom) && r.top < innerHeight;
      }), `${selector} is in sight when it has the focus`);
      return;
    }
  }
  assert.fail(`Tab never reaches ${selector} on ${page.url()}`);
}

test('form/keyboard only, from the first page to the last', async () => {
  const { page, context, faults } = await open(browser, '/report?lang=en');
  const enter = () => page.keyboard.press('Enter'), space = () => page.keyboard.press('Space');
  await page.keyboard.press('Tab');
  assert.equal(await page.evaluate(() => document.activeElement?.className), 'skip', 'the first stop skips to the question');
  await tabTo(page, 'a.button');
  await enter();
  await isOn(page, '/report/where');
  await tabTo(page, '#q');
  await page.keyboard.type('west croydon');
  await page.waitForSelector('#options input');
  await tabTo(page, '#options input');
  await space();
  await page.waitForSelector('#move:not([hidden])');
  await tabTo(page, '[value=move-north]');
  const before = await page.textContent('#chosen-text');
  for (let i = 0; i < 3; i++) await Promise.all([page.waitForResponse((r) => r.url().endsWith('/report/near')), enter()]);
  await page.waitForFunction((b) => document.getElementById('chosen-text')?.textContent !== b, before);
  assert.equal(await page.textContent('#said'), await page.textContent('#chosen-text'), 'the move is said aloud');
  await tabTo(page, 'button.button');
  await enter();
  await isOn(page, '/report/place');
  await tabTo(page, 'button.button');
  await enter();
  await page.waitForSelector('#summary');
  await page.waitForFunction(() => document.activeElement?.id === 'summary');
  await page.keyboard.press('Tab');
  await enter();
  assert.equal(await page.evaluate(() => document.activeElement?.id), 'f-no_cctv', 'the summary leads to the first answer');
  await space();
  await tabTo(page, 'button.button');
  await enter();
  await isOn(page, '/report/people');
  await tabTo(page, '#f-none');
  await space();
  await tabTo(page, 'button.button');
  await enter();
  await isOn(page, '/report/when');
  await tabTo(page, '[name=day]');
  await space();
  await tabTo(page, 'button.button');
  await enter();
  await isOn(page, '/report/check');
  await tabTo(page, '#send');
  await enter();
  await isOn(page, '/report/sent');
  await tabTo(page, 'main a.button:last-of-type');
  await enter();
  await page.waitForURL(/\/report\/(done|about)/);
  assert.deepEqual(faults, []);
  await context.close();
});

test('form/map: a tap sets the pin, dragging moves it, the place of the device too', async () => {
  const { page, context, faults } = await open(browser, '/report/where?lang=en', { ...PHONE, permissions: ['geolocation'], geolocation: { latitude: 51.515537, longitude: -0.092283 } });
  await page.waitForSelector('#map[data-ready]');
  await page.locator('#map').scrollIntoViewIfNeeded();
  await page.tap('#locate');
  await page.waitForSelector('#chosen:not([hidden])');
  assert.equal(await page.inputValue('#lat'), '51.515537');
  const pin = page.locator('.pin'), box = await pin.boundingBox();
  assert.ok(box);
  const tip = { x: box.x + box.width / 2, y: box.y + box.height / 2 };
  await page.mouse.move(tip.x, tip.y);
  await page.mouse.down();
  await page.mouse.move(tip.x + 40, tip.y + 30, { steps: 4 });
  await page.mouse.up();
  await page.waitForFunction(() => /** @type {HTMLInputElement} */ (document.getElementById('lat')).value !== '51.515537');
  const dragged = Number(await page.inputValue('#lng'));
  assert.ok(dragged > -0.092283, `dragged east to ${dragged}`);
  const map = await page.locator('#map').boundingBox();
  assert.ok(map);
  await page.touchscreen.tap(map.x + 40, map.y + 60);
  await page.waitForFunction((l) => Number(/** @type {HTMLInputElement} */ (document.getElementById('lng')).value) < l, dragged);
  await page.waitForFunction(() => !document.getElementById('chosen')?.classList.contains('wrong'));
  await page.getByRole('button', { name: 'Continue' }).tap();
  await isOn(page, '/report/place');
  assert.ok(!/51\.5|0\.09/.test(page.url()), 'no coordinate in the address');
  assert.deepEqual(faults, []);
  await context.close();
});

test('form/suggestions stay for whoever goes on without choosing one', async () => {
  const { page, context, faults } = await open(browser, '/report/where?lang=en', PHONE), t = words('en');
  const go = () => page.getByRole('button', { name: t.continue, exact: true }).click();
  await page.getByLabel(t['where.search.label']).fill('Waddon');
  await page.getByRole('radio', { name: /^Waddon/ }).first().waitFor();
  await go();
  await page.waitForSelector('#summary');
  assert.ok((await page.textContent('#summary'))?.includes(t['where.error.choose']));
  assert.equal(await page.getByLabel(t['where.search.label']).inputValue(), 'Waddon');
  await page.getByRole('radio', { name: /^Waddon/ }).first().check();
  await go();
  await isOn(page, '/report/place');
  assert.deepEqual(faults, []);
  await context.close();
});

test('form/map: a point outside the area is named at once and not taken', async () => {
  const { page, context } = await open(browser, '/report/where?lang=en', { permissions: ['geolocation'], geolocation: { latitude: 48.85, longitude: 2.35 } });
  await page.waitForSelector('#map[data-ready]');
  await page.click('#locate');
  await page.waitForSelector('#chosen.wrong');
  assert.equal(await page.textContent('#chosen-text'), words('en')['where.error.outside']);
  await page.getByRole('button', { name: 'Continue' }).click();
  await page.waitForSelector('#summary');
  await context.close();
});

for (const script of [true, false]) {
  test(`form/back and reload ${script ? 'with' : 'without'} JavaScript: nothing is lost, nothing is sent twice`, async () => {
    const { page, context, faults } = await open(browser, '/report?lang=en', { javaScriptEnabled: script });
    /** @type {string[]} */
    const sent = [];
    page.on('request', (r) => { if (r.url().includes('/report/send')) sent.push(r.url()); });
    await page.click('main a.button');
    await page.fill('#q', 'East Croydon');
    await page.click('[value=search]');
    await page.check('#c-0');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.check('#f-isolated');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.check('#f-followed');
    await page.getByRole('button', { name: 'Continue' }).click();
    await isOn(page, '/report/when');
    await page.goBack();
    await isOn(page, '/report/people');
    assert.ok(await page.isChecked('#f-followed'), 'the answer is still there');
    await page.goBack();
    await isOn(page, '/report/place');
    assert.ok(await page.isChecked('#f-isolated'));
    await page.check('#f-rundown');
    await page.getByRole('button', { name: 'Continue' }).click();
    assert.ok(await page.isChecked('#f-followed'), 'later answers survive a change before them');
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await isOn(page, '/report/check');
    await page.reload();
    await page.click('#send');
    await isOn(page, '/report/sent');
    await page.reload();
    await page.goBack();
    await isOn(page, '/report/gone');
    await page.goForward();
    await isOn(page, '/report/sent');
    assert.equal(sent.length, 1, 'one report was sent');
    assert.deepEqual(faults, []);
    await context.close();
  });
}

for (const [name, leave] of /** @type {[string, (p: Page) => Promise<void>][]} */ ([
  ['the button', (p) => p.click('a.exit')],
  ['Shift three times', async (p) => { for (let i = 0; i < 3; i++) await p.keyboard.press('Shift'); }],
])) {
  test(`form/exit by ${name}: gone at once, and back shows no answers`, async () => {
    const { page, context, faults } = await open(browser, '/report?lang=en');
    await page.route(`${AWAY}**`, (r) => r.fulfill({ contentType: 'text/html', body: '<title>Weather</title>' }));
    await page.click('main a.button');
    await page.fill('#q', 'East Croydon');
    await page.click('[value=search]');
    await page.check('#c-0');
    await page.getByRole('button', { name: 'Continue' }).click();
    await isOn(page, '/report/place');
    const address = page.url();
    await leave(page);
    await page.waitForURL(`${AWAY}**`);
    await page.goto(address);
    await isOn(page, '/report/gone');
    assert.deepEqual(faults.filter((f) => !f.includes(AWAY)), [], 'only the exit asks another host');
    await context.close();
  });
}

test('form/exit without JavaScript', async () => {
  const { page, context } = await open(browser, '/report?lang=en', { javaScriptEnabled: false });
  await page.route(`${AWAY}**`, (r) => r.fulfill({ contentType: 'text/html', body: '<title>Weather</title>' }));
  await page.click('main a.button');
  await page.click('a.exit');
  await page.waitForURL(`${AWAY}**`);
  await context.close();
});

test('form/poster prints on one page in every language', async () => {
  const { page, context } = await open(browser, '/poster?lang=en');
  for (const lang of ['en', 'cy', 'pl']) {
    await page.goto(`${BASE}/poster?place=Wolverhampton&c=abcdefghijklmnopqrstuvwx&lang=${lang}`);
    const pdf = await page.pdf({ preferCSSPageSize: true });
    assert.equal(pdf.toString('latin1').match(/\/Type\s*\/Page\b/g)?.length, 1, lang);
  }
  await context.close();
});
});
