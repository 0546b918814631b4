import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { launch } from './harness.mjs';

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');
const PASSWORD = 'three random words';
const work = mkdtempSync(join(tmpdir(), 'streetsafe-accounts-')), data = join(work, 'data');

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('node:child_process').ChildProcess} */
let server;
let url = '', bin = process.env.STREETSAFE_BIN ?? '';

/** Starts the program and waits for its address. @param {string[]} args */
function start(args) {
  const child = spawn(bin, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  return /** @type {Promise<{child: import('node:child_process').ChildProcess, url: string}>} */ (new Promise((done, fail) => {
    let said = '';
    child.stdout.on('data', (b) => {
      said += b;
      const found = /listening on (\S+)/.exec(said);
      if (found) done({ child, url: found[1] });
    });
    child.on('exit', () => fail(new Error(`the program ended: ${said}`)));
  }));
}
/** @param {import('node:child_process').ChildProcess} child */
const stop = (child) => new Promise((done) => { child.on('exit', done); child.kill('SIGTERM'); });

before(async () => {
  if (!bin) {
    bin = join(work, 'streetsafe');
    execFileSync('go', ['build', '-o', bin, './cmd/streetsafe'], { cwd: new URL('../../..', import.meta.url).pathname });
  }
  const demo = await start(['demo', '--data', data, '--reports', '3000', '--listen', '127.0.0.1:0', '--log-level', 'error']);
  await stop(demo.child);
  for (const who of [['admin'], ['officer'], ['planner', '--area', 'E09000008']]) {
    execFileSync(bin, ['user', 'add', '--data', data, '--password-stdin', '--role', ...who, `${who[0]}@example.org`], { input: PASSWORD, stdio: ['pipe', 'ignore', 'ignore'] });
  }
  ({ child: server, url } = await start(['serve', '--data', data, '--listen', '127.0.0.1:0', '--log-level', 'error']));
  browser = await launch();
});
after(async () => { await browser?.close(); if (server) await stop(server); rmSync(work, { recursive: true, force: true }); });

/** @param {import('playwright-core').BrowserContextOptions} options */
async function open(options = {}) {
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, locale: 'en-GB', ...options }), page = await context.newPage();
  /** @type {string[]} */
  const faults = [];
  page.on('console', (m) => { if (['error', 'warning'].includes(m.type())) faults.push(m.text()); });
  page.on('pageerror', (e) => faults.push(e.message));
  return { context, page, faults };
}
/** With the keyboard alone. @param {import('playwright-core').Page} page @param {string} who */
async function logIn(page, who) {
  await page.goto(`${url}/hub`);
  await page.waitForFunction(() => document.activeElement?.id === 'email'); // one can begin to type
  await page.keyboard.type(`${who}@example.org`);
  await page.keyboard.press('Tab');
  await page.keyboard.type(PASSWORD);
  await page.keyboard.press('Enter');
  await page.waitForURL((u) => !u.pathname.startsWith('/login'));
}
/** @param {import('playwright-core').Page} page */
async function sound(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(() => /** @type {any} */ (window).axe.run(document, { resultTypes: ['violations'] }));
  assert.deepEqual(found.violations.map((/** @type {any} */ v) => `${page.url()}: ${v.id}: ${v.nodes.map((/** @type {any} */ n) => n.html.slice(0, 120)).join(' | ')}`), []);
  assert.ok(!await page.evaluate(() => document.documentElement.scrollWidth > innerWidth + 1), `${page.url()} sticks out`);
}

for (const [name, options] of /** @type {[string, any][]} */ ([['screen, light', {}], ['tablet, dark', { viewport: { width: 1024, height: 768 }, colorScheme: 'dark' }], ['phone, dark', { viewport: { width: 390, height: 844 }, colorScheme: 'dark' }]])) {
  test(`accounts/${name}: log-in, accounts, audit log and account pass axe`, async () => {
    const { context, page, faults } = await open(options);
    await page.goto(`${url}/login`);
    await sound(page);
    await logIn(page, 'admin');
    assert.ok(page.url().endsWith('/admin'), 'an administrator sees no map');
    await sound(page);
    for (const path of ['/admin/audit', '/account']) { await page.goto(url + path); await sound(page); }
    assert.deepEqual(faults, []);
    await context.close();
  });
}

