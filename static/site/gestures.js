// @ts-check
// A map in a page must never trap who scrolls past it: one finger scrolls the
// page, two move the map; the wheel zooms with Ctrl, or once the map has focus.
import { t } from './text.js';

const HINT_MS = 1400;

/** @param {any} map Leaflet's @param {HTMLElement} hint */
export function cooperate(map, hint) {
  const container = map.getContainer();
  let timer = 0;
  const say = (/** @type {string} */ text) => {
    hint.textContent = text;
    hint.hidden = false;
    clearTimeout(timer);
    timer = window.setTimeout(() => { hint.hidden = true; }, HINT_MS);
  };
  // Without dragging, Leaflet leaves touch-action at pan-x pan-y, so that one
  // finger is the browser's; two fingers are Leaflet's pinch, which also moves.
  map.dragging.disable();
  container.addEventListener('pointerdown', (/** @type {PointerEvent} */ e) => {
    if (e.pointerType === 'mouse') map.dragging.enable(); else map.dragging.disable();
  }, true);
  container.addEventListener('touchmove', (/** @type {TouchEvent} */ e) => { if (e.touches.length === 1) say(t('two.fingers')); }, { passive: true });
  container.addEventListener('touchstart', (/** @type {TouchEvent} */ e) => { if (e.touches.length > 1) hint.hidden = true; }, { passive: true });
  map.scrollWheelZoom.disable();
  let focused = false;
  container.addEventListener('focusin', () => { focused = true; });
  container.addEventListener('focusout', () => { focused = false; });
  container.addEventListener('wheel', (/** @type {WheelEvent} */ e) => {
    if (e.ctrlKey || e.metaKey || focused) {
      e.preventDefault(); // Ctrl and wheel would zoom the page
      map.scrollWheelZoom.enable();
    } else {
      map.scrollWheelZoom.disable();
      say(t('ctrl.wheel'));
    }
  }, { passive: false, capture: true });
}
