// @ts-check
// Five classes of viridis. Dark grounds get it from the dark end up, so that
// more always stands out more.

/** Low to high. Viridis at 0.92 lightened, for the many low cells not to shout, 0.72, 0.5, 0.25 and 0. */
const ON_LIGHT = ['#dcea76', '#4ac16d', '#21918c', '#3b528b', '#440154'];
/** Viridis at 0.22, 0.42, 0.6, 0.8 and 1. */
const ON_DARK = ['#404688', '#2b748e', '#22a884', '#7ad151', '#fde725'];

/** @param {'light'|'dark'} theme @param {number} classes 1 to 5 */
export function palette(theme, classes) {
  const all = theme === 'dark' ? ON_DARK : ON_LIGHT;
  if (classes < 2) return [all[2]];
  return Array.from({ length: classes }, (_, i) => all[Math.round((i * 4) / (classes - 1))]);
}

/** @param {readonly number[]} breaks lower bounds, ascending @param {number} count at least 1 */
export function classOf(breaks, count) {
  let k = breaks.length - 1;
  while (k > 0 && count < breaks[k]) k--;
  return Math.max(k, 0);
}

/** @param {readonly number[]} breaks @returns {string[]} "1", "2–4", "20+" */
export function ranges(breaks) {
  return breaks.map((low, i) => {
    const next = breaks[i + 1];
    const n = (/** @type {number} */ v) => v.toLocaleString('en-GB');
    if (next === undefined) return `${n(low)}+`;
    return next - 1 === low ? n(low) : `${n(low)}–${n(next - 1)}`;
  });
}
