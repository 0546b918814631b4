// @ts-check
// Elements without markup strings: nothing from the server is ever parsed as HTML.

const SVG = 'http://www.w3.org/2000/svg';

/** @typedef {Record<string, any>} Props `on*` are listeners, `class` and `aria-*` attributes, `text` is text */
/** @typedef {Node|string|null|undefined|false} Child */

/** @param {Element} el @param {Props} props @param {Child[]} children */
function fill(el, props, children) {
  for (const [k, v] of Object.entries(props)) {
    if (v === undefined || v === null || v === false) continue;
    if (k.startsWith('on')) el.addEventListener(k.slice(2), v);
    else if (k === 'text') el.textContent = v;
    else el.setAttribute(k, v === true ? '' : String(v));
  }
  for (const c of children) if (c || c === '') el.append(c);
  return el;
}

/** @template {keyof HTMLElementTagNameMap} K @param {K} tag @param {Props} [props] @param {...Child} children @returns {HTMLElementTagNameMap[K]} */
export const h = (tag, props = {}, ...children) => /** @type {any} */ (fill(document.createElement(tag), props, children));

/** @template {keyof SVGElementTagNameMap} K @param {K} tag @param {Props} [props] @param {...Child} children @returns {SVGElementTagNameMap[K]} */
export const s = (tag, props = {}, ...children) => /** @type {any} */ (fill(document.createElementNS(SVG, tag), props, children));

/** An element the page is built with; its absence is a broken page. @template {HTMLElement} [T=HTMLElement] @param {string} id @returns {T} */
export function byId(id) {
  const el = document.getElementById(id);
  if (!el) throw new Error(`no #${id}`);
  return /** @type {any} */ (el);
}

/**
 * A blank twin in a canvas's place. What is drawn while the browser prepares a
 * print goes to paper stroke by stroke, clearing included, and would clear the
 * layers below; a new canvas has nothing to clear.
 * @param {HTMLCanvasElement} canvas
 */
export function renew(canvas) {
  const twin = /** @type {HTMLCanvasElement} */ (canvas.cloneNode(false));
  canvas.replaceWith(twin);
  return twin;
}

let spoken = 0;
/** Says something to screen readers. A changing last space makes equal messages count. @param {string} text */
export function announce(text) {
  byId('live').textContent = text + (spoken++ % 2 ? '\u00a0' : '');
}

/** @template {any[]} A @param {number} ms @param {(...a: A) => void} fn */
export function debounce(ms, fn) {
  let timer = 0;
  return (/** @type {A} */ ...a) => { clearTimeout(timer); timer = window.setTimeout(() => fn(...a), ms); };
}
