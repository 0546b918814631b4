// @ts-check
// What was done: markers on the map, a list beside it, one action with its history, and what changed where it was done.
import { evaluate, getAction, listActions, sendAction } from './actionapi.js';
import { beforeAfter } from './actionchart.js';
import { editForm, newForm, stepForm } from './actionform.js';
import { getJSON, latest } from './api.js';
import { announce, h } from './dom.js';
import { day, plural } from './format.js';
import { areaGeoJSON, namedArea, parseArea, ringsOf } from './shape.js';
import { around, Shapes } from './shapes.js';
import { emptyState, nameOf, sentence } from './words.js';

/** @typedef {import('./actionapi.js').Action} Action */
/** @typedef {import('./actionapi.js').List} List */
/** @typedef {import('./actionapi.js').Line} Line */

/** What a marker shows beside its colour. */
const GLYPHS = { seen: '◦', planned: '…', done: '✓', declined: '✕' };
/** A list of nothing: its words are wanted, for forms and labels. */
const WORDS_ALONE = 'bbox=0,0,0.001,0.001';
const STATUSES = /** @type {const} */ (['', 'seen', 'planned', 'done', 'declined']);

let styled = false;
function loadStyle() {
  if (styled) return;
  styled = true;
  document.head.append(h('link', { rel: 'stylesheet', href: new URL('./action.css', import.meta.url).pathname }));
}

