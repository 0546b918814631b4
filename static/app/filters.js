// @ts-check
// The filter panel: it shows the state and asks for changes, and holds nothing itself.
import { byId, h } from './dom.js';
import { day, factorName, monthName, number, shortLabel, windowText } from './format.js';
import { bars, fillMonths } from './bars.js';
import { addDays, addMonths, FIRST_DAY, NO_FILTER, WINDOWS, windowOf } from './state.js';

/** @typedef {import('./state.js').State} State */
/** @typedef {import('./format.js').Vocabulary} Vocabulary */

const WINDOW_LABELS = { '7d': '7 days', '30d': '30 days', '90d': '90 days', '12m': '12 months', all: 'All', custom: 'Custom' };

/** Starting points for common questions; each replaces the whole filter but the dates. */
export const PRESETS = [
  { id: 'lighting', label: 'Lighting', hint: 'Badly lit places, after dark: for street-lighting planners', patch: { factors: ['badly_lit'], dark: ['yes'] } },
  { id: 'harassment', label: 'Harassment at night', hint: 'Behaviour of people, evening and night', patch: { factors: ['verbal_single', 'verbal_group', 'followed', 'other_harassment'], dayparts: ['night', 'evening'] } },
  { id: 'upkeep', label: 'Upkeep', hint: 'Rundown places, overgrown views, street layout', patch: { factors: ['poor_layout', 'restricted_visibility', 'rundown'] } },
];

/** A shift by its quarters of the day, all that a report keeps of the time. */
export const SHIFTS = [
  { id: 'early', label: 'Early', hint: 'Morning, 06:00 to 12:00', dayparts: ['morning'] },
  { id: 'late', label: 'Late', hint: 'Afternoon and evening, 12:00 to 24:00', dayparts: ['afternoon', 'evening'] },
  { id: 'night', label: 'Night', hint: 'Evening and night, 18:00 to 06:00', dayparts: ['night', 'evening'] },
];

/** @param {readonly string[]} a @param {readonly string[]} [b] */
const same = (a, b = []) => a.length === b.length && a.every((x) => b.includes(x));

/** @param {State} s @param {typeof PRESETS[number]} p */
export function presetActive(s, p) {
  const q = /** @type {Partial<State>} */ (p.patch);
  return same(s.factors, q.factors) && same(s.dark, q.dark) && same(s.dayparts, q.dayparts) && !s.weekdays.length;
}

/**
 * @param {import('./state.js').Store} store @param {Vocabulary} v
 * @param {{today:string, first:string, last:string}} days first and last day with reports
 */
