// @ts-check
// The profile of an area: its figures beside those of everywhere else, one page to print, files to take away.
import { ApiError, latest, url } from './api.js';
import { darkness, factorList, matrix, trend, unknownTime } from './charts.js';
import { announce, h } from './dom.js';
import { areaChooser } from './draw.js';
import { number, plural, position } from './format.js';
import { hexWidth } from './geo.js';
import { areaGeoJSON, areaWords, ringsOf } from './shape.js';
import { facts, miniMap, openSheet } from './sheet.js';
import { emptyState, nameOf, often, reports, sentence, share, times } from './words.js';

/**
 * @typedef {{factor?:string, count:number, share:number, elsewhere:number, ratio:import('./words.js').Ratio, verdict:import('./words.js').Verdict}} Part
 * @typedef {{generation:number, synthetic:boolean, res:number, place?:string, km2:number, hexagons:number, share:number, made:string, limits?:string[],
 *   area:import('./api.js').Figures, whole:import('./api.js').Figures, factors:Part[], dark:Part,
 *   top:{cell:string, lat:number, lng:number, place?:string, count:number, boundary:[number, number][]}[]}} Profile
 */

/** @param {string} address @param {unknown} area @param {AbortSignal} [signal] */
export async function postArea(address, area, signal) {
  const r = await fetch(address, { method: 'POST', signal, headers: { 'Content-Type': 'application/geo+json' }, body: JSON.stringify(area) }).catch((e) => {
    if (e.name === 'AbortError') throw e;
    throw new ApiError('The server cannot be reached. Check the connection and try again.', 0);
  });
  if (r.ok) return r;
  const p = await r.json().catch(() => ({}));
  throw new ApiError(p.detail || `The server answered ${r.status}.`, r.status);
}

/** What stands out against everywhere else, in sentences. @param {Profile} p @param {import('./format.js').Vocabulary} v @param {number} [most] lines */
function special(p, v, most = 20) {
  const lines = p.factors.filter((f) => f.verdict === 'more' || f.verdict === 'fewer').sort((a, b) => b.share - a.share)
    .map((f) => `${nameOf(/** @type {string} */ (f.factor), v)}: ${share(f.share)} of the reports here, ${share(f.elsewhere)} elsewhere (${often(f.verdict)}: ${times(f.ratio)}).`);
  if (p.dark.verdict === 'more' || p.dark.verdict === 'fewer') lines.push(`After dark: ${share(p.dark.share)} here, ${share(p.dark.elsewhere)} elsewhere (${often(p.dark.verdict)}).`);
  return lines.length ? h('ul', { class: 'method' }, ...lines.slice(0, most).map((t) => h('li', { text: t })), lines.length > most ? h('li', { text: `${lines.length - most} more on screen and in the files.` }) : null) : h('p', { class: 'quiet', text: 'Nothing is said here clearly more or less often than elsewhere, or there are too few reports to tell.' });
}

/** @param {string} title @param {...(Node|null)} nodes */
const block = (title, ...nodes) => h('section', { class: 'block' }, h('h3', { text: title }), ...nodes);

