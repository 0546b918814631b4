import test from 'node:test';
import assert from 'node:assert/strict';
import { follow } from '../../app/live.js';

/** A page and a source that the test drives. */
function fixture() {
  /** @type {any[]} */
  const sources = [];
  class Source extends EventTarget {
    /** @param {string} url */
    constructor(url) { super(); this.url = url; this.closed = false; sources.push(this); }
    close() { this.closed = true; }
    /** @param {number} generation */
    tell(generation) { this.dispatchEvent(Object.assign(new Event('generation'), { data: JSON.stringify({ generation }) })); }
  }
  const page = /** @type {any} */ (Object.assign(new EventTarget(), { hidden: false }));
  const show = (/** @type {boolean} */ yes) => { page.hidden = !yes; page.dispatchEvent(new Event('visibilitychange')); };
  return { sources, page, show, source: /** @type {any} */ (Source) };
}

test('follow/each event is told', () => {
  const f = fixture();
  /** @type {number[]} */
  const told = [];
  const stop = follow((g) => told.push(g), { ask: async () => 0, ...f });
  assert.equal(f.sources[0].url, '/api/v1/events');
  f.sources[0].tell(7);
  f.sources[0].tell(8);
  assert.deepEqual(told, [7, 8]);
  stop();
  assert.ok(f.sources[0].closed);
});

test('follow/a page out of sight holds no connection', () => {
  const f = fixture();
  const stop = follow(() => {}, { ask: async () => 0, ...f });
  f.show(false);
  assert.ok(f.sources[0].closed);
  assert.equal(f.sources.length, 1);
  f.show(true);
  assert.equal(f.sources.length, 2, 'and opens one when it is shown again');
  stop();
  f.show(true);
  assert.equal(f.sources.length, 2, 'but not after the end');
});

test('follow/without events it asks once a minute until they come back', async (t) => {
  t.mock.timers.enable({ apis: ['setInterval'] });
  const f = fixture();
  /** @type {number[]} */
  const told = [];
  let asked = 0;
  const stop = follow((g) => told.push(g), { ask: async () => { asked++; return 5; }, ...f });
  t.mock.timers.tick(120_000);
  assert.equal(asked, 0, 'nothing is asked while the stream is there');
  f.sources[0].dispatchEvent(new Event('error'));
  f.sources[0].dispatchEvent(new Event('error'));
  t.mock.timers.tick(60_000);
  await Promise.resolve();
  assert.equal(asked, 1, 'two errors, one question');
  assert.deepEqual(told, [5]);
  f.sources[0].tell(6);
  t.mock.timers.tick(120_000);
  assert.equal(asked, 1);
  stop();
});

test('follow/a page that the server takes no longer is told, one whose connection broke is not', () => {
  const f = fixture();
  let lost = 0;
  const stop = follow(() => {}, { ask: async () => 0, lost: () => { lost++; }, ...f });
  f.sources[0].readyState = 0; // the browser tries again
  f.sources[0].dispatchEvent(new Event('error'));
  assert.equal(lost, 0);
  f.sources[0].readyState = 2;
  f.sources[0].dispatchEvent(new Event('error'));
  assert.equal(lost, 1);
  stop();
});
