// @ts-check
// What changed: the map in two directions from grey, and the places that are surely busier or quieter.
import { getJSON, latest, url } from './api.js';
import { announce, h } from './dom.js';
import { number, plural } from './format.js';
import { hexWidth } from './geo.js';
import { between, emptyState, reports, sentence, times, verdict } from './words.js';

/**
 * @typedef {{count:number, ratio:import('./words.js').Ratio, q:number, verdict:import('./words.js').Verdict}} Comparison
 * @typedef {{count:number, previous:Comparison, year_ago:Comparison}} Trend
 * @typedef {Trend & {cell:string, lat:number, lng:number, place?:string}} Mover
 * @typedef {{cell:string, now:number, then:number, change:number, class:number, verdict:import('./words.js').Verdict}} Changed
 * @typedef {{from:string, to:string, known:boolean}} Compared
 * @typedef {{res:number, window:{from:string,to:string}, previous:Compared, year_ago:Compared, overall:Trend, verdicts:Record<import('./words.js').Verdict, number>,
 *   breaks:number[], emerging:Mover[], cooling:Mover[], cells:Changed[], limits?:string[]}} Answer
 */

/** Purple to orange over grey: told apart by every kind of colour vision, and by lightness on both sides. */
const FEWER = { light: ['#4b2a86', '#8073ac', '#c3bbdc'], dark: ['#cfc6ff', '#9488d6', '#5f579a'] };
const SAME = { light: '#e4e6e8', dark: '#38424d' };
const MORE = { light: ['#fbc98a', '#e08214', '#9c4a05'], dark: ['#8a5a24', '#d98f35', '#ffcf8c'] };
/** Class -3 to 3. @param {'light'|'dark'} theme */
export const diverging = (theme) => [...FEWER[theme], SAME[theme], ...MORE[theme]];

/** What the seven classes hold. @param {readonly number[]} breaks */
export function classLabels(breaks) {
  const range = (/** @type {number} */ i) => (i === breaks.length - 1 ? `${number(breaks[i])}+` : breaks[i + 1] - 1 === breaks[i] ? number(breaks[i]) : `${number(breaks[i])}–${number(breaks[i + 1] - 1)}`);
  const up = breaks.map((_, i) => range(i));
  return [...up.map((t) => `−${t}`).reverse(), 'same', ...up.map((t) => `+${t}`)];
}

