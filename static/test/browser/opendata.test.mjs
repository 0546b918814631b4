// A release in programs that others wrote: MapLibre draws it from TileJSON and
// from the archive, on a page of another origin, and the reader of PMTiles that
// its authors keep finds in the archive what is published as single tiles.
import { after, before, test } from 'node:test';
import assert from 'node:assert/strict';
import { createServer } from 'node:http';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { chromium } from 'playwright-core';
import { PMTiles } from 'pmtiles';
import { BASE } from './harness.mjs';

const PUBLIC = `${BASE}/public`;
// WebGL without a GPU: ANGLE over SwiftShader.
const ARGS = ['--no-sandbox', '--use-gl=angle', '--use-angle=swiftshader', '--enable-unsafe-swiftshader', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync'];
const PAGE = `<!doctype html><meta charset="utf-8"><title>A map on another site</title><link rel="stylesheet" href="/maplibre-gl/dist/maplibre-gl.css">
<style>html, body, #map { margin: 0; width: 100%; height: 100%; }</style><div id="map"></div>
<script src="/pmtiles/dist/pmtiles.js"></script><script type="module" src="/map.mjs"></script>`;
const SCRIPT = `import * as maplibregl from '/maplibre-gl/dist/maplibre-gl.mjs';
const q = new URLSearchParams(location.search);
maplibregl.addProtocol('pmtiles', new pmtiles.Protocol().tile);
window.map = new maplibregl.Map({ container: 'map', fadeDuration: 0, bounds: JSON.parse(q.get('bounds')), fitBoundsOptions: { padding: 10 }, maxZoom: 12,
  style: { version: 8, sources: { safe: { type: 'vector', url: q.get('url') } }, layers: [
    { id: 'paper', type: 'background', paint: { 'background-color': '#ffffff' } },
    { id: 'cells', type: 'fill', source: 'safe', 'source-layer': 'cells', paint: { 'fill-color': '#440154', 'fill-antialias': false } }] } });
window.faults = [];
map.on('error', (e) => faults.push(String(e.error)));
`;
const TYPES = /** @type {Record<string, string>} */ ({ mjs: 'text/javascript', js: 'text/javascript', css: 'text/css' });

const AXE = readFileSync(new URL('../../node_modules/axe-core/axe.min.js', import.meta.url), 'utf8');

/** @type {import('playwright-core').Browser} */
let browser;
/** @type {import('node:http').Server} */
let host;
let origin = '';
before(async () => {
  browser = await chromium.launch({ executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium', args: ARGS });
  host = createServer(async (req, res) => {
    const path = new URL(req.url ?? '/', 'http://host').pathname;
    if (path === '/') { res.setHeader('content-type', 'text/html'); res.end(PAGE); return; }
    if (path === '/map.mjs') { res.setHeader('content-type', 'text/javascript'); res.end(SCRIPT); return; }
    if (!/^\/(maplibre-gl|pmtiles)\/dist\/[\w-]+\.(mjs|js|css)$/.test(path)) { res.statusCode = 404; res.end(); return; }
    res.setHeader('content-type', TYPES[path.slice(path.lastIndexOf('.') + 1)]);
    res.end(await readFile(new URL(`../../node_modules${path}`, import.meta.url)));
  });
  await new Promise((done) => { host.listen(0, '127.0.0.1', () => done(undefined)); });
  origin = `http://127.0.0.1:${/** @type {import('node:net').AddressInfo} */ (host.address()).port}`;
});
after(async () => { await browser.close(); host.close(); });

const json = async (/** @type {string} */ url) => (await fetch(url)).json();
const newest = async () => (await json(`${PUBLIC}/manifest.json`)).releases.filter((/** @type {any} */ r) => r.kind === 'half-year').at(-1).id;

/**
 * Draws a source over bounds and tells which hexagons MapLibre finds on screen,
 * with their counts, and the colour of the middle.
 * @param {string} url @param {number[]} bounds
 */
async function drawn(url, bounds) {
  const page = await browser.newPage({ viewport: { width: 1000, height: 800 } });
  /** @type {string[]} */
  const errors = [];
  page.on('pageerror', (e) => errors.push(e.message));
  await page.goto(`${origin}/?url=${encodeURIComponent(url)}&bounds=${JSON.stringify(bounds)}`);
  const result = await page.evaluate(async () => {
    const { map, faults } = /** @type {any} */ (window);
    while (!(map.loaded() && map.areTilesLoaded())) await new Promise((done) => { map.once('idle', done); });
    // The pixels of WebGL can be read while a frame is drawn.
    const colour = await new Promise((done) => {
      map.once('render', () => {
        const small = new OffscreenCanvas(1, 1).getContext('2d'), canvas = map.getCanvas();
        small?.drawImage(canvas, canvas.width / 2, canvas.height / 2, 1, 1, 0, 0, 1, 1);
        done([...small?.getImageData(0, 0, 1, 1).data ?? []]);
      });
      map.triggerRepaint();
    });
    const features = map.queryRenderedFeatures({ layers: ['cells'] });
    return { zoom: map.getZoom(), counts: Object.fromEntries(features.map((/** @type {any} */ f) => [f.id, f.properties.count])), box: map.getBounds().toArray().flat(), colour, faults };
  });
  await page.close();
  return { ...result, errors };
}

/** @param {string} id @param {number[]} box @returns {Promise<Record<string, number>>} */
const within = async (id, box) => Object.fromEntries((await json(`${PUBLIC}/ogc/collections/cells-${id}/items?limit=10000&bbox=${box}`)).features
  .map((/** @type {any} */ f) => [f.id, f.properties.count]));

test('opendata/MapLibre draws a release from TileJSON and from the archive: every hexagon, with its number', async () => {
  const id = await newest();
  const all = (await json(`${PUBLIC}/ogc/collections/cells-${id}/items?limit=10000`)).features;
  assert.ok(all.length > 20, `${all.length} hexagons are published`);
  // Around the middle of the hexagon with the most reports, so close that the map
  // is at zoom 12, which shows this resolution.
  const most = all.reduce((/** @type {any} */ a, /** @type {any} */ b) => (b.properties.count > a.properties.count ? b : a));
  const ring = most.geometry.coordinates[0].slice(1);
  const [lng, lat] = [0, 1].map((i) => ring.reduce((/** @type {number} */ sum, /** @type {number[]} */ p) => sum + p[i] / ring.length, 0));
  for (const url of [`${PUBLIC}/${id}/tiles.json`, `pmtiles://${PUBLIC}/${id}/tiles.pmtiles`]) {
    const got = await drawn(url, [lng - 0.05, lat - 0.025, lng + 0.05, lat + 0.025]);
    assert.deepEqual([got.faults, got.errors], [[], []], url);
    assert.ok(got.zoom >= 12, `zoom ${got.zoom}`);
    assert.deepEqual(got.colour, [68, 1, 84, 255], 'the middle has the colour of a hexagon');
    // What lies in view by the OGC API, less and more than a pixel, bounds what is drawn.
    const grown = (/** @type {number} */ by) => [got.box[0] - by, got.box[1] - by, got.box[2] + by, got.box[3] + by];
    const sure = await within(id, grown(-0.0005)), most = await within(id, grown(0.0005));
    assert.ok(Object.keys(sure).length > 5, `${Object.keys(sure).length} hexagons lie in view`);
    for (const cell of Object.keys(sure)) assert.ok(cell in got.counts, `${url}: ${cell} lies in view and was not drawn`);
    for (const [cell, count] of Object.entries(got.counts)) assert.equal(count, most[cell], `${url}: ${cell}`);
  }
});

test('opendata/the PMTiles reader finds in the archive what is published as tiles', async () => {
  const id = await newest();
  const archive = new PMTiles(`${PUBLIC}/${id}/tiles.pmtiles`);
  const header = await archive.getHeader();
  assert.deepEqual([header.specVersion, header.minZoom, header.maxZoom, header.clustered, header.tileType, header.tileCompression], [3, 0, 12, true, 1, 2]);
  const set = await json(`${PUBLIC}/${id}/tiles.json`);
  assert.deepEqual(/** @type {any} */ (await archive.getMetadata()).vector_layers, set.vector_layers);
  const { files } = await json(`${PUBLIC}/${id}/manifest.json`);
  const tiles = files.map((/** @type {any} */ f) => /^(\d+)\/(\d+)\/(\d+)\.mvt$/.exec(f.path)).filter(Boolean);
  assert.equal(header.numAddressedTiles, tiles.length);
  for (const [path, z, x, y] of tiles) {
    const [want, got] = await Promise.all([fetch(`${PUBLIC}/${id}/${path}`).then((r) => r.arrayBuffer()), archive.getZxy(Number(z), Number(x), Number(y))]);
    assert.deepEqual(got && Buffer.from(got.data), Buffer.from(want), path);
  }
  assert.equal(await archive.getZxy(12, 0, 0), undefined);
});

for (const colorScheme of /** @type {const} */ (['light', 'dark'])) {
  test(`opendata/the pages of the interface, ${colorScheme}: no violation, nothing wider than a phone, no request elsewhere`, async () => {
    const id = await newest();
    const context = await browser.newContext({ viewport: { width: 390, height: 844 }, colorScheme, bypassCSP: true });
    const page = await context.newPage();
    /** @type {string[]} */
    const faults = [];
    page.on('request', (r) => { if (!r.url().startsWith(`${PUBLIC}/`)) faults.push(r.url()); });
    page.on('console', (m) => { if (m.type() === 'error') faults.push(m.text()); });
    for (const path of ['', 'collections', `collections/cells-${id}`, `collections/cells-${id}/items?limit=20`, `collections/cells-${id}/tiles/WebMercatorQuad`, 'api', 'tileMatrixSets/WebMercatorQuad']) {
      await page.goto(`${PUBLIC}/ogc/${path}`);
      await page.evaluate(AXE);
      const found = await page.evaluate(() => /** @type {any} */ (window).axe.run(document, { resultTypes: ['violations'], rules: { 'target-size': { enabled: true } } }));
      assert.deepEqual(found.violations.map((/** @type {any} */ v) => `${v.id}: ${v.nodes[0].html}`), [], path);
      assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), `${path} is wider than the screen`);
      assert.equal(await page.evaluate(() => getComputedStyle(document.body).maxWidth), '1200px', `${path} has its style sheet`);
    }
    assert.deepEqual(faults, []);
    await context.close();
  });
}
