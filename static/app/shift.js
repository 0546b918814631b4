// @ts-check
// A shift's brief: where to be, why, and in which order. And the pack for a Walk-and-Talk.
import { getJSON, latest, url } from './api.js';
import { postArea } from './area.js';
import { factorList } from './charts.js';
import { announce, h } from './dom.js';
import { areaChooser } from './draw.js';
import { number, plural, position } from './format.js';
import { areaGeoJSON, areaWords, parseArea, ringsOf } from './shape.js';
import { facts, miniMap, openSheet } from './sheet.js';
import { MAX_PACK } from './state.js';
import { distance, emptyState, nameOf, reports, sentence, share, slotWords, times, verdict } from './words.js';

/**
 * @typedef {{cell:string, lat:number, lng:number, place?:string, count:number, rest:number, lift:import('./words.js').Ratio, verdict:import('./words.js').Verdict,
 *   factors:{factor:string, count:number, share:number, area:number}[], boundary:[number, number][]}} Stop
 * @typedef {{generation:number, synthetic:boolean, res:number, place?:string, made:string, limits?:string[], total:number, rest:number, lift:import('./words.js').Ratio, unknown_time:number,
 *   slots:{daypart:string, weekdays:string[]}[], places:Stop[], route:{order:number[], metres:number}}} Brief
 */

const SHIFTS = /** @type {const} */ ([['early', 'Early'], ['late', 'Late'], ['night', 'Night']]);
const STOPS = 8;

/** @param {Stop} p @param {import('./format.js').Vocabulary} v */
const reasons = (p, v) => p.factors.map((f) => `${nameOf(f.factor, v)} ${share(f.share)} (area ${share(f.area)})`).join(', ');
/** @param {Stop} p */
const lift = (p) => (p.verdict === 'too_few' ? 'Too few reports to tell whether it differs from the rest of the week.' : `${p.verdict === 'more' ? 'Clearly more than' : p.verdict === 'fewer' ? 'Clearly less than' : 'No clear difference from'} the rest of the week: ${times(p.lift)} for each quarter of a day.`);