export function filtersPanel(store, v, days) {
  const root = byId('filters-body');
  const firstMonth = (days.first || days.today).slice(0, 7);
  const lastMonth = [days.last || days.today, days.today].sort()[1].slice(0, 7);
  const range = fillMonths([], firstMonth, lastMonth);

  const presets = PRESETS.map((p) => h('button', { type: 'button', class: 'preset', 'data-preset': p.id, title: p.hint, onclick: () => {
    const on = presetActive(store.get(), p);
    store.set({ ...NO_FILTER, window: store.get().window, from: store.get().from, to: store.get().to, ...(on ? {} : p.patch) });
  } }, p.label));
  const windows = [...WINDOWS, /** @type {const} */ ('custom')].map((w) => h('label', { class: 'seg' },
    h('input', { type: 'radio', name: 'window', value: w, onchange: () => chooseWindow(w) }), h('span', { text: WINDOW_LABELS[w] })));
  const brush = createBrush(range, (from, to) => setMonths(from, to));
  const dates = createDates(days.today, (from, to) => store.set(from || to ? { window: 'custom', from, to } : { window: 'all', from: '', to: '' }));
  const windowLine = h('p', { class: 'window-line', id: 'window-line' });

  const groups = v.groups.map((g) => factorGroup(store, v, g));
  const dayparts = chips(v.dayparts.map((d) => ({ id: d.id, label: d.label })), (ids) => store.set({ dayparts: ids }), 'daypart');
  const weekdays = chips(v.weekdays.map((d) => ({ id: d.id, label: d.label.slice(0, 3), title: d.label })), (ids) => store.set({ weekdays: ids }), 'weekday');
  const dark = h('input', { type: 'checkbox', role: 'switch', id: 'dark-switch', onchange: () => store.set({ dark: dark.checked ? ['yes'] : [] }) });
  const shifts = SHIFTS.map((p) => h('button', { type: 'button', class: 'preset', 'data-shift': p.id, title: p.hint, onclick: () => store.set({ dayparts: same(store.get().dayparts, p.dayparts) ? [] : p.dayparts }) }, p.label));
  const undo = h('button', { type: 'button', class: 'link', id: 'undo', title: 'Undo the last change of the filters (u)', onclick: () => store.undo() }, 'Undo');
  const clear = h('button', { type: 'button', class: 'link', id: 'clear-filters', onclick: () => store.set(NO_FILTER) }, 'Clear all');

  root.replaceChildren(
    section('Quick views', h('div', { class: 'presets' }, ...presets), clear, undo),
    section('When', h('div', { class: 'segs', role: 'radiogroup', 'aria-label': 'Period' }, ...windows), windowLine, brush.el, dates.el),
    section('Why it felt unsafe', ...groups.map((g) => g.el)),
    section('Time of day and week', h('div', { class: 'switch-row' }, h('label', { class: 'switch', for: 'dark-switch' }, dark, h('span', {}, 'After dark only')), h('small', { class: 'quiet', text: 'By the sun, at that place' })),
      fieldset('Shift', h('div', { class: 'presets' }, ...shifts)), fieldset('Time of day', dayparts.el), fieldset('Days of the week', weekdays.el)),
  );

  /** @param {import('./state.js').WindowName} w */
  function chooseWindow(w) {
    if (w !== 'custom') return store.set({ window: w, from: '', to: '' });
    const now = windowOf(store.get(), days.today);
    store.set({ window: 'custom', from: now.from || days.first || days.today, to: now.to || addDays(days.last || days.today, 1) });
    dates.focus();
  }
  /** @param {number} from @param {number} to month indexes, both inclusive */
  function setMonths(from, to) {
    if (from === 0 && to === range.length - 1) return store.set({ window: 'all', from: '', to: '' });
    store.set({ window: 'custom', from: range[from].month + '-01', to: addMonths(range[to].month, 1) + '-01' });
  }

  /** @param {State} s */
  function render(s) {
    const w = windowOf(s, days.today);
    for (const label of windows) { const i = /** @type {HTMLInputElement} */ (label.firstChild); i.checked = i.value === s.window; }
    presets.forEach((b, i) => b.setAttribute('aria-pressed', String(presetActive(s, PRESETS[i]))));
    dates.show(w.from, w.to);
    dates.el.hidden = s.window !== 'custom';
    windowLine.textContent = windowText(w === undefined || s.window === 'all' ? { from: '', to: '' } : w);
    brush.show(w.from, w.to);
    groups.forEach((g) => g.check(s.factors));
    dayparts.check(s.dayparts); weekdays.check(s.weekdays);
    dark.checked = same(s.dark, ['yes']);
    shifts.forEach((b, i) => b.setAttribute('aria-pressed', String(same(s.dayparts, SHIFTS[i].dayparts))));
    undo.hidden = !store.canUndo();
    clear.hidden = s.window === 'all' && !s.factors.length && !s.dayparts.length && !s.weekdays.length && !s.dark.length;
  }
  render(store.get());
  store.subscribe(render);
  return {
    /** New figures for what is on screen. @param {import('./api.js').Summary} sum */
    figures(sum) {
      const by = new Map(sum.facet_factors.map((c) => [c.factor, c.count]));
      groups.forEach((g) => g.counts(by));
      brush.data(sum.histogram);
    },
  };
}

/** @param {string} title @param {...Node} children */
const section = (title, ...children) => h('section', {}, h('h3', { text: title }), ...children);
/** @param {string} legend @param {Node} child */
const fieldset = (legend, child) => h('fieldset', {}, h('legend', { text: legend }), child);

/** @param {{id:string,label:string,title?:string}[]} items @param {(ids:string[]) => void} change @param {string} name */
function chips(items, change, name) {
  const boxes = items.map((i) => h('input', { type: 'checkbox', name, value: i.id, 'aria-label': i.title, onchange: () => {
    const ids = boxes.filter((b) => b.checked).map((b) => b.value);
    change(ids.length === items.length ? [] : ids);
  } }));
  const counts = items.map(() => h('span', { class: 'count' }));
  const el = h('div', { class: 'chips' }, ...items.map((i, k) => h('label', { class: 'chip', title: i.title }, boxes[k], h('span', { class: 'text', text: i.label }), counts[k])));
  const check = (/** @type {readonly string[]} */ ids) => { for (const b of boxes) b.checked = ids.includes(b.value); };
  return { el, counts, boxes, check };
}

