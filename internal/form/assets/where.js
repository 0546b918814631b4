// @ts-check
// The page of the place: suggestions while typing, and a map with a pin. The
// server gets a point in the body of the form only, and keeps its cell.

const $ = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));
const input = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ ($(id));
const MIN_LETTERS = 3, TYPING_MS = 250, NUDGE_METRES = 50, METRES_PER_DEGREE = 111_195;
const block = $('map-block'), status = $('said'), choose = /** @type {HTMLFormElement} */ ($('choose'));
const lang = document.documentElement.lang;
// The offline map has names of places and no streets: closer in, a point stands in
// an empty box.
const DEEPEST = block.dataset.url ? 17 : 14;
/** @type {{lat:number,lng:number}|null} */
let point = block.dataset.lat ? { lat: Number(block.dataset.lat), lng: Number(block.dataset.lng) } : null;
/** @type {{show: (p: {lat:number,lng:number}, zoom?: number) => void}|null} */
let map = null;

/** @param {string} to @param {Record<string,string>} body */
async function ask(to, body) {
  const r = await fetch(to, { method: 'POST', body: new URLSearchParams({ ...body, lang }) });
  if (!r.ok) throw new Error(String(r.status));
  return r.json();
}

// Suggestions are the same radio buttons as without a script.
let asked = 0;
/** @type {ReturnType<typeof setTimeout>|undefined} */
let typing;
input('q').addEventListener('input', () => { clearTimeout(typing); typing = setTimeout(suggest, TYPING_MS); });
async function suggest() {
  const q = input('q').value.trim(), turn = ++asked;
  if (q.length < MIN_LETTERS) return;
  try {
    const answer = await ask($('search').dataset.search ?? '', { q });
    if (turn !== asked) return;
    status.textContent = answer.said;
    const kept = $('options').querySelector('#c-hint')?.parentElement;
    $('options').replaceChildren(...(kept ? [kept] : []), ...answer.places.map(optionOf));
    $('found').hidden = !$('options').children.length;
  } catch { /* the search button still works */ }
}
/** @param {any} place @param {number} i */
function optionOf(place, i) {
  const row = document.createElement('div'), radio = document.createElement('input'), label = document.createElement('label');
  row.className = 'option';
  Object.assign(radio, { type: 'radio', name: 'choice', id: `c-${i}`, value: place.Cell });
  Object.assign(radio.dataset, { lat: place.Lat, lng: place.Lng, zoom: place.Zoom });
  label.htmlFor = radio.id;
  const name = document.createElement('strong'), quiet = document.createElement('span');
  name.textContent = place.Name;
  quiet.className = 'quiet';
  quiet.textContent = [place.Kind, place.Admin].filter(Boolean).join(', ');
  label.append(name, ' ', quiet);
  row.append(radio, label);
  return row;
}
// Whoever goes on without having chosen finds the same suggestions again.
choose.addEventListener('formdata', (e) => { if (!e.formData.get('choice') && !e.formData.get('lat')) e.formData.set('q', input('q').value); });
$('options').addEventListener('change', (e) => {
  const radio = /** @type {HTMLInputElement} */ (e.target);
  setPoint({ lat: Number(radio.dataset.lat), lng: Number(radio.dataset.lng) }, { zoom: Math.min(DEEPEST, Math.max(15, Number(radio.dataset.zoom))), from: 'list' });
});

/** @param {{lat:number,lng:number}} p @param {{zoom?:number, from:'list'|'map'}} how */
async function setPoint(p, how) {
  point = p;
  // A chosen button says where itself; a point of the map takes its place.
  input('lat').value = how.from === 'map' ? p.lat.toFixed(6) : '';
  input('lng').value = how.from === 'map' ? p.lng.toFixed(6) : '';
  if (how.from === 'map') for (const r of choose.querySelectorAll('input[type=radio]')) /** @type {HTMLInputElement} */ (r).checked = false;
  $('move').hidden = false;
  map?.show(p, how.zoom);
  try {
    const near = await ask(block.dataset.near ?? '', { lat: String(p.lat), lng: String(p.lng) });
    if (point !== p) return;
    $('chosen').hidden = false;
    $('chosen').classList.toggle('wrong', !near.inside);
    $('chosen-text').textContent = near.said;
    status.textContent = near.said;
  } catch { /* the point is set all the same */ }
}

$('move').addEventListener('submit', (e) => {
  const way = /** @type {HTMLButtonElement|null} */ (/** @type {SubmitEvent} */ (e).submitter)?.value;
  if (!point || !way) return;
  e.preventDefault();
  const north = { 'move-north': 1, 'move-south': -1 }[way] ?? 0, east = { 'move-east': 1, 'move-west': -1 }[way] ?? 0, step = NUDGE_METRES / METRES_PER_DEGREE;
  setPoint({ lat: point.lat + north * step, lng: point.lng + (east * step) / Math.cos((point.lat * Math.PI) / 180) }, { from: 'map' });
});
$('locate').addEventListener('click', () => {
  const refused = () => { status.textContent = block.dataset.refused ?? ''; $('chosen').hidden = false; $('chosen-text').textContent = block.dataset.refused ?? ''; };
  if (!navigator.geolocation) { refused(); return; }
  navigator.geolocation.getCurrentPosition((at) => setPoint({ lat: at.coords.latitude, lng: at.coords.longitude }, { zoom: DEEPEST, from: 'map' }),
    refused, { enableHighAccuracy: true, timeout: 15_000, maximumAge: 60_000 });
});

