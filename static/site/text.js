// @ts-check
// What the page's server gave its script: words, releases, and what to draw.

/** @typedef {{id:string, kind:string, period:string}} Release */
/** @typedef {{id:string, kind:string, bounds:[number,number,number,number], zooms:Record<string,number>, tiles:Record<string,number[]>, breaks:Record<string,Record<string,number[]>>}} Drawn */
/**
 * @typedef {{lang:string, root:string, assets:string, text:Record<string,string>, releases:Release[], drawn:Drawn|null, theme:string, at:string, box:string, height:number, cell:string,
 *   actions:boolean, themes:Record<string,string>, statuses:Record<string,string>, kinds:Record<string,string>, plain?:Record<string,string>, months:string[], accent?:string, origins?:string[]}} Config
 */

/** @type {Config} */
export const config = JSON.parse(document.body.dataset.config ?? '{}');

const NUMBER = new Intl.NumberFormat(config.lang === 'cy' ? 'cy-GB' : 'en-GB');
/** @param {number} n */
export const number = (n) => NUMBER.format(n);

/** A message with its {places} filled. @param {string} id @param {Record<string, string|number>} [values] */
export function t(id, values = {}) {
  return (config.text[id] ?? id).replace(/\{(\w+)\}/g, (_, k) => (typeof values[k] === 'number' ? number(values[k]) : values[k] ?? ''));
}

/** "3 November 2026". @param {string} iso */
export function date(iso) {
  const [y, m, d] = iso.split('-').map(Number);
  return `${d} ${config.months[m - 1]} ${y}`;
}

/** @param {string} id */
export const periodOf = (id) => config.releases.find((r) => r.id === id)?.period ?? id;

/** "About 40 reports", or what the theme names. @param {number} n @param {string} theme */
export const about = (n, theme) => t(theme === 'count' ? 'about' : `about.${theme}`, { n });