/** The seed's label, what stands in brackets on its own line. @param {string} label @param {string} id */
function heading(label, id) {
  const at = label.indexOf(' (');
  return h('h4', { id }, at < 0 ? label : label.slice(0, at), at < 0 ? null : h('small', { text: label.slice(at) }));
}

/** @param {import('./state.js').Store} store @param {Vocabulary} v @param {{id:string,label:string}} group */
function factorGroup(store, v, group) {
  const together = h('p', { class: 'quiet', hidden: true, text: 'Your account sees these together only, by half-year: choose “Only these”.' });
  const mine = v.factors.filter((f) => f.group === group.id), ids = mine.map((f) => f.id);
  const c = chips(mine.map((f) => ({ id: f.id, label: shortLabel(f.label) })), () => {
    const on = new Set(c.boxes.filter((b) => b.checked).map((b) => b.value));
    const next = v.factors.map((f) => f.id).filter((id) => (ids.includes(id) ? on.has(id) : store.get().factors.includes(id)));
    store.set({ factors: next.length === v.factors.length ? [] : next });
  }, 'factor');
  mine.forEach((f, i) => { if (shortLabel(f.label) !== f.label || f.label === 'Other') c.boxes[i].setAttribute('aria-label', f.label === 'Other' ? factorName(f) : f.label); c.el.children[i].setAttribute('title', f.label); });
  const all = h('button', { type: 'button', class: 'link', onclick: () => store.set({ factors: same(store.get().factors, ids) ? [] : ids }) }, 'Only these');
  const el = h('div', { class: `group ${group.id}`, role: 'group', 'aria-labelledby': `group-${group.id}` }, h('div', { class: 'group-head' }, heading(group.label, `group-${group.id}`), all), together, c.el);
  return {
    el,
    /** @param {readonly string[]} on */
    check(on) { c.check(on); all.textContent = same(on, ids) ? 'Any' : 'Only these'; all.setAttribute('aria-label', `${all.textContent}: ${group.label}`); },
    /** @param {Map<string, number>} by */
    counts(by) {
      c.counts.forEach((el, i) => { const n = by.get(mine[i].id); el.textContent = n === undefined ? '' : number(n); });
      c.el.hidden = !mine.some((f) => by.has(f.id));
      together.hidden = !c.el.hidden;
    },
  };
}

/**
 * Two days. What is typed counts when it is finished, by Enter or on leaving the field: a browser takes the first
 * digit of a year for the year 2. What is picked from a calendar counts at once.
 * @param {string} today @param {(from: string, to: string) => void} change `to` is exclusive, '' is open
 */
function createDates(today, change) {
  const field = (/** @type {string} */ id) => h('input', { type: 'date', id, min: FIRST_DAY, max: today, 'aria-describedby': 'dates-note' });
  const fields = [field('from-day'), field('to-day')], [first, last] = fields;
  const note = h('p', { id: 'dates-note', class: 'dates-note', role: 'alert' });
  const clear = h('button', { type: 'button', class: 'link', id: 'clear-dates', hidden: true, onclick: () => { typing = false; change('', ''); } }, 'Clear the dates');
  const el = h('div', { class: 'dates' }, h('label', { for: 'from-day' }, 'First day', first), h('label', { for: 'to-day' }, 'Last day', last), note, clear);
  let typing = false, now = ['', ''];
  function wrong() {
    for (const f of fields) if (!f.validity.valid) return `Choose days from ${day(FIRST_DAY)} to ${day(today)}, today.`;
    return first.value && last.value && first.value > last.value ? 'The last day lies before the first.' : '';
  }
  function apply() {
    typing = false;
    const text = wrong();
    note.textContent = text; clear.hidden = !text;
    if (!text) change(first.value, last.value && addDays(last.value, 1));
  }
  for (const f of fields) {
    f.addEventListener('keydown', (e) => { if (e.key === 'Enter') apply(); else if (e.key !== 'Tab') typing = true; });
    f.addEventListener('blur', () => { if (typing) apply(); });
    f.addEventListener('change', () => { if (!typing) apply(); });
  }
  return {
    el, focus: () => first.focus(),
    /** @param {string} from @param {string} to exclusive; the window that holds */
    show(from, to) {
      if (now[0] === from && now[1] === to && (typing || note.textContent)) return; // another part of the state changed
      now = [from, to]; typing = false;
      first.value = from; last.value = to && addDays(to, -1);
      note.textContent = ''; clear.hidden = true;
    },
  };
}

