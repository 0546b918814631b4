// @ts-check
// Contrast of colours (WCAG 2.2, 1.4.3 and 1.4.11), as the server has it.

export const LEAST_TEXT = 4.5, LEAST_CONTROL = 3;
/** What the accent stands on. The look that follows the reader's device uses it on light grounds alone. @type {Record<string, string>} */
export const GROUNDS = { '': 'ffffff', light: 'ffffff', dark: '19212a', contrast: 'ffffff' };

/** @param {string} hex six digits @returns {number[]} 0 to 255 */
const channels = (hex) => [0, 2, 4].map((i) => parseInt(hex.slice(i, i + 2), 16));

/** @param {string} hex six digits */
function luminance(hex) {
  const [r, g, b] = channels(hex).map((c) => { const v = c / 255; return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** @param {string} a @param {string} b */
export function contrast(a, b) {
  const x = luminance(a), y = luminance(b);
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

/** The nearest colour of its hue that can be read as text. @param {string} hex @param {string} ground */
export function readable(hex, ground) {
  const to = luminance(ground) > 0.18 ? 0 : 255, from = channels(hex);
  for (let k = 0; k <= 100; k++) {
    const mixed = from.map((c) => Math.round(c + ((to - c) * k) / 100).toString(16).padStart(2, '0')).join('');
    if (contrast(mixed, ground) >= LEAST_TEXT) return mixed;
  }
  return to ? 'ffffff' : '000000';
}

/** Sets the colour of links and buttons. @param {string} hex */
export function setAccent(hex) {
  const root = document.documentElement.style;
  root.setProperty('--accent', `#${hex}`);
  root.setProperty('--on-accent', contrast(hex, 'ffffff') >= LEAST_TEXT ? '#fff' : '#000');
}