/** @param {import('./tools.js').Hub} hub @param {HTMLElement} box @returns {import('./tools.js').Tool} */
export function shiftTool(hub, box) {
  const { store, view, vocabulary: v } = hub, requests = latest(), chooser = areaChooser(hub);
  const chosen = () => { const [shift = '', weekday = ''] = store.get().shift.split('-'); return { shift, weekday }; };
  const set = (/** @type {string} */ shift, /** @type {string} */ weekday) => store.set({ shift: weekday ? `${shift}-${weekday}` : shift });
  const buttons = SHIFTS.map(([id, label]) => h('button', { type: 'button', 'data-brief': id, onclick: () => set(id, chosen().weekday) }, label));
  const day = h('select', { id: 'shift-day', 'aria-label': 'Day on which the shift begins', onchange: () => set(chosen().shift || 'night', day.value) }, h('option', { value: '', text: 'Any day' }), ...v.weekdays.map((d) => h('option', { value: d.id, text: d.label })));
  const body = h('div', { 'aria-live': 'polite' }), pack = h('div', {});
  box.append(h('h2', { text: 'Shift brief' }), h('div', { class: 'actions shifts', role: 'group', 'aria-label': 'Shift' }, ...buttons, day), h('details', { class: 'where' }, h('summary', { text: 'Where: what is on screen, unless you choose an area' }), chooser.el), pack, body);
  let asked = '';
  /** The chosen area, or the screen. @returns {import('./shape.js').Area} */
  const area = () => chooser.current() ?? /** @type {import('./shape.js').Area} */ (parseArea(`box:${view.bbox()}`));
  const hrefOf = (/** @type {{cell:string, lat:number, lng:number}} */ p) => `/hub?at=${p.lat.toFixed(5)},${p.lng.toFixed(5)},17&cell=${p.cell}`;

  /** @param {Brief} b */
  const stops = (b) => b.route.order.map((i) => b.places[i]);
  /** @param {Brief} b */
  function render(b) {
    const walk = stops(b);
    chooser.redraw([{ line: walk.map((p) => /** @type {[number, number]} */ ([p.lng, p.lat])), class: 'walk' }, ...walk.map((p, i) => ({ rings: [p.boundary], at: /** @type {[number, number]} */ ([p.lng, p.lat]), label: String(i + 1), class: 'stop' }))]);
    if (!b.total) {
      body.replaceChildren(emptyState(`No reports here in this shift (${slotWords(b.slots, v).toLowerCase()}). ${b.unknown_time ? `${reports(b.unknown_time)} do not say when.` : ''} Zoom out, choose another area or a longer period.`, [['Zoom out', () => view.map.zoomOut()]]));
      return;
    }
    body.replaceChildren(
      h('p', { class: 'lead' }, h('b', { text: slotWords(b.slots, v) }), '.'),
      h('p', { text: `${reports(b.total)} in these hours, ${number(b.rest)} in the rest of the week: ${times(b.lift)} for each quarter of a day. ${number(b.unknown_time)} more do not say when and are in neither.` }),
      h('ul', { class: 'filter-line' }, ...hub.words().map((t) => h('li', { text: t }))),
      h('div', { class: 'actions' }, h('button', { type: 'button', class: 'go', id: 'print-brief', onclick: () => openSheet(page(b)) }, 'One page to print')),
      h('h3', { text: `Walk of ${distance(b.route.metres)} as the crow flies` }),
      h('ol', { class: 'ranked' }, ...walk.map((p, i) => h('li', {},
        h('button', { type: 'button', class: 'row', 'data-cell': p.cell, onclick: () => hub.choose(p.cell) }, h('b', { class: 'rank', text: String(i + 1) }), h('span', { text: sentence(p.place ?? position(p.lat, p.lng)) }), h('b', { text: number(p.count) })),
        h('p', { text: `${lift(p)} ${p.factors.length ? `Most named: ${reasons(p, v)}.` : ''}` }),
        h('label', { class: 'check' }, h('input', { type: 'checkbox', 'data-pack': p.cell, checked: store.get().pack.includes(p.cell), onchange: () => toggle(p.cell) }), ' Walk-and-Talk here')))),
      ...(b.limits ?? []).map((t) => h('p', { class: 'quiet', text: t })));
    announce(`${plural(walk.length, 'place')} for the shift.`);
  }
  /** @param {string} cell */
  function toggle(cell) {
    const { pack: now } = store.get();
    store.set({ pack: now.includes(cell) ? now.filter((c) => c !== cell) : [...now, cell].slice(0, MAX_PACK) }, 'replace');
  }
  function renderPack() {
    const { pack: cells } = store.get();
    pack.replaceChildren(...(cells.length ? [h('div', { class: 'pack' }, h('p', { text: `Walk-and-Talk pack: ${plural(cells.length, 'place')}.` }), h('div', { class: 'actions' },
      h('button', { type: 'button', class: 'go', id: 'print-pack', onclick: printPack }, 'Print the pack'), h('button', { type: 'button', onclick: () => store.set({ pack: [] }) }, 'Empty it')))] : []));
    for (const i of box.querySelectorAll('[data-pack]')) /** @type {HTMLInputElement} */ (i).checked = cells.includes(/** @type {HTMLElement} */ (i).dataset.pack ?? '');
  }
  /** @param {Brief} b @returns {import('./sheet.js').Sheet} */
  function page(b) {
    const walk = stops(b), here = area();
    return {
      title: `Shift brief: ${slotWords(b.slots, v)}`, synthetic: b.synthetic,
      facts: facts(hub, b, [['Beat', `${areaWords(here)} ${b.place ?? ''}`], ['Reports in the shift', `${number(b.total)}; ${number(b.rest)} in the rest of the week, ${number(b.unknown_time)} do not say when`], ['Usual lift', times(b.lift)]]),
      pages: [[
        miniMap({ outlines: store.get().area ? ringsOf(here) : [], cells: walk.map((p, i) => ({ boundary: p.boundary, label: String(i + 1) })), walk: walk.map((p) => /** @type {[number, number]} */ ([p.lng, p.lat])), height: 260 }),
        h('p', { text: `Walk in this order: ${distance(b.route.metres)} as the crow flies, streets are longer.` }),
        h('table', { class: 'cells stops' }, h('thead', {}, h('tr', {}, ...['', 'Place', 'Reports', 'Against the rest of the week', 'Most named'].map((t) => h('th', { scope: 'col', text: t })))),
          h('tbody', {}, ...walk.map((p, i) => h('tr', {}, h('td', { text: String(i + 1) }),
            h('td', {}, h('a', { href: hrefOf(p), text: sentence(p.place ?? 'Place') }), h('br'), h('a', { href: `geo:${p.lat},${p.lng}`, text: position(p.lat, p.lng) })),
            h('td', { class: 'num', text: number(p.count) }), h('td', { text: p.verdict === 'too_few' ? 'too few to tell' : `${verdict(p.verdict).replace('no clear change', 'no clear difference')}, ${times(p.lift)}` }), h('td', { text: reasons(p, v) || '–' }))))),
      ]],
    };
  }
  async function printPack() {
    try {
      const all = await Promise.all(store.get().pack.map((cell) => /** @type {Promise<import('./api.js').Detail & {filter:string}>} */ (getJSON(url(`/api/v1/cells/${cell}`, hub.filter())))));
      openSheet({
        title: 'Walk-and-Talk', synthetic: all.some((d) => d.synthetic),
        facts: facts(hub, { generation: all[0].generation, made: hub.config.today }, []),
        pages: all.map((d, i) => packPage(d, i, all.length)),
      });
    } catch (e) { body.prepend(emptyState(/** @type {Error} */ (e).message)); }
  }
  /** @param {import('./api.js').Detail} d @param {number} i @param {number} n */
  function packPage(d, i, n) {
    const by = new Map(d.by_factor.map((f) => [f.factor, f.count]));
    const tick = (/** @type {import('./format.js').Vocabulary['factors'][number]} */ f) => h('tr', {}, h('td', { class: 'box', text: '☐' }), h('td', { text: f.label }), h('td', { class: 'num', text: by.has(f.id) ? number(by.get(f.id) ?? 0) : '–' }), h('td', { class: 'write' }));
    return [
      h('h3', { text: `Place ${i + 1} of ${n}: ${sentence(d.place ?? '')}` }),
      h('p', {}, `${reports(d.total)} · `, h('a', { href: hrefOf(d), text: 'open in StreetSafe' }), ' · ', h('a', { href: `geo:${d.lat},${d.lng}`, text: position(d.lat, d.lng) }), ` · H3 cell ${d.cell}`),
      h('div', { class: 'columns' }, miniMap({ outlines: [], cells: [{ boundary: d.boundary, label: String(i + 1) }], width: 330, height: 190 }), h('div', {}, factorList(d.by_factor, d.total, v))),
      h('table', { class: 'cells ticks' }, h('thead', {}, h('tr', {}, ...['Seen', 'What people reported', 'Reports', 'Notes'].map((t) => h('th', { scope: 'col', text: t })))), h('tbody', {}, ...v.factors.map(tick))),
      h('p', { class: 'write-lines', text: 'What she says, and what should be done:' }),
    ];
  }
  return {
    async refresh() {
      const { shift, weekday } = chosen(), want = `${shift}|${weekday}|${store.get().area || view.bbox()}|${hub.filter()}`;
      for (const b of buttons) b.setAttribute('aria-pressed', String(b.dataset.brief === shift));
      day.value = weekday;
      renderPack();
      if (!shift) { asked = ''; chooser.redraw(); body.replaceChildren(emptyState('Choose a shift, and a day if you like. The brief is for what is on screen, or for an area that you choose.')); return; }
      if (want === asked) return;
      asked = want;
      box.setAttribute('aria-busy', 'true');
      try {
        await chooser.resolve();
        const here = area(), b = await requests.run(async (signal) => /** @type {Promise<Brief>} */ ((await postArea(url('/api/v1/brief', `shift=${shift}`, weekday && `weekday=${weekday}`, `top=${STOPS}`, hub.filter()), areaGeoJSON(here, ''), signal)).json()));
        if (!b) return;
        render(b);
      } catch (e) { asked = ''; chooser.redraw(); body.replaceChildren(emptyState(/** @type {Error} */ (e).message, [['Try again', () => this.refresh()]])); }
      box.setAttribute('aria-busy', 'false');
    },
    close() { requests.cancel(); chooser.close(); },
  };
}
