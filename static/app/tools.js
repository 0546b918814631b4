// @ts-check
// The analyses beside the map. Nothing of this is loaded before one is opened.
import { byId, h } from './dom.js';
import { areaTool } from './area.js';
import { changeTool } from './change.js';
import { hotspotsTool } from './hotspots.js';
import { shiftTool } from './shift.js';
import { splitTool } from './split.js';

/**
 * What an analysis works with. `filter` is the query of the present filter, `words` the same for people.
 * @typedef {{store: import('./state.js').Store, config: import('./api.js').Config, vocabulary: import('./format.js').Vocabulary,
 *   view: import('./mapview.js').MapView, filter: () => string, words: () => string[], choose: (cell: string) => void,
 *   lastDay: string, setTileFilter: (query: string) => void}} Hub
 */
/** An analysis that is open: `refresh` after each change of what the map shows, `close` undoes what it did to the map. @typedef {{refresh: () => void, close: () => void}} Tool */

/** A tool whose own modules come when it is opened. @param {() => Promise<(hub: Hub, box: HTMLElement) => Tool>} load @returns {(hub: Hub, box: HTMLElement) => Tool} */
const lazy = (load) => (hub, box) => {
  /** @type {Tool|null} */
  let tool = null;
  let closed = false;
  box.setAttribute('aria-busy', 'true');
  load().then((make) => { if (closed) return; tool = make(hub, box); tool.refresh(); }, () => { if (!closed) box.replaceChildren(h('p', { class: 'quiet', text: 'This part of the page could not be loaded. Reload the page.' })); });
  return { refresh: () => tool?.refresh(), close() { closed = true; tool?.close(); } };
};

/** @type {Record<string, (hub: Hub, box: HTMLElement) => Tool>} */
const MAKERS = { hotspots: hotspotsTool, change: changeTool, area: areaTool, shift: shiftTool, split: splitTool, actions: lazy(async () => (await import('./action.js')).actionTool) };

/** @param {Hub} hub */
export function createTools(hub) {
  const box = byId('tool');
  // A map must know its size when it is made: the style comes first.
  const style = h('link', { rel: 'stylesheet', href: new URL('./tools.css', import.meta.url).pathname });
  const styled = new Promise((done) => { style.onload = style.onerror = done; });
  document.head.append(style);
  /** @type {Tool|null} */
  let open = null;
  let name = '';
  function show() {
    const { tool } = hub.store.get();
    if (tool === name) return;
    open?.close();
    box.replaceChildren();
    name = tool;
    open = tool ? MAKERS[tool](hub, box) : null;
    open?.refresh();
  }
  hub.store.subscribe((now, was) => {
    if (now.tool !== was.tool) show();
    else if (now.against !== was.against || now.area !== was.area || now.shift !== was.shift || now.pack !== was.pack || now.split !== was.split || now.action !== was.action) open?.refresh();
  });
  styled.then(show);
  return { refresh: () => open?.refresh() };
}
