// @ts-check
// Files to take away: each needs a reason, which is written down.
import { ApiError, problem } from './api.js';
import { byId, h } from './dom.js';

/** Asks why; '' when the answer is never mind. @returns {Promise<string>} */
export function askWhy() {
  const dialog = /** @type {HTMLDialogElement} */ (byId('why')), input = /** @type {HTMLInputElement} */ (byId('reason'));
  return new Promise((resolve) => {
    dialog.returnValue = '';
    dialog.addEventListener('close', () => resolve(dialog.returnValue === 'go' ? input.value.trim() : ''), { once: true });
    dialog.showModal();
    input.focus();
  });
}

/** How far a file is: `part` of 1, absent while nobody can tell. @typedef {{bytes:number, part?:number}} Progress */

/** Rows and features end with a new line, and the server says how many there are. @param {Uint8Array} b */
function lines(b) {
  let n = 0;
  for (let i = b.indexOf(10); i >= 0; i = b.indexOf(10, i + 1)) n++;
  return n;
}

/** Saves what an address answers, and throws the server's own words when it refuses. @param {string} address @param {(p: Progress) => void} [progress] @param {AbortSignal} [signal] */
export async function takeAway(address, progress, signal) {
  const r = await fetch(address, { signal }).catch((e) => { throw e.name === 'AbortError' ? e : new ApiError('The server cannot be reached. Check the connection and try again.', 0); });
  if (!r.ok) throw await problem(r);
  const length = Number(r.headers.get('Content-Length')) || 0, rows = Number(r.headers.get('X-Total-Count')) || 0;
  const parts = [];
  let bytes = 0, read = 0;
  for (let reader = /** @type {ReadableStream<Uint8Array>} */ (r.body).getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(/** @type {BlobPart} */ (value));
    bytes += value.length;
    if (!length && rows) read += lines(value);
    progress?.({ bytes, part: length ? bytes / length : rows ? Math.min(1, read / rows) : undefined });
  }
  const name = /filename="([^"]+)"/.exec(r.headers.get('Content-Disposition') ?? '')?.[1] ?? 'streetsafe';
  const url = URL.createObjectURL(new Blob(parts, { type: r.headers.get('Content-Type') ?? '' }));
  const a = h('a', { href: url, download: name });
  document.body.append(a);
  a.click();
  a.remove();
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
  return { name, bytes };
}
