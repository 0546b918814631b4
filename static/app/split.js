// @ts-check
// Two maps of the same place: the left one as the filters say, the right one of another period or filter.
import { getJSON, latest, url } from './api.js';
import { announce, byId, h } from './dom.js';
import { describe, number } from './format.js';
import { HexLayer } from './hexlayer.js';
import { rightState } from './compare.js';
import { keyboard, pointer } from './hexinput.js';
import { Outline } from './outline.js';
import { DEFAULTS, filterOf, filterQuery, printState } from './state.js';
import { emptyState, reports } from './words.js';
import { Map as LeafletMap } from '../vendor/leaflet.js';

const STROKE = { light: 'rgba(255,255,255,.55)', dark: 'rgba(8,12,20,.55)' };

/** @param {import('./tools.js').Hub} hub @param {HTMLElement} box @returns {import('./tools.js').Tool} */
export function splitTool(hub, box) {
  const { store, view, config, vocabulary: v } = hub, ids = v.factors.map((f) => f.id), requests = latest();
  const area = byId('map').parentElement ?? document.body, second = h('div', { id: 'map2', 'aria-label': 'Second map, which moves with the first', 'aria-describedby': 'map-help', role: 'application', tabindex: 0 });
  const tip = h('div', { class: 'tip', 'aria-hidden': 'true', hidden: true }), cross = h('div', { class: 'cross second', 'aria-hidden': 'true' });
  const names = [h('p', { class: 'map-name left' }), h('p', { class: 'map-name right' })];
  area.classList.add('two-maps');
  area.append(second, cross, ...names);
  view.map.invalidateSize({ animate: false });
  const map = new LeafletMap(second, { zoomControl: false, attributionControl: false, fadeAnimation: false, minZoom: view.map.getMinZoom(), maxZoom: view.map.getMaxZoom(), worldCopyJump: true });
  /** @type {HexLayer|null} */
  let layer = null;
  const base = view.addBasemap(map), outline = new Outline();
  outline.addTo(map);
  second.append(tip);
  const reads = { tip: (/** @type {import('./hexlayer.js').Hex} */ hex) => reports(hex.count), grab: () => null, choose: (/** @type {import('./hexlayer.js').Hex} */ hex) => compare(hex),
    nothing: 'No reports under the centre of the right map.', here: (/** @type {import('./hexlayer.js').Hex|null} */ hex) => hex ? `${number(hex.count)} under the centre of the right map. Enter to compare.` : 'No reports under the centre of the right map.' };
  pointer(map, () => layer, outline, reads, tip);
  keyboard(map, () => layer, reads);
  let follows = false;
  /** @param {any} from @param {any} to */
  const follow = (from, to) => { if (follows) return; follows = true; to.setView(from.getCenter(), from.getZoom(), { animate: false }); follows = false; };
  const left = () => follow(view.map, map), right = () => follow(map, view.map), themed = () => { style(); base.repaint(); };
  follow(view.map, map);
  view.map.on('move zoomend', left);
  map.on('move zoomend', right);
  addEventListener('themechange', themed);
  const sizes = new ResizeObserver(() => { map.invalidateSize({ animate: false }); left(); });
  sizes.observe(second);

  const choose = (/** @type {string} */ id, /** @type {string} */ label) => h('button', { type: 'button', 'data-split': id, onclick: () => store.set({ split: id === 'keep' ? printState({ ...DEFAULTS, ...filterOf(store.get()) }).slice(1) || 'window=all' : id }) }, label);
  const choices = [choose('previous', 'The period before'), choose('year', 'The same weeks a year ago'), choose('keep', 'The filter as it is now')];
  const body = h('div', { 'aria-live': 'polite' }), one = h('p', { id: 'split-one', hidden: true });
  box.append(h('h2', { text: 'Two maps' }), h('p', { class: 'quiet', text: 'Both maps move together and share one scale of colours. The filters act on the left map.' }), h('p', { text: 'On the right:' }), h('div', { class: 'actions stacked' }, ...choices), body, one);

  /** Says what both maps show of a hexagon. @param {import('./hexlayer.js').Hex} hex */
  function compare(hex) {
    const left = view.layer?.hexes().get(hex.cell)?.count ?? 0;
    outline.show('chosen', hex.ring); view.outline.show('hover', hex.ring);
    const text = `This hexagon: ${reports(left)} on the left, ${reports(hex.count)} on the right.`;
    one.textContent = text; one.hidden = false;
    announce(text);
  }
  function style() { layer?.restyle({ breaks: view.breaks, palette: view.colours(), stroke: STROKE[view.theme()] }); }
  /** @param {string} template */
  function tiles(template) {
    if (layer) layer.setUrl(template);
    else { layer = new HexLayer({ url: template, breaks: view.breaks, palette: view.colours(), stroke: STROKE[view.theme()], maxZoom: view.map.getMaxZoom() }); layer.addTo(map); }
    style();
  }
  /** @param {import('./state.js').State} s */
  async function load(s) {
    const q = filterQuery(s, config.today), box = `bbox=${view.bbox()}`, res = `res=${view.res()}`;
    const all = await requests.run((signal) => Promise.all([getJSON(url('/tiles/reports.json', q), signal), getJSON(url('/api/v1/summary', box, res, 'top=0', q), signal), getJSON(url('/api/v1/summary', box, res, 'top=0', hub.filter()), signal)]));
    if (!all) return;
    const [t, b, a] = /** @type {[import('./api.js').TileJSON, import('./api.js').Summary, import('./api.js').Summary]} */ (/** @type {unknown} */ (all));
    tiles(t.tiles[0].replace(/^https?:\/\/[^/]+/, ''));
    const words = [hub.words().join(' · '), describe(s, v, config.today).join(' · ')];
    names.forEach((el, i) => { el.textContent = words[i]; el.hidden = false; });
    const more = a.total - b.total;
    body.replaceChildren(h('dl', { class: 'facts' }, ...[a, b].map((x, i) => h('div', {}, h('dt', { text: i ? `Right: ${words[1]}` : `Left: ${words[0]}` }), h('dd', { 'data-side': i ? 'right' : 'left', text: reports(x.total) })))),
      h('p', { text: more ? `${number(Math.abs(more))} ${more > 0 ? 'more' : 'fewer'} on the left. Whether chance explains that is told under Change.` : 'The same number on both.' }));
    announce(`Left ${reports(a.total)}, right ${reports(b.total)}.`);
  }
  return {
    async refresh() {
      const s = store.get(), other = rightState(s, config.today, ids);
      for (const b of choices) b.setAttribute('aria-pressed', String(b.dataset.split === s.split || (b.dataset.split === 'keep' && Boolean(s.split) && s.split !== 'previous' && s.split !== 'year')));
      if (!other) {
        names.forEach((el) => { el.hidden = true; });
        layer?.remove(); layer = null;
        body.replaceChildren(s.split ? emptyState('All dates have no period before them. Choose a period for the left map first.', [['Last 30 days', () => store.set({ window: '30d', from: '', to: '' })], ['Last 12 months', () => store.set({ window: '12m', from: '', to: '' })]])
          : emptyState('Choose what the right map shows. To compare two filters, keep the present one there and then change the filters.'));
        return;
      }
      box.setAttribute('aria-busy', 'true');
      try { await load(other); } catch (e) { body.replaceChildren(emptyState(/** @type {Error} */ (e).message, [['Try again', () => this.refresh()]])); }
      box.setAttribute('aria-busy', 'false');
    },
    close() {
      requests.cancel();
      view.map.off('move zoomend', left);
      removeEventListener('themechange', themed);
      sizes.disconnect(); map.remove(); second.remove(); cross.remove(); view.outline.show('hover', null);
      for (const el of names) el.remove();
      area.classList.remove('two-maps');
      view.map.invalidateSize({ animate: false });
    },
  };
}
