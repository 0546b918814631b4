// @ts-check
// What the page shows is one frozen object; the address bar is its mirror.

/** @typedef {'all'|'7d'|'30d'|'90d'|'12m'|'custom'} WindowName */
/** @typedef {''|'hotspots'|'change'|'area'|'shift'|'split'|'actions'} Tool */
/**
 * @typedef {Readonly<{
 *   at: Readonly<{lat:number, lng:number, zoom:number}>|null, window: WindowName, from: string, to: string,
 *   factors: readonly string[], dayparts: readonly string[], weekdays: readonly string[], dark: readonly string[],
 *   cell: string, table: boolean, sort: string,
 *   tool: Tool, against: 'previous'|'year', area: string, shift: string, pack: readonly string[], split: string, action: string }>} State
 * `from` and `to` are days (YYYY-MM-DD) of a custom window; `to` is exclusive, as in the API.
 * `area` is a shape as area.js prints it, `shift` a shift and perhaps a weekday ("night-fri"), `pack` the hexagons of
 * a walk, `split` what the right of two maps shows: "previous", "year" or a filter, and `action` one that was recorded, or "new" for
 * the form with the area or, as "new:CELL", with a hexagon.
 */

/** @type {readonly WindowName[]} */
export const WINDOWS = ['7d', '30d', '90d', '12m', 'all'];
const DAYPARTS = ['night', 'morning', 'afternoon', 'evening', 'unknown'];
const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'];
const DARK = ['yes', 'no', 'unknown'];
const SORTS = ['count', '-count', 'lat', '-lat', 'lng', '-lng', 'cell', '-cell', 'place', '-place'];
/** @type {readonly Tool[]} */
export const TOOLS = ['hotspots', 'change', 'area', 'shift', 'split', 'actions'];
const AREA = /^((circle|box|poly):[-\d.,;]{1,4000}|named:[\w-]{1,40}\/[\w.-]{1,60})$/;
const SHIFT = /^(early|late|night)(-(mon|tue|wed|thu|fri|sat|sun))?$/;
const CELL = /^[0-9a-f]{15}$/;
const ACTION = /^(new(:[0-9a-f]{15})?|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/** Hexagons of one walk: a page each. */
export const MAX_PACK = 12;
/** Filter changes that can be undone. */
const MAX_UNDO = 50;
const DAY = /^\d{4}-\d{2}-\d{2}$/;
/** The days that the server knows: an earlier or later bound leaves nothing out, and is left out itself. */
export const FIRST_DAY = '2000-01-01';
const LAST_DAY = '2179-06-06';

/** @type {State} */
export const DEFAULTS = Object.freeze({
  at: null, window: 'all', from: '', to: '', factors: [], dayparts: [], weekdays: [], dark: [], cell: '', table: false, sort: '-count',
  tool: '', against: 'previous', area: '', shift: '', pack: [], split: '', action: '',
});
/** No filter at all: what "clear" sets. */
export const NO_FILTER = Object.freeze({ window: /** @type {WindowName} */ ('all'), from: '', to: '', factors: [], dayparts: [], weekdays: [], dark: [] });

/** The part of a state that is its filter. @param {State} s @returns {typeof NO_FILTER} */
export const filterOf = ({ window, from, to, factors, dayparts, weekdays, dark }) => /** @type {any} */ ({ window, from, to, factors, dayparts, weekdays, dark });

/** Keeps the known ones, in their own order; all of them mean no filter. @param {string|null} text @param {readonly string[]} known */
function pick(text, known) {
  const asked = new Set((text ?? '').split(','));
  const kept = known.filter((k) => asked.has(k));
  return kept.length === known.length ? [] : kept;
}

/** @param {string|null} text */
function parseAt(text) {
  const [lat, lng, zoom] = (text ?? '').split(',').map((n) => (n ? Number(n) : NaN));
  if (!Number.isFinite(lat) || !Number.isFinite(lng) || !Number.isFinite(zoom)) return null;
  if (Math.abs(lat) > 85 || Math.abs(lng) > 180 || zoom < 0 || zoom > 18) return null;
  return Object.freeze({ lat, lng, zoom: Math.round(zoom) });
}

/** @param {string|null} text @param {RegExp} form */
const matched = (text, form) => (text && form.test(text) ? text : '');

/** @param {string} iso a day of the calendar that the server knows */
export function isDay(iso) {
  const ms = DAY.test(iso) ? Date.parse(iso) : NaN;
  // V8 takes 30 February for 2 March.
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(iso) && iso >= FIRST_DAY && iso <= LAST_DAY;
}

/**
 * Reads an address; what it cannot read falls back to the default.
 * @param {string} search @param {readonly string[]} factorIds @returns {State}
 */
export function parseState(search, factorIds) {
  const q = new URLSearchParams(search);
  const known = (/** @type {string} */ k) => { const iso = q.get(k) ?? ''; return isDay(iso) ? iso : ''; };
  const from = known('from'), to = known('to');
  const custom = Boolean(from || to) && !(from && to && from >= to);
  const named = /** @type {WindowName} */ (q.get('window') ?? 'all');
  return Object.freeze({
    at: parseAt(q.get('at')),
    window: custom ? 'custom' : WINDOWS.includes(named) ? named : 'all',
    from: custom ? from : '', to: custom ? to : '',
    factors: pick(q.get('factors'), factorIds), dayparts: pick(q.get('dayparts'), DAYPARTS),
    weekdays: pick(q.get('weekdays'), WEEKDAYS), dark: pick(q.get('dark'), DARK),
    cell: matched(q.get('cell'), CELL),
    table: q.get('table') === 'open',
    sort: SORTS.includes(q.get('sort') ?? '') ? /** @type {string} */ (q.get('sort')) : DEFAULTS.sort,
    tool: TOOLS.find((x) => x === q.get('tool')) ?? '', against: q.get('against') === 'year' ? 'year' : 'previous',
    area: matched(q.get('area'), AREA), shift: matched(q.get('shift'), SHIFT), split: (q.get('split') ?? '').slice(0, 1000),
    action: matched(q.get('action'), ACTION),
    pack: [...new Set((q.get('pack') ?? '').split(','))].filter((c) => CELL.test(c)).slice(0, MAX_PACK),
  });
}

/** The address of a state: defaults are left out, commas stay readable. @param {State} s */
export function printState(s) {
  /** @type {[string, string][]} */
  const parts = [];
  const add = (/** @type {string} */ k, /** @type {string} */ v) => { if (v) parts.push([k, v]); };
  if (s.at) add('at', `${s.at.lat.toFixed(5)},${s.at.lng.toFixed(5)},${s.at.zoom}`);
  if (s.window === 'custom') { add('from', s.from); add('to', s.to); } else if (s.window !== 'all') add('window', s.window);
  for (const k of /** @type {const} */ (['factors', 'dayparts', 'weekdays', 'dark'])) add(k, s[k].join(','));
  add('cell', s.cell);
  if (s.table) add('table', 'open');
  if (s.sort !== DEFAULTS.sort) add('sort', s.sort);
  add('tool', s.tool);
  if (s.against !== DEFAULTS.against) add('against', s.against);
  for (const k of /** @type {const} */ (['area', 'shift', 'split', 'action'])) add(k, s[k]);
  add('pack', s.pack.join(','));
  return parts.length ? '?' + parts.map(([k, v]) => `${k}=${encodeURIComponent(v).replace(/%(2C|2F|3A|3B)/g, decodeURIComponent)}`).join('&') : '';
}

/** @param {string} iso @param {number} n */
export function addDays(iso, n) {
  return new Date(Date.parse(iso) + n * 864e5).toISOString().slice(0, 10);
}

/** First day of a month n months away. @param {string} month YYYY-MM @param {number} n */
export function addMonths(month, n) {
  const i = Number(month.slice(0, 4)) * 12 + Number(month.slice(5, 7)) - 1 + n;
  return `${String(Math.floor(i / 12)).padStart(4, '0')}-${String((i % 12) + 1).padStart(2, '0')}`;
}

/** Half-open window in days; '' is open. @param {State} s @param {string} today @returns {{from:string, to:string}} */
export function windowOf(s, today) {
  const end = addDays(today, 1);
  switch (s.window) {
    case '7d': return { from: addDays(end, -7), to: end };
    case '30d': return { from: addDays(end, -30), to: end };
    case '90d': return { from: addDays(end, -90), to: end };
    case '12m': {
      const day = `${Number(end.slice(0, 4)) - 1}${end.slice(4)}`;
      return { from: addDays(day.endsWith('02-29') ? day.slice(0, 8) + '28' : day, 0), to: end };
    }
    case 'custom': return { from: s.from, to: s.to };
    default: return { from: '', to: '' };
  }
}

/** The filter as API parameters, keys sorted as the server prints them. @param {State} s @param {string} today */
export function filterQuery(s, today) {
  const w = windowOf(s, today);
  /** @type {[string, string][]} */
  const all = [['dark', s.dark.join(',')], ['dayparts', s.dayparts.join(',')], ['factors', s.factors.join(',')],
    ['from', w.from], ['to', w.to], ['weekdays', s.weekdays.join(',')]];
  return all.filter(([, v]) => v).map(([k, v]) => `${k}=${v}`).join('&');
}

/**
 * The one holder of the state. Listeners get the new and the old state.
 * @param {State} initial
 * @param {(s: State, how: 'push'|'replace') => void} write called for changes that belong into the address bar
 */
export function createStore(initial, write) {
  let state = initial;
  /** Earlier filters, the latest last. @type {(typeof NO_FILTER)[]} */
  const past = [];
  /** @type {Set<(now: State, was: State) => void>} */
  const listeners = new Set();
  const tell = (/** @type {State} */ was) => { for (const fn of listeners) fn(state, was); };
  return {
    get: () => state,
    /** @param {(now: State, was: State) => void} fn */
    subscribe(fn) { listeners.add(fn); },
    /** @param {Partial<State>} patch @param {'push'|'replace'} [how] */
    set(patch, how = 'push') {
      const was = state, next = Object.freeze({ ...state, ...patch });
      if (printState(next) === printState(was)) return;
      if (JSON.stringify(filterOf(next)) !== JSON.stringify(filterOf(was))) past.splice(0, past.push(filterOf(was)) - MAX_UNDO);
      state = next;
      write(state, how);
      tell(was);
    },
    canUndo: () => past.length > 0,
    /** Puts the filter back to what it was before its last change. The rest of the state stays. */
    undo() {
      const was = state, filter = past.pop();
      if (!filter) return false;
      state = Object.freeze({ ...state, ...filter });
      write(state, 'push');
      tell(was);
      return true;
    },
    /** Back and forward: the address bar already shows it. @param {State} next */
    restore(next) { const was = state; state = next; tell(was); },
  };
}
/** @typedef {ReturnType<typeof createStore>} Store */
