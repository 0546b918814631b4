// @ts-check
// What officers keep: views under a name with alerts, and files of what is on screen.
import { ApiError, getJSON, problem, url } from './api.js';
import { announce, h } from './dom.js';
import { day, number } from './format.js';
import { takeAway } from './takeaway.js';

/** @typedef {{id:number, name:string, address:string, alert:boolean, why?:string, now?:{reports:number, verdict:string, sentence:string}}} View */
/** @typedef {{id:number, name:string, address:string, sentence:string, raised:string, seen:boolean}} Alert */
/** @typedef {{views:View[], alerts:Alert[], unseen:number}} Kept */
/** What the hub shows now. @typedef {{address:string, filter:string, bbox:string, res:number, words:string[], total:number}} Screen */

const FORMATS = /** @type {const} */ ([['csv', 'CSV, for spreadsheets'], ['geojson', 'GeoJSON'], ['gpkg', 'GeoPackage, for QGIS and ArcGIS'], ['pmtiles', 'PMTiles, a map of all zooms in one file']]);

/** How many alerts nobody has seen yet. */
export const unseen = async () => /** @type {Kept} */ (await getJSON('/api/v1/views')).unseen;

/** @param {string} method @param {string} path @param {unknown} [body] */
async function send(method, path, body) {
  const r = await fetch(path, { method, headers: { 'Content-Type': 'application/json' }, body: body === undefined ? undefined : JSON.stringify(body) })
    .catch(() => { throw new ApiError('The server cannot be reached. Check the connection and try again.', 0); });
  if (!r.ok) throw await problem(r);
}

/** @param {number} bytes */
const size = (bytes) => bytes < 1e6 ? `${number(Math.max(1, Math.round(bytes / 1e3)))} KB` : `${(bytes / 1e6).toFixed(1)} MB`;

let styled = false;
function loadStyle() {
  if (styled) return;
  styled = true;
  document.head.append(h('link', { rel: 'stylesheet', href: new URL('./keep.css', import.meta.url).pathname }));
}

