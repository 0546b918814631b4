// @ts-check
// How hexagons are pointed at: by mouse and finger, and by the keys.
import { announce, byId } from './dom.js';

/** @typedef {import('./hexlayer.js').Hex} Hex */
/** @typedef {import('./hexlayer.js').HexLayer} HexLayer */
/** @typedef {import('./outline.js').Outline} Outline */
/** @typedef {{grab: () => ((at: {lat:number,lng:number}) => void)|null, choose: (hex: Hex) => void}} Clicks */

/** @param {any} map @param {() => HexLayer|null} layer @param {Outline} outline @param {Clicks & {tip: (hex: Hex) => string}} on @param {HTMLElement} [tip] */
export function pointer(map, layer, outline, on, tip = byId('tip')) {
  let frame = 0, cell = '';
  const leave = () => { cell = ''; tip.hidden = true; outline.show('hover', null); map.getContainer().classList.remove('over-hex'); };
  map.on('mousemove', (/** @type {any} */ e) => {
    if (e.originalEvent.pointerType === 'touch') return;
    cancelAnimationFrame(frame);
    frame = requestAnimationFrame(() => {
      const hex = layer()?.pick(e.latlng);
      if (!hex) return leave();
      tip.hidden = false;
      if (hex.cell !== cell) tip.textContent = on.tip(hex);
      const x = Math.min(e.containerPoint.x + 14, map.getSize().x - tip.offsetWidth - 4);
      tip.style.transform = `translate(${x}px, ${e.containerPoint.y + 14}px)`;
      if (hex.cell === cell) return;
      cell = hex.cell;
      outline.show('hover', hex.ring);
      map.getContainer().classList.add('over-hex');
    });
  });
  map.on('mouseout movestart', () => { cancelAnimationFrame(frame); leave(); });
  map.on('click', (/** @type {any} */ e) => {
    const grab = on.grab(), hex = layer()?.pick(e.latlng);
    if (grab) grab(e.latlng); else if (hex) on.choose(hex);
  });
}

/** Enter opens the hexagon under the cross; each pan by key says what is there. @param {any} map @param {() => HexLayer|null} layer @param {Clicks & {nothing: string, here: (hex: Hex|null) => string}} on */
export function keyboard(map, layer, on) {
  const container = map.getContainer();
  /** The cross is for the keyboard: pointing hides it. @param {boolean} yes */
  const setByKey = (yes) => { byKey = yes; container.classList.toggle('by-key', yes); };
  let byKey = false;
  const here = () => layer()?.pick(map.getCenter());
  container.addEventListener('keydown', (/** @type {KeyboardEvent} */ e) => {
    if (e.target !== container) return;
    setByKey(true);
    if (e.key !== 'Enter') return;
    e.preventDefault();
    const grab = on.grab(), hex = here();
    if (grab) grab(map.getCenter()); else if (hex) on.choose(hex); else announce(on.nothing);
  });
  container.addEventListener('pointerdown', () => setByKey(false), true);
  container.addEventListener('keyup', () => setByKey(true));
  map.on('moveend', () => {
    if (!byKey || document.activeElement !== container) return;
    announce(on.here(here() ?? null));
  });
}
