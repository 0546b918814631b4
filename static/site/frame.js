// @ts-check
// What every embed does: the colour that was chosen, and its height told to the
// page around it, if that page asks and may.
import { byId } from '../app/dom.js';
import { setAccent } from './colour.js';
import { config } from './text.js';

const TALLEST_LIST_PX = 900;

const look = document.documentElement.dataset.look, system = matchMedia('(prefers-color-scheme: dark)');
/** Without a look of its own the embed is dark where the reader's device is, with the usual colour. */
function paint() {
  if (config.accent && (look || !system.matches)) setAccent(config.accent);
  else { document.documentElement.style.removeProperty('--accent'); document.documentElement.style.removeProperty('--on-accent'); }
}
system.addEventListener('change', paint);
paint();

/** Whether an origin is one of the sources that may embed (CSP 3, 6.7.2). @param {string} origin @param {readonly string[]} sources */
export function mayEmbed(origin, sources) {
  if (origin === location.origin) return true;
  let u;
  try { u = new URL(origin); } catch { return false; }
  return sources.some((s) => {
    if (s === `${u.protocol}`) return true;
    const m = /^(https?:)\/\/(\*\.)?([^:]+)(:(\d+|\*))?$/.exec(s);
    if (!m || m[1] !== u.protocol) return false;
    const host = m[2] ? u.hostname.endsWith(`.${m[3]}`) : u.hostname === m[3];
    return host && (m[5] === '*' || (m[5] ?? '') === u.port);
  });
}

/** Where heights go, once the page around has asked. @type {string} */
let listener = '';
let told = 0;
function wanted() {
  const head = byId('head').offsetHeight + byId('foot').offsetHeight, views = document.querySelector('.views');
  const bar = views instanceof HTMLElement ? views.offsetHeight : 0, map = document.getElementById('view-map');
  if (map && !map.hidden) return head + bar + config.height;
  const list = [...document.querySelectorAll('main .scroll')].find((x) => x instanceof HTMLElement && x.offsetParent), part = list?.parentElement;
  if (!list || !part) return head + bar + byId('main').scrollHeight;
  return head + bar + Math.min(TALLEST_LIST_PX, list.scrollHeight + part.offsetHeight - list.clientHeight + 4);
}
/** Tells the height when it has changed. */
export function tellHeight() {
  const height = wanted();
  if (!listener || height === told) return;
  told = height;
  parent.postMessage({ streetsafe: 'height', height }, listener);
}
addEventListener('message', (e) => {
  if (e.source !== parent || parent === window || e.data?.streetsafe !== 'hello' || !mayEmbed(e.origin, config.origins ?? [])) return;
  listener = e.origin;
  told = 0;
  tellHeight();
});
new ResizeObserver(tellHeight).observe(byId('main'));
