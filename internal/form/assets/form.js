// @ts-check
// What a script adds to every page: leaving fast, answers that exclude each
// other, and the proof of work. Every page works without it.

/** @param {string} id */
const byId = (id) => document.getElementById(id);

// Leaving. The page goes blank at once, the addresses of this visit are made
// useless, and its place in the history is taken by the other page.
const exit = /** @type {HTMLAnchorElement|null} */ (document.querySelector('a.exit'));
function leave() {
  if (!exit) return;
  document.documentElement.hidden = true;
  document.title = '…';
  const token = new URL(exit.href).searchParams.get('s');
  if (token) navigator.sendBeacon?.('/report/exit', new URLSearchParams({ s: token }));
  location.replace(exit.dataset.away ?? exit.href);
}
exit?.addEventListener('click', (e) => { e.preventDefault(); leave(); });
const KEY_TIMES = 3, KEY_WITHIN_MS = 5000;
/** @type {number[]} */
let presses = [];
addEventListener('keydown', (e) => { if (e.key !== 'Shift' && e.key.length > 0) presses = []; });
addEventListener('keyup', (e) => {
  if (e.key !== 'Shift') return;
  const now = performance.now();
  presses = [...presses.filter((t) => now - t < KEY_WITHIN_MS), now];
  if (presses.length >= KEY_TIMES) leave();
});
const hint = byId('exit-key');
if (hint) hint.hidden = false;
// A page that comes back out of the browser's own memory may be over by now.
addEventListener('pageshow', (e) => { if (e.persisted) location.reload(); });

byId('summary')?.focus();
for (const a of document.querySelectorAll('.summary a')) {
  a.addEventListener('click', (e) => {
    const field = byId((a.getAttribute('href') ?? '').slice(1));
    if (!field) return;
    e.preventDefault();
    field.scrollIntoView({ block: 'center' });
    field.focus({ preventScroll: true });
  });
}

// "Not applicable" and reasons exclude each other.
for (const alone of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('[data-alone]'))) {
  const others = [.../** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll(`input[name="${alone.name}"]`))].filter((x) => x !== alone);
  alone.addEventListener('change', () => { if (alone.checked) for (const o of others) o.checked = false; });
  for (const o of others) o.addEventListener('change', () => { if (o.checked) alone.checked = false; });
}

// A part that belongs to one answer shows with it; typing in it chooses it.
for (const opener of /** @type {NodeListOf<HTMLInputElement>} */ (document.querySelectorAll('[data-opens]'))) {
  const part = byId(opener.dataset.opens ?? '');
  if (!part) continue;
  const show = () => { part.hidden = !opener.checked; };
  for (const r of document.querySelectorAll(`input[name="${opener.name}"]`)) r.addEventListener('change', show);
  show();
}

// The proof of work runs while the answers are read once more.
const form = /** @type {HTMLFormElement|null} */ (byId('send-form'));
if (form) prove(form);

/** @param {HTMLFormElement} form */
function prove(form) {
  const RENEW_MS = 8 * 60_000, PATIENCE_MS = 20_000;
  const field = /** @type {HTMLInputElement} */ (byId('proof'));
  const button = /** @type {HTMLButtonElement} */ (byId('send'));
  /** @type {Worker|null} */
  let worker = null;
  let waiting = false, going = false;

  /** @param {string} challenge @param {number} bits */
  function solve(challenge, bits) {
    field.value = '';
    worker?.terminate();
    if (!bits) return;
    worker = new Worker(form.dataset.worker ?? '');
    worker.onmessage = (e) => { field.value = e.data; worker?.terminate(); worker = null; if (waiting) go(); };
    worker.onerror = () => { worker = null; if (waiting) go(); };
    worker.postMessage({ challenge, bits });
  }
  function go() { if (!going) { going = true; form.submit(); } }
  async function renew() {
    try {
      const c = await (await fetch(form.dataset.renew ?? '', { method: 'POST', body: new URLSearchParams(/** @type {any} */ (new FormData(form))) })).json();
      solve(c.challenge, c.bits);
    } catch { /* the report is taken without it, for review */ }
    setTimeout(renew, RENEW_MS);
  }
  solve(form.dataset.challenge ?? '', Number(form.dataset.bits));
  setTimeout(renew, RENEW_MS);
  form.addEventListener('submit', (e) => {
    e.preventDefault();
    if (waiting) return;
    waiting = true;
    button.setAttribute('aria-disabled', 'true');
    button.textContent = button.dataset.busy ?? '';
    if (!worker) go(); else setTimeout(go, PATIENCE_MS);
  });
}

// The poster prints.
const print = byId('print');
if (print) { print.hidden = false; print.addEventListener('click', () => globalThis.print()); }
