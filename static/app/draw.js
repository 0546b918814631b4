// @ts-check
// Choosing an area: the screen, a circle, or a polygon by pointer or keyboard.
import { announce, h } from './dom.js';
import { getJSON } from './api.js';
import { namedArea, parseArea, printArea, ringsOf } from './shape.js';
import { around, Shapes } from './shapes.js';

/** @param {import('./tools.js').Hub} hub */
export function areaChooser(hub) {
  const { store, view } = hub, shapes = new Shapes();
  shapes.addTo(view.map);
  /** Corners so far, null when none is being drawn. @type {[number, number][]|null} */
  let drawn = null;
  /** What others draw over it. @type {import('./shapes.js').Shape[]} */
  let extra = [];
  /** The area that the address names, once its outline is here. @type {{text: string, area: import('./shape.js').Area|null}} */
  let known = { text: '', area: null };
  const kinds = h('select', { 'aria-label': 'Kind of area', onchange: list }), named = h('select', { 'aria-label': 'Named area', onchange: () => { if (named.value) { stop(); set(`named:${kinds.value}/${named.value}`); } } });
  const boundaries = h('div', { class: 'actions named', hidden: true }, kinds, named);
  const radius = h('input', { type: 'number', id: 'radius', min: 50, max: 100000, step: 50, value: 500 });
  const note = h('p', { class: 'quiet' }), steps = h('div', { class: 'actions' });
  const el = h('div', { class: 'chooser' },
    h('div', { class: 'actions' }, h('button', { type: 'button', 'data-area': 'box', onclick: screen }, 'What is on screen'), h('button', { type: 'button', 'data-area': 'poly', onclick: start }, 'Draw a polygon')),
    h('div', { class: 'actions circle' }, h('button', { type: 'button', 'data-area': 'circle', onclick: circle }, 'Circle here'), h('label', { for: 'radius', text: 'of radius' }), radius, 'm'),
    boundaries, note, steps);
  offer();

  /** Boundaries by name, where an administrator has loaded any. */
  async function offer() {
    const a = await /** @type {Promise<{kinds:{kind:string, areas:number}[]}>} */ (getJSON('/api/v1/areas')).catch(() => ({ kinds: [] }));
    boundaries.hidden = !a.kinds.length;
    kinds.replaceChildren(...a.kinds.map((k) => h('option', { value: k.kind, text: `${k.kind.replaceAll(/[-_]/g, ' ')} (${k.areas})` })));
    const [kind] = namedArea(store.get().area).split('/');
    if (kind) kinds.value = kind;
    if (a.kinds.length) await list();
  }
  async function list() {
    const a = await /** @type {Promise<{areas?:{id:string, name:string}[]}>} */ (getJSON(`/api/v1/areas?kind=${encodeURIComponent(kinds.value)}`)).catch(() => ({ areas: [] }));
    const sorted = [...(a.areas ?? [])].sort((x, y) => x.name.localeCompare(y.name));
    named.replaceChildren(h('option', { value: '', text: 'Choose by name' }), ...sorted.map((x) => h('option', { value: x.id, text: x.name })));
    const [kind, id] = namedArea(store.get().area).split('/');
    if (kind === kinds.value) named.value = id;
  }
  /** The area of the address with its outline. @returns {Promise<import('./shape.js').Area|null>} */
  async function resolve() {
    const { area: text } = store.get(), id = namedArea(text);
    if (known.text !== text) known = { text, area: parseArea(text) };
    if (!id || known.area) return known.area;
    const f = /** @type {{geometry: any, properties?: {name?: string}}} */ (await getJSON(`/api/v1/areas/${id}`));
    if (store.get().area === text) known = { text, area: { kind: 'named', id, name: f.properties?.name ?? id, geometry: f.geometry } };
    return known.area;
  }
  const current = () => (known.text === store.get().area ? known.area : null);

  function screen() { stop(); set(`box:${view.bbox().split(',').map((n) => Number(n).toFixed(5)).join(',')}`); }
  function circle() {
    stop();
    const c = view.map.getCenter(), metres = Math.max(1, Math.min(100_000, Number(radius.value) || 500));
    set(printArea({ kind: 'circle', lat: c.lat, lng: c.lng, metres }));
  }
  /** @param {string} area */
  function set(area) { if (store.get().area === area) return; store.set({ area }); announce('The area is set.'); }
  function start() {
    drawn = [];
    sheet('closed'); // on a phone the panel lies over the map
    view.setGrab(add);
    document.addEventListener('keydown', keys, true);
    document.getElementById('map')?.focus({ preventScroll: true });
    announce('Drawing a polygon. Click its corners, or move the map with the arrow keys and press Enter for each corner. Backspace takes one back, Escape ends.');
    draw();
  }
  /** @param {{lat:number, lng:number}} p */
  function add(p) {
    if (!drawn) return;
    if (drawn.length >= 3 && close(p, drawn[0])) return finish();
    drawn.push([p.lng, p.lat]);
    announce(`Corner ${drawn.length}.`);
    draw();
  }
  /** @param {string} now */
  function sheet(now) { if (matchMedia('(max-width: 759px)').matches) document.body.dataset.sheet = now; }
  /** Within a finger's width on screen. @param {{lat:number, lng:number}} p @param {[number, number]} q */
  function close(p, q) {
    const a = view.map.latLngToContainerPoint([p.lat, p.lng]), b = view.map.latLngToContainerPoint([q[1], q[0]]);
    return Math.hypot(a.x - b.x, a.y - b.y) < 14;
  }
  function undo() { drawn?.pop(); draw(); }
  function finish() {
    if (!drawn || drawn.length < 3) return;
    const ring = /** @type {import('./shapes.js').Line} */ ([...drawn, drawn[0]]);
    stop();
    set(printArea({ kind: 'poly', ring }));
  }
  function stop() {
    if (drawn) sheet('open');
    drawn = null;
    view.setGrab(null);
    document.removeEventListener('keydown', keys, true);
    draw();
  }
  /** @param {KeyboardEvent} e */
  function keys(e) {
    if (e.key === 'Escape') stop();
    else if (e.key === 'Backspace' && e.target instanceof HTMLElement && !e.target.matches('input, textarea')) undo();
    else return;
    e.preventDefault(); e.stopPropagation();
  }
  function draw() {
    const area = current();
    note.hidden = steps.hidden = !drawn;
    if (drawn) {
      shapes.set([{ line: drawn, class: 'drawing' }, ...drawn.map((at) => ({ at, class: 'drawing' }))]);
      note.textContent = drawn.length < 3 ? `Click the corners on the map, or press Enter at its centre. ${drawn.length} so far, 3 at least.` : `${drawn.length} corners. Click the first one or Finish to close it.`;
      steps.replaceChildren(...(drawn.length >= 3 ? [h('button', { type: 'button', class: 'go', onclick: finish }, 'Finish')] : []), ...(drawn.length ? [h('button', { type: 'button', onclick: undo }, 'Take back a corner')] : []), h('button', { type: 'button', onclick: stop }, 'Cancel'));
    } else shapes.set([...(area ? [{ rings: ringsOf(area), class: 'area' }] : []), ...extra]);
  }
  return {
    el,
    /** @param {import('./shapes.js').Shape[]} [more] */
    redraw(more = []) { extra = more; draw(); },
    resolve, current,
    show() { const a = current(); if (a) view.map.fitBounds(around(ringsOf(a).flat()), { padding: [30, 30], maxZoom: 16 }); },
    close() { stop(); shapes.remove(); },
  };
}
