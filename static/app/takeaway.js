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

/** Saves what an address answers, and throws the server's own words when it refuses. @param {string} address @param {(bytes: number) => void} [progress] */
export async function takeAway(address, progress) {
  const r = await fetch(address).catch(() => { throw new ApiError('The server cannot be reached. Check the connection and try again.', 0); });
  if (!r.ok) throw await problem(r);
  const parts = [];
  let bytes = 0;
  for (let reader = /** @type {ReadableStream<Uint8Array>} */ (r.body).getReader(); ;) {
    const { done, value } = await reader.read();
    if (done) break;
    parts.push(/** @type {BlobPart} */ (value));
    bytes += value.length;
    progress?.(bytes);
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
