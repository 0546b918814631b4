// @ts-check
// What the lighting workbench asks for, typed.

/** @typedef {'too_few'|'no_history'|'no_change'|'more'|'fewer'} Verdict */
/** @typedef {{recent:number, previous:number, verdict:Verdict, ratio?:{estimate:number|null, low:number|null, high:number|null}}} Change */
/** @typedef {'unknown'|'no_lamp'|'lamp_there'|'off_by_policy'} Cause */
/** @typedef {{cause:Cause, count:number, nearest?:number, off:number, hours?:string}} Lamps */
/** @typedef {{denominator:number, raw:number, shrunk:number, low:number, high:number, relative:number, verdict:Verdict}} Rate */
/** @typedef {Change & {cell:string, rate?:Rate, lat:number, lng:number, place?:string, after_dark:number, all:number, dark_share:number|null, last:string, others:{factor:string, count:number}[], lamps?:Lamps, boundary:[number,number][]}} Place */
/** @typedef {{from:string, to:string}} Days */
/** @typedef {{generation:number, synthetic:boolean, res:number, total:number, cells:number, limits?:string[], recent_window?:Days, previous_window?:Days, by:'count'|'rate', denominator?:string, rate_source?:string, overall_rate?:number, lamp_source?:string, lamp_hours:boolean, area_name?:string, places:Place[]}} Lighting */
/** @typedef {{kind:string, areas:number, denominator?:string, bounds:number[]}} Kind */
/** @typedef {Change & {id:string, name:string, count:number, rate?:Rate}} AreaFigure */
/** @typedef {{total:number, outside:number, denominator?:string, areas:AreaFigure[]}} AreaFigures */
/** @typedef {{geometry:{type:string, coordinates:number[][][][]}, properties:{name:string}}} AreaFeature */

/** @type {Record<Cause, string>} */
export const CAUSES = { no_lamp: 'No lamp near', lamp_there: 'Lamp there', off_by_policy: 'Off by policy', unknown: 'Not known' };

/** A change in a word and an arrow, since colour alone says nothing to some. @param {Change} c */
export function changeText(c) {
  switch (c.verdict) {
    case 'more': return `▲ more (${c.previous}\u00a0→\u00a0${c.recent})`;
    case 'fewer': return `▼ fewer (${c.previous}\u00a0→\u00a0${c.recent})`;
    case 'no_change': return `about the same (${c.previous}\u00a0→\u00a0${c.recent})`;
    case 'too_few': return `too few to tell (${c.previous}\u00a0→\u00a0${c.recent})`;
    default: return 'no history';
  }
}

/** How many of the unit a rate is told by, so that it reads as a small number. @param {number} rate @returns {number} */
export function rateUnit(rate) {
  for (const unit of [1, 100, 1000, 10_000, 100_000]) if (rate * unit >= 1) return unit;
  return 1_000_000;
}