/** @param {Screen} screen @param {(unseen: number) => void} told the alerts have been looked at */
export function openKeep(screen, told) {
  loadStyle();
  const wrong = h('p', { class: 'wrong', role: 'alert', hidden: true }), alerts = h('div'), views = h('div');
  const dialog = h('dialog', { class: 'keep', 'aria-labelledby': 'keep-title' },
    h('div', { class: 'detail-head' }, h('h2', { id: 'keep-title', text: 'Views, alerts and files' }), h('button', { type: 'button', class: 'icon', 'aria-label': 'Close', onclick: () => dialog.close() }, '✕')),
    wrong, alerts, h('h3', { text: 'Save this view' }), h('ul', { class: 'filter-line' }, ...screen.words.map((text) => h('li', { text }))), saveForm(),
    h('h3', { text: 'Saved views' }), views, h('h3', { text: 'Take away what is on screen' }), exportForm(),
    h('p', {}, h('a', { href: '/hub/lighting' + screen.address, text: 'Lighting workbench of this view' })));
  dialog.addEventListener('close', () => dialog.remove());
  dialog.addEventListener('click', (e) => { if (e.target === dialog) dialog.close(); });
  document.body.append(dialog);
  dialog.showModal();
  load();
  return dialog;

  /** @param {unknown} e */
  function fail(e) { wrong.textContent = /** @type {Error} */ (e).message; wrong.hidden = false; }
  /** @param {() => Promise<void>} act */
  async function attempt(act) { wrong.hidden = true; try { await act(); } catch (e) { fail(e); } }
  function load() {
    return attempt(async () => {
      const kept = /** @type {Kept} */ (await getJSON('/api/v1/views'));
      alerts.replaceChildren(...showAlerts(kept));
      views.replaceChildren(kept.views.length ? h('ul', { id: 'kept-views' }, ...kept.views.map(viewItem)) : h('p', { class: 'empty', text: 'No view is saved yet. Set the map and the filters as you need them often, and save them above.' }));
      if (kept.unseen) await send('POST', '/api/v1/views/seen', { up_to: kept.alerts[0].id });
      told(0);
    });
  }
  /** @param {Kept} kept */
  function showAlerts(kept) {
    const fresh = kept.alerts.filter((a) => !a.seen), list = fresh.length ? fresh : kept.alerts.slice(0, 3);
    if (!list.length) return [];
    return [h('h3', { text: fresh.length ? 'New alerts' : 'Latest alerts' }), h('ul', { id: 'kept-alerts' }, ...list.map((a) => h('li', { class: 'alert' },
      h('a', { href: '/hub' + a.address, text: a.name }), h('p', { text: a.sentence }), h('p', { class: 'quiet', text: day(a.raised.slice(0, 10)) }))))];
  }
  /** @param {View} v */
  function viewItem(v) {
    const box = h('input', { type: 'checkbox', checked: v.alert, onchange: () => attempt(async () => { await send('POST', `/api/v1/views/${v.id}`, { alert: box.checked }); announce(`Alerts of ${v.name} are ${box.checked ? 'on' : 'off'}.`); }) });
    return h('li', {}, h('div', { class: 'row' }, h('a', { href: '/hub' + v.address, text: v.name }),
      h('label', { class: 'check' }, box, 'Alerts'),
      h('button', { type: 'button', onclick: () => share(v) }, 'Copy link'),
      h('button', { type: 'button', 'aria-label': `Remove the view ${v.name}`, onclick: () => attempt(async () => { await send('DELETE', `/api/v1/views/${v.id}`); announce(`${v.name} is removed.`); await load(); }) }, 'Remove')),
    h('p', { class: v.now?.verdict === 'more' ? 'up' : 'quiet', text: v.now ? v.now.sentence : v.why ?? '' }));
  }
  /** @param {View} v */
  async function share(v) {
    const link = location.origin + '/hub' + v.address;
    try { await navigator.clipboard.writeText(link); announce('Link copied.'); } catch { fail(new Error(`Copy this link: ${link}`)); }
  }
  function saveForm() {
    const name = h('input', { type: 'text', required: true, maxlength: 80, 'aria-label': 'Name of the view', placeholder: 'Name, such as Station Road at night', autocomplete: 'off' });
    const alert = h('input', { type: 'checkbox', checked: true });
    return h('form', { id: 'keep-save', onsubmit: (/** @type {Event} */ e) => {
      e.preventDefault();
      attempt(async () => {
        await send('POST', '/api/v1/views', { name: name.value, address: screen.address, filter: screen.filter, bbox: screen.bbox, res: screen.res, alert: alert.checked });
        announce(`${name.value} is saved.`);
        name.value = '';
        await load();
      });
    } }, name, h('label', { class: 'check' }, alert, 'Tell me when it rises'), h('button', { type: 'submit' }, 'Save'));
  }
  function exportForm() {
    const format = h('select', { 'aria-label': 'Format' }, ...FORMATS.map(([value, text]) => h('option', { value, text })));
    const why = h('input', { type: 'text', required: true, minlength: 5, maxlength: 200, 'aria-label': 'Why you need the file', placeholder: 'Why you need it, for the audit log', autocomplete: 'off' });
    const state = h('p', { class: 'quiet', role: 'status', text: `${number(screen.total)} reports, in hexagons of resolution ${screen.res}.` });
    const go = h('button', { type: 'submit' }, 'Save the file');
    const bar = h('progress', { max: 1, 'aria-label': 'How far the file is', hidden: true }), stop = h('button', { type: 'button', hidden: true }, 'Stop');
    /** @param {boolean} yes */
    const busy = (yes) => { go.disabled = yes; bar.hidden = stop.hidden = !yes; bar.removeAttribute('value'); };
    return h('div', {}, h('form', { id: 'keep-export', onsubmit: (/** @type {Event} */ e) => {
      e.preventDefault();
      attempt(async () => {
        const abort = new AbortController(), address = url(`/api/v1/export.${format.value}`, `bbox=${screen.bbox}`, `res=${screen.res}`, screen.filter, `reason=${encodeURIComponent(why.value)}`);
        stop.onclick = () => abort.abort();
        dialog.addEventListener('close', () => abort.abort(), { once: true });
        state.textContent = 'The file is being made…';
        busy(true);
        try {
          const file = await takeAway(address, ({ bytes, part }) => {
            if (part !== undefined) bar.value = part;
            state.textContent = `${size(bytes)}${part === undefined ? '' : `, ${Math.floor(part * 100)} %`} so far…`;
          }, abort.signal);
          state.textContent = `${file.name} is saved: ${size(file.bytes)}.`;
        } catch (x) {
          state.textContent = abort.signal.aborted ? 'Stopped. Nothing is saved.' : '';
          if (!abort.signal.aborted) throw x;
        } finally { busy(false); }
      });
    } }, format, why, go), h('div', { class: 'row' }, bar, stop), state);
  }
}
