// @ts-check
// The list of areas beside the map: reports or rates, and one of them chosen.
import { byId, h } from './dom.js';
import { number } from './format.js';
import { changeText, rateUnit } from './lightapi.js';

/** @typedef {import('./lightapi.js').AreaFigures} AreaFigures */
/** @typedef {import('./lightapi.js').AreaFigure} AreaFigure */

/** @param {AreaFigure[]} areas @param {boolean} byRate */
export function rankAreas(areas, byRate) {
  if (!byRate) return areas;
  return [...areas].sort((a, b) => (b.rate?.shrunk ?? -1) - (a.rate?.shrunk ?? -1) || b.count - a.count);
}

/** @param {(id: string) => void} choose */
export function areaList(choose) {
  const list = byId('area-list'), note = byId('area-note'), rate = byId('by-rate'), count = byId('by-count');
  let byRate = false, chosen = '';
  /** @type {AreaFigures|null} */
  let figures = null;
  const press = (/** @type {boolean} */ yes) => { byRate = yes; render(); };
  rate.addEventListener('click', () => press(true));
  count.addEventListener('click', () => press(false));
  function render() {
    const unit = figures?.denominator;
    byId('area-order').hidden = !unit;
    byRate = byRate && Boolean(unit);
    rate.setAttribute('aria-pressed', String(byRate)); count.setAttribute('aria-pressed', String(!byRate));
    if (!figures) return;
    const ranked = rankAreas(figures.areas, byRate), per = rateUnit(ranked[0]?.rate?.shrunk ?? 1);
    note.textContent = byRate ? `Reports for each ${number(per)} of ${unit}, drawn to the overall rate where little is known.` : unit ? '' : 'Rates need a denominator, such as residents: streetsafe areas denominator.';
    list.replaceChildren(...ranked.filter((a) => a.count > 0 || a.id === chosen).map((a) => h('li', {},
      h('button', { type: 'button', 'data-id': a.id, 'aria-pressed': String(a.id === chosen), title: `${number(a.count)} reports; ${changeText(a)}`, onclick: () => choose(a.id === chosen ? '' : a.id) },
        h('span', { text: a.name }), h('b', { text: byRate ? (a.rate ? (a.rate.shrunk * per).toFixed(1) : '–') : number(a.count) })))));
  }
  return {
    /** @param {AreaFigures|null} f */
    show(f) { figures = f; if (!f) list.replaceChildren(); render(); },
    /** @param {string} id */
    mark(id) { chosen = id; render(); },
  };
}
