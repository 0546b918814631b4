// @ts-check
// The builder: what is chosen is shown at once. The lines to copy come from the
// server, which writes them for pages without a script, too.
import { announce, byId, debounce } from '../app/dom.js';
import { GROUNDS, LEAST_CONTROL, LEAST_TEXT, contrast, readable } from './colour.js';
import { createSearch } from './search.js';
import { config, t } from './text.js';

const SHOW_MS = 350;
/** Half the height of the box around a place by the zoom that shows it, in degrees. */
const AROUND = (/** @type {number} */ zoom) => 90 / 2 ** zoom;

const form = /** @type {HTMLFormElement} */ (byId('builder'));
const field = (/** @type {string} */ id) => /** @type {HTMLInputElement} */ (byId(id));
const preview = /** @type {HTMLIFrameElement} */ (byId('preview'));
let seen = '';

/** What the colour is worth; '' for none, or none that may be used. */
function accent() {
  const raw = field('accent').value.trim().replace(/^#/, '').toLowerCase(), look = new FormData(form).get('look')?.toString() ?? '';
  const hint = byId('accent-hint'), better = byId('better');
  better.hidden = true;
  field('accent').setAttribute('aria-invalid', 'false');
  hint.textContent = '';
  if (!raw) return '';
  const refuse = (/** @type {string} */ text) => { hint.textContent = text; field('accent').setAttribute('aria-invalid', 'true'); return ''; };
  if (!/^[0-9a-f]{6}$/.test(raw)) return refuse(t('accent.form'));
  field('colour').value = `#${raw}`;
  const ratio = contrast(raw, GROUNDS[look]), said = (Math.floor(ratio * 10) / 10).toFixed(1);
  if (ratio < LEAST_TEXT) {
    const instead = readable(raw, GROUNDS[look]);
    better.textContent = t('better', { colour: instead });
    better.dataset.colour = instead;
    better.hidden = false;
    return refuse(t(ratio < LEAST_CONTROL ? 'accent.faint' : 'accent.text', { ratio: said }));
  }
  hint.textContent = t('accent.good', { ratio: said }) + (look ? '' : ` ${t('accent.auto')}`);
  return raw;
}

/** The state of the embed as its address has it. */
function query() {
  const q = new URLSearchParams();
  for (const [k, v] of new FormData(form)) {
    const text = String(v);
    if (!text || (k === 'theme' && text === 'count') || (k === 'h' && text === '420') || k === 'accent') continue;
    q.set(k, text);
  }
  const forces = q.get('view') === 'forces';
  for (const k of forces ? ['theme', 'box', 'release'] : ['force', 'view']) q.delete(k);
  const colour = accent();
  if (colour) q.set('accent', colour);
  for (const el of form.querySelectorAll('.for-map')) /** @type {HTMLElement} */ (el).hidden = forces;
  for (const el of form.querySelectorAll('.for-forces')) /** @type {HTMLElement} */ (el).hidden = !forces;
  return String(q).replaceAll('%2C', ',');
}

let turn = 0;
async function show() {
  const q = query(), mine = ++turn;
  if (q === seen) return;
  seen = q;
  preview.src = `../embed?${q}`;
  const page = new DOMParser().parseFromString(await (await fetch(`?${q}`)).text(), 'text/html');
  if (mine !== turn) return;
  for (const id of ['iframe', 'script', 'image']) field(id).value = page.getElementById(id)?.textContent ?? '';
  for (const id of ['png', 'svg']) /** @type {HTMLAnchorElement} */ (byId(id)).href = page.getElementById(id)?.getAttribute('href') ?? '';
  preview.height = page.getElementById('preview')?.getAttribute('height') ?? preview.height;
  preview.title = page.getElementById('preview')?.getAttribute('title') ?? preview.title;
}
const soon = debounce(SHOW_MS, show);

/** @param {string} box */
function setBox(box) { field('box').value = box; soon(); }

form.addEventListener('input', (e) => {
  if (e.target === field('colour')) field('accent').value = field('colour').value.slice(1);
  soon();
});
form.addEventListener('submit', (e) => e.preventDefault());
byId('better').addEventListener('click', () => { field('accent').value = byId('better').dataset.colour ?? ''; show(); });
document.getElementById('area')?.addEventListener('change', (e) => setBox(/** @type {HTMLSelectElement} */ (e.target).value));
createSearch((lat, lng, zoom) => {
  const d = AROUND(zoom), k = Math.cos((lat * Math.PI) / 180);
  setBox([lng - d / k, lat - d, lng + d / k, lat + d].map((v) => v.toFixed(4)).join(','));
});
let inSight = '';
addEventListener('message', (e) => {
  if (e.source !== preview.contentWindow || e.origin !== location.origin || e.data?.streetsafe !== 'view') return;
  inSight = String(e.data.box);
});
byId('use-view').addEventListener('click', () => { if (inSight) setBox(inSight); });
for (const b of document.querySelectorAll('[data-copy]')) {
  b.addEventListener('click', async () => {
    const from = field(/** @type {HTMLElement} */ (b).dataset.copy ?? '');
    from.select();
    try { await navigator.clipboard.writeText(from.value); announce(t('copied.it')); } catch { document.execCommand('copy'); }
  });
}
seen = config.lang ? query() : '';
