// @ts-check
// The table of the lighting workbench: sorted here, chosen on the map too.
import { byId, h } from './dom.js';
import { day, factorName, number, percent, position } from './format.js';
import { CAUSES, changeText, rateUnit } from './lightapi.js';

/** @typedef {import('./lightapi.js').Place} Place */
/** @typedef {import('./format.js').Vocabulary} Vocabulary */

const VERDICTS = ['fewer', 'no_change', 'no_history', 'too_few', 'more'];
const CAUSE_ORDER = ['unknown', 'lamp_there', 'off_by_policy', 'no_lamp'];

/** What each column is sorted by; larger comes first. @type {Record<string, {label:string, of:(p:Place) => number|string, lamps?:boolean, rates?:boolean}>} */
const COLUMNS = {
  place: { label: 'Place', of: (p) => p.place ?? '' },
  after_dark: { label: 'After dark', of: (p) => p.after_dark },
  rate: { label: 'Rate', of: (p) => p.rate?.shrunk ?? -1, rates: true },
  share: { label: 'Share after dark', of: (p) => p.dark_share ?? -1 },
  change: { label: 'Trend', of: (p) => VERDICTS.indexOf(p.verdict) * 1e6 + p.recent - p.previous },
  last: { label: 'Latest report', of: (p) => p.last },
  others: { label: 'Also said there', of: (p) => p.others[0]?.count ?? 0 },
  cause: { label: 'Likely cause', of: (p) => CAUSE_ORDER.indexOf(p.lamps?.cause ?? 'unknown'), lamps: true },
};

/** @param {readonly Place[]} places @param {string} key @param {boolean} up */
export function sortPlaces(places, key, up) {
  const of = COLUMNS[key].of, sign = up ? 1 : -1;
  return [...places].sort((a, b) => { const x = of(a), y = of(b); return (x < y ? -sign : x > y ? sign : 0) || b.after_dark - a.after_dark || (a.cell < b.cell ? -1 : 1); });
}

/** @param {Vocabulary} v @param {{choose: (p: Place) => void, hover: (p: Place|null) => void}} on */
export function lightTable(v, on) {
  const head = byId('table-head'), body = byId('table-body');
  let key = 'after_dark', up = false, chosen = '', lamps = false, unit = '', per = 1;
  /** @type {readonly Place[]} */
  let places = [];
  const name = (/** @type {string} */ id) => { const f = v.factors.find((x) => x.id === id); return f ? factorName(f) : id; };
  const at = (/** @type {Event} */ e) => places.find((p) => p.cell === /** @type {HTMLElement} */ (e.target).closest('tr')?.dataset.cell) ?? null;
  body.addEventListener('pointerover', (e) => on.hover(at(e)));
  body.addEventListener('pointerleave', () => on.hover(null));
  body.addEventListener('focusin', (e) => on.hover(at(e)));
  body.addEventListener('click', (e) => { const p = at(e); if (p) on.choose(p); });

  function header() {
    head.replaceChildren(h('tr', {}, ...Object.entries(COLUMNS).filter(([, c]) => (lamps || !c.lamps) && (unit || !c.rates)).map(([k, c]) =>
      h('th', { scope: 'col', 'data-key': k, 'aria-sort': k === key ? (up ? 'ascending' : 'descending') : 'none' },
        h('button', { type: 'button', onclick: () => { up = k === key ? !up : k === 'place'; key = k; render(); /** @type {HTMLElement|null} */ (head.querySelector(`[data-key=${k}] button`))?.focus(); } }, k === 'rate' ? `Per ${number(per)} of ${unit}` : c.label)))));
  }
  /** @param {Place} p */
  const row = (p) => h('tr', { 'data-cell': p.cell, class: p.cell === chosen ? 'chosen' : undefined, 'aria-current': p.cell === chosen ? 'true' : undefined },
    h('td', {}, h('button', { type: 'button', class: 'link' }, p.place ?? position(p.lat, p.lng)), h('small', { text: position(p.lat, p.lng) })),
    h('td', { class: 'num' }, h('b', { text: number(p.after_dark) }), h('small', { text: `of ${number(p.all)}` })),
    unit ? h('td', { class: 'num' }, p.rate ? h('b', { text: (p.rate.shrunk * per).toFixed(1) }) : '–', p.rate ? h('small', { text: `${(p.rate.low * per).toFixed(1)} to ${(p.rate.high * per).toFixed(1)}` }) : null) : null,
    h('td', { class: 'num', text: p.dark_share === null ? '–' : percent(p.dark_share * 1000, 1000) }),
    h('td', { class: 'trend', text: changeText(p) }), h('td', { text: day(p.last) }),
    h('td', { class: 'others', text: p.others.slice(0, 3).map((o) => `${name(o.factor)} (${number(o.count)})`).join(', ') || '–' }),
    lamps && p.lamps ? h('td', {}, h('span', { class: `cause ${p.lamps.cause}`, text: CAUSES[p.lamps.cause] }), h('small', { text: lampText(p) })) : null);
  function render() {
    header();
    body.replaceChildren(...sortPlaces(places, key, up).map(row));
  }
  render();
  return {
    /** @param {import('./lightapi.js').Lighting} l */
    show(l) {
      places = l.places; lamps = Boolean(l.lamp_source); unit = l.denominator ?? ''; per = rateUnit(l.overall_rate || 1);
      if (key === 'after_dark' || key === 'rate') { key = l.by === 'rate' ? 'rate' : 'after_dark'; up = false; }
      render();
    },
    /** @param {string} cell @param {boolean} scroll */
    mark(cell, scroll) {
      chosen = cell;
      for (const tr of body.querySelectorAll('tr')) {
        const is = tr.dataset.cell === cell;
        tr.classList.toggle('chosen', is);
        if (is) tr.setAttribute('aria-current', 'true'); else tr.removeAttribute('aria-current');
        if (is && scroll) tr.scrollIntoView({ block: 'nearest' });
      }
    },
    /** @param {string} cell */
    find: (cell) => places.find((p) => p.cell === cell),
  };
}

/** @param {Place} p */
function lampText({ lamps }) {
  if (!lamps || lamps.cause === 'unknown') return 'no lamps are loaded here';
  const near = lamps.nearest === undefined ? 'none within some hundred metres' : `nearest ${number(lamps.nearest)}\u00a0m`;
  if (lamps.cause === 'no_lamp') return near;
  const count = `${number(lamps.count)} ${lamps.count === 1 ? 'lamp' : 'lamps'}`;
  return lamps.off ? `${number(lamps.off)} of ${count} off ${lamps.hours}` : count;
}