/** @param {import('./tools.js').Hub} hub @param {HTMLElement} box @returns {import('./tools.js').Tool} */
export function areaTool(hub, box) {
  const { store, vocabulary: v } = hub, requests = latest(), chooser = areaChooser(hub);
  const name = h('input', { type: 'text', id: 'area-name', maxlength: 100, placeholder: 'Name for the page, if you like', 'aria-label': 'Name of the area' });
  const body = h('div', { 'aria-live': 'polite' });
  box.append(h('h2', { text: 'Area profile' }), chooser.el, body);
  let asked = '';

  /** @param {Profile} p */
  function render(p) {
    const area = chooser.current();
    if (!area) return;
    chooser.redraw();
    if (!p.area.total) {
      body.replaceChildren(emptyState('No reports in this area match the filters. Choose a longer period, fewer filters or a larger area.', [['Show the area', chooser.show]]));
      return;
    }
    const reason = h('input', { type: 'text', id: 'reason', maxlength: 200, placeholder: 'Why you take the file, for the log', 'aria-label': 'Reason for the file' });
    body.replaceChildren(
      h('p', { class: 'big' }, h('strong', { id: 'area-total', text: number(p.area.total) }), h('span', { text: `${p.area.total === 1 ? 'report' : 'reports'}, ${share(p.share)} of all, ${areaWords(area)} ${p.place ?? ''}` })),
      h('ul', { class: 'filter-line' }, ...hub.words().map((t) => h('li', { text: t }))),
      h('p', { class: 'quiet', text: `${p.km2 < 10 ? p.km2.toFixed(1) : number(Math.round(p.km2))} km², ${plural(p.hexagons, 'hexagon')} about ${hexWidth(p.res)} across. A hexagon counts when its middle lies inside.` }),
      h('div', { class: 'actions' }, h('button', { type: 'button', class: 'go', id: 'print-profile', onclick: () => openSheet(page(p)) }, 'One page to print'), h('button', { type: 'button', onclick: chooser.show }, 'Show the area'),
        h('button', { type: 'button', class: 'record', onclick: () => store.set({ tool: 'actions', action: 'new' }) }, 'Record action')),
      name,
      ...figures(p),
      block('Take it away', h('p', { class: 'quiet', text: 'The files say what they show, of when and from where.' }), reason, h('div', { class: 'actions' },
        h('button', { type: 'button', onclick: () => file('csv', reason) }, 'CSV'), h('button', { type: 'button', onclick: () => file('geojson', reason) }, 'GeoJSON'))),
      ...(p.limits ?? []).map((t) => h('p', { class: 'quiet', text: t })));
    announce(`${reports(p.area.total)} in the area.`);
  }
  /** @param {Profile} p */
  function figures(p) {
    const most = h('ol', { class: 'top' }, ...p.top.slice(0, 8).map((t) => h('li', {}, h('button', { type: 'button', 'data-cell': t.cell, onclick: () => hub.choose(t.cell) }, h('span', { text: sentence(t.place ?? position(t.lat, t.lng)) }), h('b', { text: number(t.count) })))));
    return [
      block('Different from elsewhere', special(p, v)),
      block('By month', trend(p.area.by_month)),
      block('Reasons given', factorList(p.area.by_factor, p.area.total, v)),
      block('Day and time', matrix(p.area.daypart_weekday, v), unknownTime(p.area.daypart_weekday)),
      block('Light', darkness(p.area.by_dark)),
      block('Most reports', most),
    ];
  }
  /** @param {Profile} p @returns {import('./sheet.js').Sheet} */
  function page(p) {
    const area = /** @type {import('./shape.js').Area} */ (chooser.current()), places = p.top.slice(0, 6);
    const rows = places.map((t, i) => h('tr', {}, h('td', { text: String(i + 1) }), h('td', { text: sentence(t.place ?? '') }), h('td', { text: position(t.lat, t.lng) }), h('td', { class: 'num', text: number(t.count) })));
    return {
      title: `Area profile: ${name.value.trim() || (area.kind === 'named' ? area.name : '') || sentence(p.place ?? 'an area')}`, synthetic: p.synthetic,
      facts: facts(hub, p, [['Area', `${areaWords(area)} ${p.place ?? ''}, ${p.km2.toFixed(1)} km²`], ['Reports', `${number(p.area.total)}, ${share(p.share)} of ${number(p.whole.total)}`]]),
      pages: [[
        h('div', { class: 'columns' },
          h('div', {}, miniMap({ outlines: ringsOf(area), cells: places.map((t, i) => ({ boundary: t.boundary, label: String(i + 1) })), width: 330, height: 230 }),
            block('Places with most reports', h('table', { class: 'cells' }, h('tbody', {}, ...rows))), block('Different from elsewhere', special(p, v, 6))),
          h('div', {}, block('By month', trend(p.area.by_month)), block('Reasons given', factorList(p.area.by_factor, p.area.total, v)), block('Day and time', matrix(p.area.daypart_weekday, v), unknownTime(p.area.daypart_weekday)), block('Light', darkness(p.area.by_dark)))),
      ]],
    };
  }
  const geo = () => areaGeoJSON(/** @type {import('./shape.js').Area} */ (chooser.current()), name.value.trim());
  /** @param {'csv'|'geojson'} format @param {HTMLInputElement} reason */
  async function file(format, reason) {
    try {
      const r = await postArea(url('/api/v1/profile', `format=${format}`, `reason=${encodeURIComponent(reason.value.trim())}`, hub.filter()), geo());
      const a = h('a', { href: URL.createObjectURL(await r.blob()), download: `streetsafe-profile.${format}` });
      a.click();
      setTimeout(() => URL.revokeObjectURL(a.href), 10_000);
      reason.setCustomValidity('');
    } catch (e) { reason.setCustomValidity(/** @type {Error} */ (e).message); reason.reportValidity(); reason.oninput = () => reason.setCustomValidity(''); }
  }
  return {
    async refresh() {
      const want = `${store.get().area}|${hub.filter()}`;
      try {
        const area = await chooser.resolve();
        chooser.redraw();
        if (!area) {
          asked = '';
          body.replaceChildren(emptyState('Choose an area: what is on screen, a circle, or a polygon that you draw.'));
          return;
        }
        if (want === asked) return;
        asked = want;
        box.setAttribute('aria-busy', 'true');
        const p = await requests.run(async (signal) => /** @type {Promise<Profile>} */ ((await postArea(url('/api/v1/profile', 'top=20', hub.filter()), geo(), signal)).json()));
        if (!p) return;
        render(p);
      } catch (e) { asked = ''; body.replaceChildren(emptyState(/** @type {Error} */ (e).message, [['Try again', () => this.refresh()]])); }
      box.setAttribute('aria-busy', 'false');
    },
    close() { requests.cancel(); chooser.close(); },
  };
}
