// @ts-check
// Places that stand out of their surroundings: outlines on the map, a ranked list beside it.
import { getJSON, latest, url } from './api.js';
import { announce, h } from './dom.js';
import { number, plural } from './format.js';
import { hexWidth } from './geo.js';
import { around, Shapes } from './shapes.js';
import { NO_FILTER } from './state.js';
import { emptyState, sentence, why } from './words.js';

/**
 * @typedef {{rank:number, total:number, cells:string[], nearby:number, peak:{cell:string, lat:number, lng:number, place?:string, q:number, z:number},
 *   factors:{factor:string, count:number, share:number, elsewhere:number}[], daypart?:string, daypart_share:number, outline:[number, number][][][]}} Cluster
 * @typedef {{res:number, study_cells:number, total:number, shown:number, clusters:Cluster[], limits?:string[]}} Answer
 */

/** Resolutions at which places can be held to their surroundings. */
const COARSEST = 6, FINEST = 10;

/** @param {import('./tools.js').Hub} hub @param {HTMLElement} box @returns {import('./tools.js').Tool} */
export function hotspotsTool(hub, box) {
  const { view, vocabulary } = hub, shapes = new Shapes(), requests = latest();
  const intro = h('p', { class: 'quiet', text: 'Groups of hexagons with more reports than their surroundings and chance explain. Places without a mark are not safe for that: few reports prove nothing.' });
  const list = h('div', { 'aria-live': 'polite' });
  box.append(h('h2', { text: 'Hotspots' }), intro, list);
  shapes.addTo(view.map);
  let said = '';

  /** @param {Cluster[]} clusters @param {number} [lit] rank of the one pointed at */
  const draw = (clusters, lit) => shapes.set(clusters.map((c) => ({ rings: c.outline.flat(), class: c.rank === lit ? 'cluster lit' : 'cluster', at: [c.peak.lng, c.peak.lat], label: String(c.rank) })));
  /** @param {Cluster} c */
  const go = (c) => { view.map.fitBounds(around(c.outline.flat(2)), { padding: [40, 40], maxZoom: 15 }); announce(`The map shows hotspot ${c.rank}, ${c.peak.place ?? ''}.`); };

  /** @param {Answer} a */
  function render(a) {
    draw(a.clusters);
    const rows = a.clusters.map((c) => h('li', { onpointerenter: () => draw(a.clusters, c.rank), onpointerleave: () => draw(a.clusters), onfocusin: () => draw(a.clusters, c.rank), onfocusout: () => draw(a.clusters) },
      h('button', { type: 'button', class: 'row', 'data-rank': c.rank, onclick: () => go(c) }, h('b', { class: 'rank', text: String(c.rank) }), h('span', { text: sentence(c.peak.place ?? 'an unnamed place') }), h('b', { text: number(c.total) })),
      h('p', { text: why(c, vocabulary) }),
      h('p', { class: 'quiet', text: `${plural(c.cells.length, 'hexagon')} · Gi* ${c.peak.z.toFixed(1)} · q ${c.peak.q < 0.0001 ? 'under 0.0001' : c.peak.q.toFixed(4)}` })));
    list.replaceChildren(...(rows.length ? [h('p', { class: 'lead', text: `${plural(a.shown, 'hotspot')} on screen${a.shown > rows.length ? `, the first ${rows.length} listed` : ''}, of ${number(a.total)} in all.` }), h('ol', { class: 'ranked' }, ...rows)] : [nothing(a)]),
      h('p', { class: 'quiet', text: `Hexagons about ${hexWidth(a.res)} across, each with its neighbours held to the surroundings (Getis-Ord Gi*); ${number(a.study_cells)} compared at once, false alarms held at one in twenty.` }),
      ...(a.limits ?? []).map((t) => h('p', { class: 'quiet', text: t })));
    const text = `${plural(a.shown, 'hotspot')} on screen.`;
    if (text !== said) announce(said = text);
  }
  /** @param {Answer} a */
  function nothing(a) {
    if (a.total) return emptyState(`No hotspot on screen. There ${a.total === 1 ? 'is one' : `are ${number(a.total)}`} elsewhere.`, [['Show the strongest', strongest]]);
    return emptyState('Nothing stands out under this filter: too few reports, or they are spread evenly. Choose a longer period, fewer filters or zoom out for larger hexagons.', hub.filter() ? [['Clear filters', () => hub.store.set(NO_FILTER)]] : []);
  }
  async function strongest() {
    const a = await ask('top=1').catch(() => undefined);
    if (a?.clusters[0]) go(a.clusters[0]);
  }
  /** @param {...string} parts @returns {Promise<Answer|undefined>} */
  const ask = (...parts) => requests.run((signal) => getJSON(url('/api/v1/hotspots', `res=${Math.max(COARSEST, Math.min(FINEST, view.res()))}`, ...parts, hub.filter()), signal));
  return {
    async refresh() {
      box.setAttribute('aria-busy', 'true');
      try {
        const a = await ask(`bbox=${view.bbox()}`);
        if (!a) return;
        render(a);
      } catch (e) { shapes.set([]); list.replaceChildren(emptyState(/** @type {Error} */ (e).message, [['Try again', () => this.refresh()]])); }
      box.setAttribute('aria-busy', 'false');
    },
    close() { requests.cancel(); shapes.remove(); },
  };
}