/** @param {import('./tools.js').Hub} hub @param {HTMLElement} box @returns {import('./tools.js').Tool} */
export function actionTool(hub, box) {
  loadStyle();
  const { store, view, vocabulary, config } = hub, shapes = new Shapes(), requests = latest(), evaluations = latest();
  const body = h('div');
  box.append(body);
  shapes.addTo(view.map);
  let shown = '', status = '';
  /** The words of forms, from the last list. @type {List|null} */
  let words = null;

  const open = (/** @type {string} */ id) => store.set({ action: id });
  const back = () => store.set({ action: '', area: '' });
  const labelOf = (/** @type {string} */ id, /** @type {'kinds'|'statuses'} */ of) => words?.[of].find((x) => x.id === id)?.label ?? id;
  const titleOf = (/** @type {Line} */ a) => a.title || labelOf(a.kind, 'kinds');
  /** @param {Line} a @returns {import('./shapes.js').Shape} */
  const pin = (a) => ({ at: [a.lng, a.lat], label: GLYPHS[a.status], class: `action ${a.status}`, onclick: () => open(a.id) });
  const stage = (/** @type {string} */ s) => h('span', { class: `stage ${s}` }, h('span', { 'aria-hidden': 'true', text: GLYPHS[/** @type {import('./actionapi.js').Status} */ (s)] }), ` ${labelOf(s, 'statuses')}`);

  /** @param {List} list */
  function showList(list) {
    shapes.set(list.actions.map(pin));
    const choice = h('select', { 'aria-label': 'Status', onchange: () => { status = choice.value; tool.refresh(); } }, ...STATUSES.map((s) => h('option', { value: s, selected: s === status, text: s ? labelOf(s, 'statuses') : 'Every status' })));
    const keep = document.activeElement instanceof HTMLElement && body.contains(document.activeElement) && document.activeElement.tagName === 'SELECT';
    body.replaceChildren(h('h2', { text: 'Actions' }), h('p', { class: 'quiet', text: 'What was seen, planned and done about what people said, or why not. Choose a hexagon on the map, or an area under “Area”, and then “Record action”.' }),
      h('div', { class: 'actions' }, choice),
      list.actions.length ? h('p', { class: 'lead', text: `${plural(list.actions.length, 'action')} on screen, of ${list.total} in all.` })
        : emptyState(list.total ? `No ${status ? 'such ' : ''}action on screen. There ${list.total === 1 ? 'is one' : `are ${list.total}`} elsewhere.` : 'Nothing is recorded yet.', list.total ? [['Show all', everywhere]] : []),
      h('ol', { class: 'action-list' }, ...list.actions.map((a) => h('li', {}, h('button', { type: 'button', 'data-action': a.id, onclick: () => open(a.id) },
        h('strong', { text: titleOf(a) }), h('span', { class: 'quiet', text: [a.place, a.body, day(a.steps[a.steps.length - 1].day)].filter(Boolean).join(' · ') }), stage(a.status))))));
    if (keep) choice.focus();
  }
  async function everywhere() {
    const all = await listActions(status && `status=${status}`).catch(() => undefined);
    if (all?.actions.length) view.map.fitBounds(around(all.actions.map((a) => [a.lng, a.lat])), { padding: [40, 40], maxZoom: 14 });
  }

  /** @param {Action} a */
  function showAction(a) {
    shapes.set([...(a.boundary.length ? [{ rings: a.boundary, class: 'action-area' }] : []), pin(a)]);
    const title = h('h2', { tabindex: -1, text: titleOf(a) }), forms = h('div');
    /** @param {(on: import('./actionform.js').On) => HTMLElement} make */
    const form = (make) => {
      forms.replaceChildren(make({ saved(now) { announce('Saved.'); shown = now.id; showAction(now); }, cancel() { forms.replaceChildren(); title.focus(); } }));
      /** @type {HTMLElement|null} */ (forms.querySelector('input:checked, select, input'))?.focus();
    };
    const list = /** @type {List} */ (words), gone = async () => {
      try { showAction(await sendAction(a.id, { version: a.version, public: !a.public })); announce(a.public ? 'The public no longer sees it.' : 'The public sees it.'); } catch (e) { forms.replaceChildren(h('p', { class: 'wrong', role: 'alert', text: /** @type {Error} */ (e).message })); }
    };
    body.replaceChildren(
      h('div', { class: 'actions' }, h('button', { type: 'button', onclick: back }, 'All actions'), h('button', { type: 'button', onclick: () => view.map.fitBounds(around(a.boundary.flat().concat([[a.lng, a.lat]])), { padding: [40, 40], maxZoom: 15 }) }, 'Show the place')),
      title, h('p', { class: 'where' }, stage(a.status), ` ${[labelOf(a.kind, 'kinds'), a.place, a.body].filter(Boolean).join(' · ')}`),
      ...(a.note ? [h('p', { text: a.note })] : []), ...(a.note_cy ? [h('p', { lang: 'cy', text: a.note_cy })] : []),
      ...(a.partner_note ? [h('p', { class: 'partners' }, h('strong', { text: 'For partners: ' }), a.partner_note)] : []),
      h('ol', { class: 'steps' }, ...a.steps.map((s) => h('li', {}, stage(s.status), h('b', { text: day(s.day) }), ` ${s.body}`, s.note ? h('p', { text: s.note }) : null, s.note_cy ? h('p', { lang: 'cy', text: s.note_cy }) : null))),
      h('p', { class: 'quiet', text: a.public ? 'The public sees this, without the note for partners, in hexagons of 0.7 km².' : 'The public does not see this.' }),
      ...(a.may_change ? [h('div', { class: 'actions' }, h('button', { type: 'button', class: 'go', onclick: () => form((on) => stepForm(list, a, config.today, on)) }, 'Next step'),
        h('button', { type: 'button', onclick: () => form((on) => editForm(list, a, on)) }, 'Change'), h('button', { type: 'button', onclick: gone }, a.public ? 'Withdraw from the public' : 'Show to the public'))] : []),
      forms, ...(a.status === 'done' ? [effect(a)] : []),
      h('details', { class: 'history' }, h('summary', { text: `History: ${plural(a.history.length, 'version')}` }), h('ol', {}, ...a.history.map((v) => h('li', { text: `${day(v.at.slice(0, 10))}: ${v.change}, by ${v.who}` })))));
    title.focus({ preventScroll: true });
    announce(`${titleOf(a)}, ${labelOf(a.status, 'statuses')}.`);
  }

  /** What changed where it was done. @param {Action} a */
  function effect(a) {
    const factors = words?.kinds.find((k) => k.id === a.kind)?.factors ?? '';
    const result = h('div', { class: 'effect', 'aria-live': 'polite' });
    const choice = h('select', { 'aria-label': 'What to count', onchange: () => load() }, ...(factors ? [h('option', { value: factors, text: `Only what it is about: ${factors.split(',').map((f) => nameOf(f, vocabulary).toLowerCase()).join(', ')}` })] : []), h('option', { value: '', text: 'All reports' }));
    async function load() {
      result.setAttribute('aria-busy', 'true');
      try {
        const e = await evaluations.run((signal) => evaluate(a.id, choice.value, signal));
        if (e) result.replaceChildren(...beforeAfter(e));
      } catch (e) { result.replaceChildren(emptyState(/** @type {Error} */ (e).message)); }
      result.setAttribute('aria-busy', 'false');
    }
    load();
    return h('section', { class: 'block' }, h('h3', { text: 'Before and after' }), choice, result);
  }

  /** The form for a place: a hexagon, or the area of the address. @param {string} wish "new" or "new:CELL" */
  async function showNew(wish) {
    const cell = wish.slice(4);
    /** @type {{cells:string[]}|{area:unknown}|null} */
    let where = null;
    let what = '', kind = 'other';
    if (cell) {
      const d = /** @type {import('./api.js').Detail} */ (await getJSON(`/api/v1/cells/${cell}${hub.filter() ? `?${hub.filter()}` : ''}`));
      shapes.set([{ rings: [d.boundary], class: 'action-area' }]);
      where = { cells: [cell] };
      what = sentence(d.place ?? 'One hexagon');
      kind = kindFor(d.by_factor);
    } else {
      const area = await theArea();
      if (area) {
        shapes.set([{ rings: ringsOf(area), class: 'action-area' }]);
        where = { area: areaGeoJSON(area, '') };
        what = 'The area on the map';
        kind = kindFor([]);
      }
    }
    const title = h('h2', { tabindex: -1, text: 'Record action' });
    const on = { saved(/** @type {Action} */ a) { announce('Recorded.'); open(a.id); }, cancel: back };
    body.replaceChildren(title, ...(where && words ? [h('p', { class: 'where', text: what }), newForm(words, { kind, today: config.today, where }, on)]
      : [emptyState('Choose a place first: a hexagon on the map, or an area under “Area”.', [['Choose an area', () => store.set({ tool: 'area', action: '' })]])]));
    const go = /** @type {HTMLElement|null} */ (body.querySelector('.action-form .go'));
    const empty = /** @type {HTMLInputElement|null} */ (body.querySelector('input[name=body]'));
    (empty && !empty.value ? empty : go ?? title).focus({ preventScroll: true });
    announce(where ? `Record action: ${what}. ${labelOf(kind, 'kinds')}, seen. Save, or change it first.` : 'Choose a place first.');
  }
  async function theArea() {
    const { area } = store.get(), id = namedArea(area);
    if (!id) return parseArea(area);
    const f = /** @type {{geometry: any, properties?: {name?: string}}} */ (await getJSON(`/api/v1/areas/${id}`));
    return /** @type {import('./shape.js').Area} */ ({ kind: 'named', id, name: f.properties?.name ?? id, geometry: f.geometry });
  }
  /** The kind for what the filter asks about, or for what is named most. @param {import('./api.js').FactorCounts} counts */
  function kindFor(counts) {
    const asked = store.get().factors, list = words?.kinds ?? [];
    const most = [...counts].sort((a, b) => b.count - a.count).map((f) => f.factor);
    for (const f of asked.length ? asked : most) {
      const k = list.find((x) => x.factors?.split(',').includes(f));
      if (k) return k.id;
    }
    return list[0]?.id ?? 'other';
  }

  const tool = {
    async refresh() {
      const { action } = store.get();
      // A move of the map changes the list alone.
      if (action && action === shown) return;
      box.setAttribute('aria-busy', 'true');
      try {
        const q = action ? WORDS_ALONE : [`bbox=${view.bbox()}`, status && `status=${status}`].filter(Boolean).join('&');
        const got = await requests.run(async (signal) => {
          const list = action && words ? words : await listActions(q, signal);
          return { list, one: action && !action.startsWith('new') ? await getAction(action, signal) : null };
        });
        if (!got) return;
        words = got.list;
        shown = action;
        if (got.one) showAction(got.one); else if (action) await showNew(action); else showList(got.list);
      } catch (e) {
        shown = '';
        body.replaceChildren(h('h2', { text: 'Actions' }), emptyState(/** @type {Error} */ (e).message, [['Try again', () => tool.refresh()], ...(action ? [/** @type {[string, () => void]} */ (['All actions', back])] : [])]));
      }
      box.setAttribute('aria-busy', 'false');
    },
    close() { requests.cancel(); evaluations.cancel(); shapes.remove(); },
  };
  return tool;
}
