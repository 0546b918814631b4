// @ts-check
// Says on the landing page, too, when the data is made up.
import { getJSON } from './api.js';

getJSON('/api/v1/config').then((c) => {
  if (/** @type {import('./api.js').Config} */ (c).synthetic) document.getElementById('synthetic')?.removeAttribute('hidden');
}).catch(() => { /* the page stands without it; the map reports a server that is down */ });
