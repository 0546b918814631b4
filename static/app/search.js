// @ts-check
// Place search: the combobox pattern with a list, answered by our own server.
import { announce, byId, debounce, h } from './dom.js';
import { getJSON, latest, url } from './api.js';
import { plural } from './format.js';

/** @typedef {import('./api.js').Place} Place */

/** @param {(p: Place) => void} go */
export function searchBox(go) {
  const input = /** @type {HTMLInputElement} */ (byId('search')), list = byId('places'), box = byId('places-box');
  const requests = latest();
  const narrow = matchMedia('(max-width: 759px)'), long = input.placeholder;
  const hint = () => { input.placeholder = narrow.matches ? 'Find a place' : long; };
  narrow.addEventListener('change', hint); hint();
  /** @type {Place[]} */
  let places = [];
  let active = -1;

  const ask = debounce(180, async () => {
    const q = input.value.trim();
    if (q.length < 2) return close();
    try {
      const answer = await requests.run((signal) => getJSON(url('/api/v1/places', `q=${encodeURIComponent(q)}`, 'limit=8'), signal));
      if (!answer) return;
      const { places: found, attribution } = /** @type {{places:Place[], attribution?:string}} */ (answer);
      byId('places-credit').textContent = attribution ?? '';
      show(found ?? []);
    } catch (e) {
      message(/** @type {Error} */ (e).message);
    }
  });

  /** @param {Place[]} found */
  function show(found) {
    places = found; active = -1;
    if (!found.length) return message('No place of that name. Try a town, a station or a postcode district.');
    list.replaceChildren(...found.map((p, i) => h('li', { role: 'option', id: `place-${i}`, 'aria-selected': 'false', onpointerdown: (/** @type {Event} */ e) => { e.preventDefault(); choose(i); } },
      h('span', { text: p.name }), h('small', { text: [p.kind, p.admin].filter(Boolean).join(', ') }))));
    open(true);
    announce(`${plural(found.length, 'place')} found.`);
  }
  /** @param {string} text */
  function message(text) {
    places = []; active = -1;
    list.replaceChildren(h('li', { role: 'option', 'aria-disabled': 'true', 'aria-selected': 'false', class: 'quiet', text }));
    open(true); announce(text);
  }
  /** @param {boolean} yes */
  function open(yes) { box.hidden = !yes; input.setAttribute('aria-expanded', String(yes)); if (!yes) input.removeAttribute('aria-activedescendant'); }
  function close() { requests.cancel(); open(false); active = -1; }
  /** @param {number} i */
  function mark(i) {
    active = (i + places.length) % places.length;
    [...list.children].forEach((li, k) => li.setAttribute('aria-selected', String(k === active)));
    input.setAttribute('aria-activedescendant', `place-${active}`);
    list.children[active].scrollIntoView({ block: 'nearest' });
  }
  /** @param {number} i */
  function choose(i) {
    const p = places[i];
    if (!p) return;
    input.value = p.name;
    close(); go(p);
    announce(`The map shows ${p.name}.`);
  }
  input.addEventListener('input', ask);
  input.addEventListener('blur', () => close());
  input.addEventListener('keydown', (e) => {
    const isOpen = !box.hidden && places.length > 0;
    if (e.key === 'ArrowDown' && isOpen) mark(active + 1);
    else if (e.key === 'ArrowUp' && isOpen) mark(active < 0 ? places.length - 1 : active - 1);
    else if (e.key === 'Enter') { if (isOpen) choose(Math.max(active, 0)); else ask(); }
    else if (e.key === 'Escape' && !box.hidden) { close(); e.stopPropagation(); }
    else return;
    e.preventDefault();
  });
}