/** Two native sliders over a histogram, which can be dragged over itself. @param {{month:string}[]} range @param {(from:number,to:number) => void} change */
function createBrush(range, change) {
  const last = range.length - 1;
  /** @type {import('./api.js').MonthCounts} */
  let counts = [];
  const chart = h('div', { class: 'brush-chart' });
  const slider = (/** @type {string} */ id, /** @type {string} */ label, /** @type {number} */ value) => h('input', { type: 'range', id, min: 0, max: last, step: 1, value, 'aria-label': label, oninput: drag, onchange: commit });
  const from = slider('brush-from', 'First month', 0), to = slider('brush-to', 'Last month', last);
  const el = h('div', { class: 'brush' }, chart, h('div', { class: 'sliders' }, from, to),
    h('div', { class: 'axis', 'aria-hidden': 'true' }, h('span', { text: monthName(range[0].month) }), h('span', { text: monthName(range[last].month) })));
  function ends() { const a = Number(from.value), b = Number(to.value); return a <= b ? [a, b] : [b, a]; }
  /** The window drawn, in days; a thumb being dragged is ahead of the state. */
  let window = { from: '', to: '' };
  /** @param {number} a @param {number} b month indexes */
  const days = (a, b) => ({ from: range[a].month + '-01', to: addMonths(range[b].month, 1) + '-01' });
  function drag() { const [a, b] = ends(); window = days(a, b); draw(); }
  function draw() {
    // Where both thumbs meet at the right end, only the first can still move.
    from.style.zIndex = Number(from.value) > last / 2 ? '1' : '0';
    for (const i of [from, to]) i.setAttribute('aria-valuetext', monthName(range[Number(i.value)].month));
    chart.replaceChildren(bars(fillMonths(counts, range[0].month, range[last].month), (i) => { const m = days(i, i); return (!window.from || m.to > window.from) && (!window.to || m.from < window.to); }));
  }
  function commit() { const [a, b] = ends(); change(a, b); }
  dragOver(chart, range.length, {
    move(/** @type {number} */ a, /** @type {number} */ b) { from.value = String(a); to.value = String(b); drag(); },
    end: commit,
    cancel() { show(held.from, held.to); },
  });
  /** The window of the state. */
  let held = window;
  draw();
  /** @param {string} a first day or '' @param {string} b day after the last or '' */
  function show(a, b) {
    const index = (/** @type {string} */ day) => { const i = range.findIndex((r) => r.month >= day.slice(0, 7)); return i < 0 ? last : i; };
    from.value = String(a ? index(a) : 0);
    to.value = String(b ? index(addDays(b, -1)) : last);
    window = held = { from: a, to: b };
    draw();
  }
  return {
    el,
    /** @param {import('./api.js').MonthCounts} histogram */
    data(histogram) { counts = histogram; draw(); },
    show,
  };
}

/**
 * A pointer drawn over months chooses them; a click chooses one.
 * @param {HTMLElement} el @param {number} n months, side by side
 * @param {{move: (a: number, b: number) => void, end: () => void, cancel: () => void}} on first and last index
 */
function dragOver(el, n, on) {
  let start = -1;
  const index = (/** @type {PointerEvent} */ e) => { const r = el.getBoundingClientRect(); return Math.max(0, Math.min(n - 1, Math.floor(((e.clientX - r.left) / r.width) * n))); };
  const reach = (/** @type {PointerEvent} */ e) => { const i = index(e); on.move(Math.min(start, i), Math.max(start, i)); };
  el.addEventListener('pointerdown', (e) => {
    if (e.button) return;
    e.preventDefault();
    el.setPointerCapture(e.pointerId);
    start = index(e); reach(e);
  });
  el.addEventListener('pointermove', (e) => { if (start >= 0) reach(e); });
  el.addEventListener('pointerup', (e) => { if (start < 0) return; reach(e); start = -1; on.end(); });
  el.addEventListener('pointercancel', () => { if (start >= 0) { start = -1; on.cancel(); } });
}
