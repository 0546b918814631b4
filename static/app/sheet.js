// @ts-check
// One printed page: a preview in a dialog, then the browser's own print or PDF.
import { h, s } from './dom.js';

/** @typedef {import('./shapes.js').Line} Line */
/** @typedef {{title: string, facts: [string, string][], synthetic: boolean, pages: Node[][]}} Sheet */

/** @param {Sheet} sheet */
export function openSheet(sheet) {
  const dialog = /** @type {HTMLDialogElement} */ (h('dialog', { class: 'sheet-dialog', 'aria-label': `Print: ${sheet.title}` }));
  const close = () => dialog.close();
  dialog.append(
    h('div', { class: 'sheet-bar' }, h('button', { type: 'button', class: 'go', onclick: () => print() }, 'Print or save as PDF'), h('button', { type: 'button', onclick: close }, 'Close')),
    ...sheet.pages.map((nodes, i) => h('article', { class: 'sheet' },
      h('header', {}, h('p', { class: 'sheet-brand', text: 'StreetSafe' }), h(i ? 'h2' : 'h1', { text: sheet.title }),
        sheet.synthetic ? h('p', { class: 'sheet-synthetic', text: 'Synthetic data: every report is made up.' }) : null,
        h('dl', { class: 'facts' }, ...sheet.facts.map(([k, v]) => h('div', {}, h('dt', { text: k }), h('dd', { text: v }))))),
      ...nodes,
      h('footer', { text: 'Counts are of reports, not of danger. Few reports do not make a place safe.' }))));
  dialog.addEventListener('close', () => { document.body.classList.remove('has-sheet'); dialog.remove(); });
  document.body.append(dialog);
  document.body.classList.add('has-sheet');
  dialog.showModal();
}

/** What every page says of itself. @param {import('./tools.js').Hub} hub @param {{generation:number, made:string, limits?:string[]}} a @param {[string, string][]} more @returns {[string, string][]} */
export function facts(hub, a, more) {
  const words = hub.words();
  return [...more, ['Filter and period', words.join(' · ')],
    ['Source', `Reports in StreetSafe up to ${hub.lastDay || 'now'}, batch ${a.generation}; made on ${a.made}`], ...(a.limits ?? []).map((t) => /** @type {[string, string]} */ (['Limit', t]))];
}

const PAD = 14;

/**
 * A plain map: outlines to scale, north up, with a scale bar. Streets are not drawn: paper must be readable without the network.
 * @param {{outlines: Line[], cells: {boundary: Line, label?: string}[], walk?: Line, width?: number, height?: number}} m
 */
export function miniMap({ outlines, cells, walk = [], width = 640, height = 300 }) {
  const all = [...outlines.flat(), ...cells.flatMap((c) => c.boundary), ...walk];
  if (!all.length) return h('p', { class: 'quiet', text: 'No place to draw.' });
  const lat0 = (all.reduce((a, p) => a + p[1], 0) / all.length) * Math.PI / 180, squeeze = Math.cos(lat0);
  const xs = all.map((p) => p[0] * squeeze), ys = all.map((p) => -p[1]);
  const [x0, y0] = [Math.min(...xs), Math.min(...ys)], w = Math.max(...xs) - x0, t = Math.max(...ys) - y0;
  const scale = Math.min((width - 2 * PAD) / (w || 1e-4), (height - 2 * PAD - 20) / (t || 1e-4));
  const dx = (width - w * scale) / 2, dy = (height - 20 - t * scale) / 2;
  const at = (/** @type {[number, number]} */ [lng, lat]) => /** @type {[number, number]} */ ([(lng * squeeze - x0) * scale + dx, (-lat - y0) * scale + dy]);
  const path = (/** @type {Line} */ line) => line.map((p, i) => `${i ? 'L' : 'M'}${at(p).map((v) => v.toFixed(1)).join(' ')}`).join('');
  const middle = (/** @type {Line} */ ring) => at(/** @type {[number, number]} */ ([ring.reduce((a, p) => a + p[0], 0) / ring.length, ring.reduce((a, p) => a + p[1], 0) / ring.length]));
  const perMetre = scale / 111_320, metres = [50, 100, 200, 500, 1000, 2000, 5000, 10_000, 20_000, 50_000].findLast((m) => m * perMetre < width / 3) ?? 50;
  return s('svg', { class: 'mini-map', viewBox: `0 0 ${width} ${height}`, role: 'img', 'aria-label': 'Plan of the places, north up' },
    ...outlines.map((r) => s('path', { class: 'mini-area', d: path(r) + 'Z' })),
    ...cells.map((c) => s('path', { class: 'mini-cell', d: path(c.boundary) + 'Z' })),
    walk.length > 1 ? s('path', { class: 'mini-walk', d: path(walk) }) : s('g'),
    ...cells.filter((c) => c.label).map((c) => { const [x, y] = middle(c.boundary); return s('g', { transform: `translate(${x.toFixed(1)} ${y.toFixed(1)})` }, s('circle', { class: 'mini-dot', r: 9 }), s('text', { 'text-anchor': 'middle', dy: '.35em', text: c.label })); }),
    s('path', { class: 'mini-scale', d: `M${PAD} ${height - 8}h${(metres * perMetre).toFixed(1)}` }),
    s('text', { class: 'mini-note', x: PAD, y: height - 13, text: metres >= 1000 ? `${metres / 1000} km` : `${metres} m` }),
    s('text', { class: 'mini-note', x: width - PAD, y: height - 8, 'text-anchor': 'end', text: 'North is up ↑' }));
}