/** @param {import('./tools.js').Hub} hub @param {HTMLElement} box @returns {import('./tools.js').Tool} */
export function changeTool(hub, box) {
  const { view, store } = hub, requests = latest();
  const radio = (/** @type {'previous'|'year'} */ id, /** @type {string} */ label) => h('label', { class: 'seg' },
    h('input', { type: 'radio', name: 'against', value: id, checked: store.get().against === id, onchange: () => store.set({ against: id }) }), h('span', { text: label }));
  const choice = h('div', { class: 'segs two', role: 'radiogroup', 'aria-label': 'Compare with' }, radio('previous', 'The period before'), radio('year', 'A year ago'));
  const body = h('div', { 'aria-live': 'polite' });
  box.append(h('h2', { text: 'Change' }), h('p', { class: 'quiet', text: 'The period of the filters against an equally long one. More reports are not more danger: they may come from more people who report.' }), choice, body);
  let said = '';

  /** @param {Answer} a */
  function paint(a) {
    const by = new Map(a.cells.map((c) => [c.cell, c]));
    view.setLook({
      palette: diverging, labels: classLabels(a.breaks), title: 'Reports fewer or more',
      classify: (cell) => { const c = by.get(cell); return c ? c.class + a.breaks.length : -1; },
      tip: ({ cell }) => { const c = by.get(cell); return c ? `${number(c.now)} now, ${number(c.then)} then: ${verdict(c.verdict)}` : 'No reports in either period'; },
    });
    const back = store.get().against === 'year' ? a.year_ago : a.previous;
    // The tiles must hold every hexagon of both periods.
    const q = new URLSearchParams(hub.filter());
    q.set('from', back.from < a.window.from ? back.from : a.window.from); q.set('to', a.window.to);
    q.sort();
    hub.setTileFilter(decodeURIComponent(q.toString()));
  }
  /** @param {string} title @param {Mover[]} movers */
  const list = (title, movers) => h('section', { class: 'block' }, h('h3', { text: title }), movers.length ? h('ol', { class: 'ranked' }, ...movers.map((m) => h('li', { onpointerenter: () => view.hover(m.cell), onpointerleave: () => view.hover(null) },
    h('button', { type: 'button', class: 'row', 'data-cell': m.cell, onclick: () => hub.choose(m.cell) }, h('span', { text: sentence(m.place ?? `hexagon ${m.cell}`) }), h('b', { text: number(m.count) })),
    h('p', { text: phrase('Before', m.previous) }), h('p', { text: phrase('A year ago', m.year_ago) })))) : h('p', { class: 'quiet', text: 'None on screen.' }));
  const phrase = (/** @type {string} */ when, /** @type {Comparison} */ c) => c.verdict === 'no_history' ? `${when}: ${verdict(c.verdict)}.` : `${when} ${number(c.count)}: ${verdict(c.verdict)}${c.verdict === 'too_few' ? '' : `, ${times(c.ratio)}`}.`;

  /** @param {Answer} a */
  function render(a) {
    const year = store.get().against === 'year', back = year ? a.year_ago : a.previous, overall = year ? a.overall.year_ago : a.overall.previous;
    if (!back.known) {
      view.setLook(null); hub.setTileFilter('');
      body.replaceChildren(!a.overall.count ? emptyState('No report in this period under these filters, so there is nothing to compare. Choose another period or fewer filters.', []) : emptyState(`The records begin too late to compare ${between(a.window)} with ${year ? 'a year ago' : 'the period before'}. Choose a shorter or later period.`,
        [['Last 30 days', () => store.set({ window: '30d', from: '', to: '' })], ['Last 90 days', () => store.set({ window: '90d', from: '', to: '' })]]));
      return;
    }
    paint(a);
    const v = a.verdicts, all = Object.values(v).reduce((x, n) => x + n, 0);
    body.replaceChildren(
      h('p', { class: 'lead' }, h('b', { text: between(a.window) }), ` against ${between(back)}.`),
      h('p', { text: `Everywhere: ${reports(a.overall.count)}, then ${number(overall.count)}: ${verdict(overall.verdict)}, ${times(overall.ratio)}. A change everywhere lifts or lowers every place.` }),
      h('p', { text: `Of ${plural(all, 'hexagon')} on screen ${number(v.more)} ${v.more === 1 ? 'has' : 'have'} clearly more reports, ${number(v.fewer)} clearly fewer, ${number(v.no_change)} no clear change, and ${number(v.too_few)} too few to tell.` }),
      ...(v.more + v.fewer ? [list('Emerging: clearly more', a.emerging), list('Cooling: clearly fewer', a.cooling)]
        : [emptyState(all ? 'No place on screen surely changed. Zoom out for larger hexagons, or choose a longer period: both give more reports to tell from.' : 'No reports on screen in either period.', [['Zoom out', () => view.map.zoomOut()], ['Last 12 months', () => store.set({ window: '12m', from: '', to: '' })]])]),
      h('p', { class: 'quiet', text: `Hexagons about ${hexWidth(a.res)} across. Colours show the size of a change, the lists only those that chance does not explain (95 % intervals, false alarms held at one in twenty over all hexagons).` }),
      ...(a.limits ?? []).map((t) => h('p', { class: 'quiet', text: t })));
    const text = `${number(v.more)} hexagons on screen with clearly more reports, ${number(v.fewer)} with clearly fewer.`;
    if (text !== said) announce(said = text);
  }
  return {
    async refresh() {
      box.setAttribute('aria-busy', 'true');
      for (const i of choice.querySelectorAll('input')) i.checked = i.value === store.get().against;
      try {
        const a = /** @type {Answer|undefined} */ (await requests.run((signal) => getJSON(url('/api/v1/trends', `bbox=${view.bbox()}`, `res=${view.res()}`, `against=${store.get().against}`, hub.filter()), signal)));
        if (!a) return;
        render(a);
      } catch (e) { view.setLook(null); hub.setTileFilter(''); body.replaceChildren(emptyState(/** @type {Error} */ (e).message, [['Try again', () => this.refresh()]])); }
      box.setAttribute('aria-busy', 'false');
    },
    close() { requests.cancel(); view.setLook(null); hub.setTileFilter(''); },
  };
}
