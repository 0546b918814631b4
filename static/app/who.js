// @ts-check
// Who looks at the map: the demo's label with a switch, or the way to one's account.
import { getJSON } from './api.js';
import { byId, h } from './dom.js';

/** @typedef {{user:string, role:string, area:string, demo:boolean, views?:string[], may:string[], form?:string}} Session */

/** @param {Session} who */
function demo(who) {
  const choice = h('select', { id: 'demo-as', name: 'as' },
    ...(who.views ?? []).map((v) => h('option', { value: v, selected: v === who.role, text: v.replace('-', ' ') })));
  const back = h('input', { type: 'hidden', name: 'next' });
  const form = h('form', { method: 'post', action: '/demo/view', class: 'demo-view' },
    h('label', { for: 'demo-as', text: 'Demo: you see it as ' }), choice, back, h('button', { type: 'submit', text: 'Switch' }));
  // The address of now, with the filters that were chosen meanwhile.
  form.addEventListener('submit', () => { back.value = location.pathname + location.search + location.hash; });
  if (who.may.includes('review')) form.append(h('a', { href: '/admin/review', text: 'Held back reports' }));
  byId('synthetic').append(form);
  byId('synthetic').hidden = false;
}

/** Says what has become of the session, when the server takes the page no longer. @param {(text: string, actions: [string, () => void][]) => void} message */
export async function sessionLost(message) {
  const who = /** @type {Session|null} */ (await getJSON('/api/v1/session').catch(() => null));
  if (!who || who.may.includes('map')) return; // the map says when the server cannot be reached
  if (who.user) message('Your account no longer shows this map.', [['Your account', () => location.assign('/account')]]);
  else message('You are logged out. The map stays as it is until you log in again.', [['Log in', () => location.assign('/login?next=' + encodeURIComponent(location.pathname + location.search))]]);
}

getJSON('/api/v1/session').then((answer) => {
  const who = /** @type {Session} */ (answer);
  if (who.demo) demo(who);
  else if (who.user) byId('open-help').before(h('a', { href: '/account', class: 'button account', title: `${who.user}, ${who.role}, ${who.area}`, text: 'Account' }));
}).catch(() => { /* the map itself says when the server cannot be reached */ });