test('accounts/what somebody does is in the audit log, and a disabled account is shut out of an open page', async () => {
  const officer = await open(), admin = await open();
  await logIn(officer.page, 'officer');
  await officer.page.waitForFunction(() => document.body.classList.contains('ready'));
  await officer.page.getByRole('link', { name: 'Account' }).waitFor();
  await sound(officer.page);
  await logIn(admin.page, 'admin');
  await admin.page.goto(`${url}/admin/audit`);
  assert.match(await admin.page.textContent('table') ?? '', /officer@example\.org\s*log in/);
  assert.match(await admin.page.textContent('.note') ?? '', /entries are sound/);
  await admin.page.goto(`${url}/admin`);
  await admin.page.locator('tr', { hasText: 'officer@example.org' }).getByRole('button', { name: /Disable/ }).click();
  await officer.page.waitForFunction(() => /logged out/.test(document.getElementById('message-text')?.textContent ?? ''));
  await officer.page.getByRole('button', { name: 'Log in' }).click();
  await officer.page.waitForURL(/\/login/);
  assert.deepEqual(admin.faults, []);
  await officer.context.close(); await admin.context.close();
});

test('accounts/a planner is told what is shown together only', async () => {
  const { context, page, faults } = await open();
  await logIn(page, 'planner');
  await page.waitForFunction(() => document.body.classList.contains('ready') && /\d/.test(document.getElementById('total')?.textContent ?? ''));
  const group = page.locator('.group.behavioural');
  await group.getByText('together only').waitFor();
  assert.equal(await group.locator('label').filter({ visible: true }).count(), 0, 'no choice that would be refused');
  await group.getByRole('button').click();
  await page.waitForFunction(() => location.search.includes('factors='));
  await sound(page);
  assert.deepEqual(faults, []);
  await context.close();
});

test('accounts/a store without any report opens too, says where reports come from, and shows the first at once', async () => {
  const empty = join(work, 'empty');
  execFileSync(bin, ['migrate', 'up', '--data', empty], { stdio: 'ignore' });
  execFileSync(bin, ['user', 'add', '--data', empty, '--password-stdin', '--role', 'officer', 'officer@example.org'], { input: PASSWORD, stdio: ['pipe', 'ignore', 'ignore'] });
  const fresh = await start(['serve', '--data', empty, '--listen', '127.0.0.1:0', '--log-level', 'error']);
  const full = url;
  url = fresh.url;
  const { page, context, faults } = await open();
  try {
    await logIn(page, 'officer');
    await page.waitForFunction(() => document.getElementById('message-text')?.textContent?.startsWith('There is no report yet.'));
    assert.equal(await page.textContent('#total'), '0');
    await page.click('#tools [data-tool=change]');
    await page.waitForFunction(() => document.getElementById('tool')?.textContent?.includes('nothing to compare'));
    for (const tool of ['hotspots', 'area', 'shift', 'split', 'actions', '']) await page.click(`#tools [data-tool="${tool}"]`);
    execFileSync(bin, ['import', '--data', empty, '-'], { input: 'external_id,lat,lng,occurred_at,factors\na-1,51.3727,-0.1099,2026-01-09,badly_lit\n', stdio: ['pipe', 'ignore', 'ignore'] });
    await page.waitForFunction(() => document.getElementById('total')?.textContent === '1' && document.getElementById('message')?.hidden);
    await page.goto(`${url}/hub/lighting`);
    await page.waitForFunction(() => document.body.classList.contains('ready'));
    assert.deepEqual(faults, []);
  } finally {
    url = full;
    await context.close();
    await stop(fresh.child);
  }
});