// The map comes when the page is done with what matters; someone who saves data
// gets it by opening it.
block.hidden = false;
let loading = false;
const saving = /** @type {any} */ (navigator).connection?.saveData === true;
if (saving) $('map').addEventListener('click', load, { once: true }); else addEventListener('load', () => setTimeout(load, 0), { once: true });
if (document.readyState === 'complete' && !saving) load();

async function load() {
  if (loading) return;
  loading = true;
  const base = block.dataset.map ?? '';
  const css = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: `${base}vendor/leaflet.css` });
  document.head.append(css);
  const [L, { addBasemap }] = await Promise.all([import(`${base}vendor/leaflet.js`), import(`${base}app/basemap.js`),
    new Promise((done) => { css.onload = css.onerror = done; })]);
  const d = block.dataset;
  const m = new L.Map('map', { zoomControl: false, attributionControl: false, minZoom: 5, maxZoom: 19, fadeAnimation: false, scrollWheelZoom: false });
  L.control.attribution({ prefix: false }).addTo(m);
  addBasemap(m, d.url ? { kind: 'xyz', url: d.url, attribution: d.attribution, maxzoom: Number(d.maxzoom) || 19 } : { kind: 'offline' }, `${base}basemap/`);
  $('zoom-in').addEventListener('click', () => m.zoomIn());
  $('zoom-out').addEventListener('click', () => m.zoomOut());
  const pin = new (pinClass(L))(d.pin ?? '', (/** @type {any} */ at) => setPoint({ lat: at.lat, lng: at.lng }, { from: 'map' }));
  map = {
    show(p, zoom) {
      const at = new L.LatLng(p.lat, p.lng);
      if (zoom) m.setView(at, zoom, { animate: false }); else if (!m.getBounds().pad(-0.1).contains(at)) m.panTo(at, { animate: false });
      pin.put(at);
      if (!m.hasLayer(pin)) pin.addTo(m);
    },
  };
  m.fitBounds([[Number(d.south), Number(d.west)], [Number(d.north), Number(d.east)]], { animate: false });
  const hint = /** @type {HTMLInputElement|null} */ (document.getElementById('c-hint'));
  const chosen = /** @type {HTMLInputElement|null} */ (choose.querySelector('input[type=radio]:checked'));
  const near = chosen ?? hint ?? /** @type {HTMLInputElement|null} */ (choose.querySelector('input[type=radio]'));
  if (point) map.show(point, DEEPEST);
  else if (near) m.setView([Number(near.dataset.lat), Number(near.dataset.lng)], Math.min(DEEPEST, 15), { animate: false });
  m.on('click', (/** @type {any} */ e) => setPoint({ lat: e.latlng.lat, lng: e.latlng.lng }, { from: 'map' }));
  $('map').dataset.ready = 'yes';
}

/** The pin as a layer: Leaflet as it is vendored has no markers. @param {any} L */
function pinClass(L) {
  return class Pin extends L.Layer {
    /** @param {string} title @param {(at: any) => void} dropped */
    constructor(title, dropped) {
      super();
      this._dropped = dropped;
      this._at = new L.LatLng(0, 0);
      const el = document.createElement('div');
      el.className = 'pin leaflet-zoom-hide';
      el.title = title;
      el.innerHTML = '<svg viewBox="0 0 24 24" aria-hidden="true"><path d="M12 1.5A7.5 7.5 0 0 1 19.500 9c0 5.400-7.500 14-7.500 14S4.500 14.400 4.500 9A7.500 7.500 0 0 1 12 1.500Z"/></svg>';
      L.DomEvent.disableClickPropagation(el);
      el.addEventListener('pointerdown', (e) => { el.setPointerCapture(e.pointerId); el.classList.add('held'); });
      el.addEventListener('pointermove', (e) => { if (el.classList.contains('held')) this.put(this._map.mouseEventToLatLng(e)); });
      const drop = () => { if (el.classList.contains('held')) { el.classList.remove('held'); this._dropped(this._at); } };
      el.addEventListener('pointerup', drop);
      el.addEventListener('pointercancel', drop);
      this._el = el;
    }
    onAdd(/** @type {any} */ m) { m.getPane('markerPane').append(this._el); m.on('zoomend viewreset', this._place, this); this._place(); return this; }
    onRemove(/** @type {any} */ m) { m.off('zoomend viewreset', this._place, this); this._el.remove(); return this; }
    put(/** @type {any} */ at) { this._at = at; this._place(); }
    _place() { if (this._map) L.DomUtil.setPosition(this._el, this._map.latLngToLayerPoint(this._at)); }
  };
}
