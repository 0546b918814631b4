// @ts-check
// What is known of one hexagon: its figure, half-years side by side, what people
// named around it, and what was done.
import { getJSON } from '../app/api.js';
import { byId, h } from '../app/dom.js';
import { middle, parentOf } from './cells.js';
import { actionCard, concerns, titleOf } from './actions.js';
import { about, config, number, periodOf, t } from './text.js';

/** @typedef {import('./actions.js').Action} Action */
/** @typedef {{cell:string, figures:Record<string, Record<string, number>>}} History */

const THEME_RES = 6;
const THEMES = ['environmental', 'behavioural', 'both'];

/** @param {string} cell @returns {Promise<History>} */
const history = (cell) => getJSON(`${config.root}site/cell/${cell}.json`);

/** @param {string} cell */
const resOf = (cell) => Number((BigInt('0x' + cell) >> 52n) & 15n);

/** A row of a table with a bar. @param {string} label @param {number|undefined} n @param {number} most @param {boolean} [now] */
function row(label, n, most, now) {
  const bar = h('span', { class: 'bar', 'aria-hidden': 'true' });
  bar.style.width = `${(100 * (n ?? 0)) / (most || 1)}%`;
  return h('tr', { 'aria-current': now ? 'true' : undefined }, h('th', { scope: 'row', text: label }), h('td', {}, n ? bar : ''),
    h('td', { class: n ? 'n' : 'n quiet', text: n ? number(n) : t('not.shown') }));
}

/** @param {History} x @param {string} release @param {string} theme */
function halves(x, release, theme) {
  const all = config.releases.filter((r) => r.kind === 'half-year').reverse(), most = Math.max(...all.map((r) => x.figures[r.id]?.[theme] ?? 0));
  const missing = all.some((r) => !x.figures[r.id]?.[theme]);
  return [h('h3', { text: t('halves') }), h('table', { class: 'bars' }, h('tbody', {}, ...all.map((r) => row(r.period, x.figures[r.id]?.[theme], most, r.id === release)))),
    h('p', { class: 'quiet', text: t('halves.note') + (missing ? ` ${t('not.shown.note')}` : '') })];
}

/** @param {History} x @param {string} release @param {boolean} around */
function named(x, release, around) {
  const f = x.figures[release];
  const shown = f ? THEMES.filter((k) => f[k]) : [];
  if (!f || !shown.length) return [];
  return [h('h3', { text: t('named') }), around ? h('p', { class: 'quiet', text: t('named.note') }) : '',
    h('table', { class: 'bars' }, h('tbody', {}, ...shown.map((k) => row(config.themes[k], f[k], f.count))))];
}

/** @param {Action[]} list */
function done(list) {
  return [h('h3', { text: t('done.here') }), list.length ? h('div', { class: 'actions' }, ...list.map(actionCard)) : h('p', { class: 'quiet', text: t('done.none') })];
}

/** How to read it, next to the map. */
const read = () => h('div', { class: 'idle' }, h('p', { text: t('idle.number') }), h('p', {}, h('strong', { text: t('idle.absence') }), ` ${t('idle.absence.more')}`), h('p', { text: t('idle.change') }));

/**
 * @param {import('./core.js').PublicMap} map @param {() => Action[]} actions
 * @param {{closed: () => void, open: (a: Action) => void}} on
 */
export function createPanel(map, actions, on) {
  const panel = byId('panel');
  let turn = 0;
  const head = (/** @type {string} */ title) => h('div', { class: 'head' }, h('h2', { text: title }), h('button', { type: 'button', class: 'close', text: t('close'), onclick: () => { on.closed(); } }));

  return {
    /** Nothing is chosen: what to do, and what was done in sight. */
    idle() {
      turn++;
      const b = map.map.getBounds(), near = actions().filter((a) => b.contains([a.lat, a.lng]));
      panel.replaceChildren(h('p', { text: t('choose') }), read(), ...(near.length ? [h('h2', { text: t('actions.on') }), h('ul', { class: 'near' }, ...near.slice(0, 12).map((a) =>
        h('li', {}, h('span', { class: `tag s-${a.status}`, text: config.statuses[a.status] ?? a.status }), ' ', h('button', { type: 'button', class: 'plain', text: titleOf(a), onclick: () => on.open(a) }), a.place ? h('span', { class: 'quiet', text: ` ${a.place}` }) : '')))] : []));
    },
    /**
     * @param {string} cell @param {{count?:number, ring?:{lat:number,lng:number}[], at?:{lat:number,lng:number}}} hex what the map has of it
     * @param {boolean} byKey
     */
    async show(cell, hex, byKey) {
      const mine = ++turn, at = hex.at ?? (hex.ring ? middle(hex.ring) : null), place = at ? map.names.nearest(at) : '';
      const title = t('hexagon', { place: place ? t('near', { place }) : '' }).trim();
      const parent = resOf(cell) > THEME_RES ? parentOf(cell, THEME_RES) : '';
      const [own, around] = await Promise.all([history(cell), parent ? history(parent) : null]).catch(() => [null, null]);
      if (mine !== turn) return;
      const { drawn, theme } = map, n = hex.count ?? own?.figures[drawn.id]?.[theme];
      panel.replaceChildren(head(title), n ? h('p', { class: 'big', text: about(n, theme) }) : h('p', { class: 'big', text: t('not.shown') }), h('p', { class: 'quiet', text: periodOf(drawn.id) }),
        ...(own ? halves(own, drawn.id, theme) : []), ...(own && !parent ? named(own, drawn.id, false) : []), ...(around ? named(around, drawn.id, true) : []), ...done(actions().filter((a) => concerns(a, cell))));
      panel.scrollTop = 0;
      if (byKey) panel.focus();
    },
  };
}
