// @ts-check
// Going to a place. The whole list comes to the reader, so that nobody learns
// what was looked for.
import { getJSON } from '../app/api.js';
import { announce, byId, h } from '../app/dom.js';
import { config, t } from './text.js';

/** name, what it lies in, latitude, longitude, zoom @typedef {[string, string, number, number, number]} Place */

const MOST = 8;
/** @param {string} text */
const fold = (text) => text.normalize('NFD').replace(/[\u0300-\u036f]/g, '').toLowerCase().replace(/[^a-z0-9]+/g, ' ').trim();

/** @param {(lat: number, lng: number, zoom: number) => void} go */
export function createSearch(go) {
  const input = /** @type {HTMLInputElement} */ (byId('search')), list = byId('places');
  /** @type {Promise<{folded:string, place:Place}[]>|null} */
  let all = null;
  /** @type {Place[]} */
  let found = [];
  let chosen = -1;
  const load = () => (all ??= getJSON(`${config.root}site/places.json`).then((d) => /** @type {{places:Place[]}} */ (d).places.map((place) => ({ folded: fold(place[0]), place })), () => { all = null; return []; }));

  function close() { list.hidden = true; chosen = -1; input.setAttribute('aria-expanded', 'false'); input.removeAttribute('aria-activedescendant'); }
  /** @param {Place} p */
  function take(p) { input.value = p[0]; close(); go(p[2], p[3], Math.min(p[4], 13)); }
  function mark() {
    [...list.children].forEach((li, i) => li.setAttribute('aria-selected', String(i === chosen)));
    if (chosen < 0) input.removeAttribute('aria-activedescendant'); else { input.setAttribute('aria-activedescendant', `place-${chosen}`); list.children[chosen].scrollIntoView({ block: 'nearest' }); }
  }
  async function look() {
    const q = fold(input.value);
    if (q.length < 2) { found = []; close(); return; }
    const places = await load();
    if (fold(input.value) !== q) return;
    // Districts are written with and without what follows the space: "CR0 1NX".
    const district = /^([a-z]{1,2}\d[a-z\d]?)( ?\d[a-z]{0,2})?$/.exec(q)?.[1];
    const rank = (/** @type {string} */ f) => (f === q || f === district ? 0 : f.startsWith(q) ? 1 : f.includes(` ${q}`) ? 2 : 3);
    found = places.map((p) => ({ ...p, rank: rank(p.folded) })).filter((p) => p.rank < 3).sort((a, b) => a.rank - b.rank).slice(0, MOST).map((p) => p.place);
    chosen = -1;
    list.replaceChildren(...found.map((p, i) => h('li', { role: 'option', id: `place-${i}`, 'aria-selected': 'false', onpointerdown: (/** @type {Event} */ e) => { e.preventDefault(); take(p); } }, p[0], p[1] ? h('span', { class: 'quiet', text: `, ${p[1]}` }) : '')));
    list.hidden = !found.length;
    input.setAttribute('aria-expanded', String(!list.hidden));
  }
  input.addEventListener('focus', load);
  input.addEventListener('input', look);
  input.addEventListener('blur', close);
  input.addEventListener('keydown', async (e) => {
    if (e.key === 'Escape') { close(); return; }
    if (e.key === 'Enter') {
      e.preventDefault();
      await look();
      const p = found[Math.max(chosen, 0)];
      if (p) take(p); else if (input.value) announce(t('no.place'));
      return;
    }
    const by = { ArrowDown: 1, ArrowUp: -1 }[e.key];
    if (!by || list.hidden) return;
    e.preventDefault();
    chosen = (chosen + by + found.length) % found.length;
    mark();
  });
}
