// @ts-check
// Everything around the map: tabs, buttons, help and shortcuts.
import { announce, byId } from './dom.js';
import { position } from './format.js';
import { nearName } from './near.js';

/** @typedef {'filters'|'results'|'table'} Tab */

const PHONE = matchMedia('(max-width: 759px)');

/** @param {Tab} name */
export function showTab(name) {
  document.body.dataset.tab = name;
  document.body.dataset.sheet = 'open';
  for (const b of document.querySelectorAll('.tabs button')) b.setAttribute('aria-pressed', String(/** @type {HTMLElement} */ (b).dataset.tab === name));
}
function closeSheet() {
  document.body.dataset.sheet = 'closed';
  for (const b of document.querySelectorAll('.tabs button')) b.setAttribute('aria-pressed', 'false');
}

let hideToast = 0;
/** @param {string} text */
export function toast(text) {
  const el = byId('toast');
  el.textContent = text; el.hidden = false;
  clearTimeout(hideToast);
  hideToast = window.setTimeout(() => { el.hidden = true; }, 6000);
}

/** @param {import('./state.js').Store} store @param {import('./mapview.js').MapView} view */
export function chrome(store, view) {
  tabs(store);
  const tableButton = byId('toggle-table'), table = byId('table');
  const showTable = () => {
    const { table: open } = store.get();
    tableButton.setAttribute('aria-expanded', String(open));
    table.hidden = !open;
    document.body.classList.toggle('has-table', open);
  };
  tableButton.addEventListener('click', () => store.set({ table: !store.get().table }));
  byId('close-table').addEventListener('click', () => { store.set({ table: false }); tableButton.focus(); closeSheetOnPhone(); });
  store.subscribe(showTable);
  showTable();
  byId('zoom-in').addEventListener('click', () => view.map.zoomIn());
  byId('zoom-out').addEventListener('click', () => view.map.zoomOut());
  byId('locate').addEventListener('click', () => locate(view));
  printing(view);
  help();
  shortcuts(store);
}
function closeSheetOnPhone() { if (PHONE.matches) closeSheet(); }

/** What a print needs to be found again: area, day and address. @param {import('./mapview.js').MapView} view */
function printing(view) {
  byId('print').addEventListener('click', () => print());
  byId('print-help').addEventListener('click', () => { /** @type {HTMLDialogElement} */ (byId('help')).close(); print(); });
  addEventListener('beforeprint', () => {
    const c = view.map.getCenter(), place = nearName(c, view.map.getZoom()), now = new Intl.DateTimeFormat('en-GB', { dateStyle: 'long', timeStyle: 'short' }).format(Date.now());
    byId('print-note').textContent = `Area ${place || `around ${position(c.lat, c.lng)}`} · printed ${now} · ${location.href}`;
  });
}

/** @param {import('./state.js').Store} store */
function tabs(store) {
  for (const b of document.querySelectorAll('.tabs button')) {
    const name = /** @type {Tab} */ (/** @type {HTMLElement} */ (b).dataset.tab);
    b.addEventListener('click', () => {
      const same = document.body.dataset.tab === name && document.body.dataset.sheet === 'open';
      if (same && PHONE.matches) closeSheet(); else showTab(name);
      if (PHONE.matches || name === 'table') store.set({ table: name === 'table' && !same }, 'replace');
    });
  }
  if (store.get().table && PHONE.matches) showTab('table');
  else if (PHONE.matches && !store.get().cell) closeSheet();
  else showTab(store.get().cell ? 'results' : 'filters');
}

/** @param {import('./mapview.js').MapView} view */
function locate(view) {
  if (!navigator.geolocation) { toast('This browser does not tell its position.'); return; }
  announce('Looking for your position.');
  navigator.geolocation.getCurrentPosition(
    ({ coords }) => {
      const here = { lat: coords.latitude, lng: coords.longitude };
      view.outline.mark(here);
      view.map.setView([here.lat, here.lng], 15);
      announce('The map shows your position.');
    },
    (e) => toast(e.code === 1 ? 'Your position is not shared with this page. Allow it in the address bar, or search for a place.' : 'Your position could not be found. Search for a place instead.'),
    { timeout: 10_000, maximumAge: 60_000 },
  );
}

function help() {
  const dialog = /** @type {HTMLDialogElement} */ (byId('help'));
  byId('open-help').addEventListener('click', () => dialog.showModal());
  byId('close-help').addEventListener('click', () => dialog.close());
  dialog.addEventListener('click', (e) => { if (e.target === dialog) dialog.close(); });
}

/** Single keys can be switched off: they get in the way of speech input. @param {import('./state.js').Store} store */
function shortcuts(store) {
  const box = /** @type {HTMLInputElement} */ (byId('keys-on'));
  try { box.checked = localStorage.getItem('keys') !== 'off'; } catch { /* no storage: they stay on */ }
  box.addEventListener('change', () => { try { localStorage.setItem('keys', box.checked ? 'on' : 'off'); } catch { /* for this page only */ } });
  document.addEventListener('keydown', (e) => {
    const typing = e.target instanceof HTMLElement && e.target.matches('input:not([type=checkbox], [type=radio], [type=range]), textarea, select');
    if (!box.checked || typing || e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.key === '?') /** @type {HTMLDialogElement} */ (byId('help')).showModal();
    else if (document.querySelector('dialog[open]')) return;
    else if (e.key === '/') byId('search').focus();
    else if (e.key === 'm') byId('map').focus();
    else if (e.key === 'u') { if (store.undo()) toast('The last change of the filters is undone.'); else toast('There is no change of the filters to undo.'); }
    else if (e.key === 't') store.set({ table: !store.get().table });
    else return;
    e.preventDefault();
  });
}
