// @ts-check
// News from the server: a new generation is told to pages that somebody looks at.

/** How often to ask when events do not come through, as behind some proxies. */
const POLL_MS = 60_000;
/** EventSource.CLOSED. */
const CLOSED = 2;

/**
 * Calls `changed` with each new generation. A page out of sight holds no
 * connection, since browsers have only six for a host; it hears what it missed
 * when it is shown again.
 * @param {(generation: number) => void} changed
 * @param {{ask: () => Promise<number>, lost?: () => void, source?: typeof EventSource, page?: Document}} parts `ask` is for where events do not come through, `lost` is called when the server takes the page no longer
 * @returns {() => void} stops
 */
export function follow(changed, { ask, lost = () => {}, source = EventSource, page = document }) {
  /** @type {EventSource|null} */
  let stream = null;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  let poll;
  const check = () => { if (!page.hidden) ask().then(changed, () => { /* the next turn asks again */ }); };
  function close() { stream?.close(); stream = null; clearInterval(poll); poll = undefined; }
  function open() {
    close();
    if (page.hidden) return;
    stream = new source('/api/v1/events');
    stream.addEventListener('generation', (e) => {
      clearInterval(poll); poll = undefined;
      changed(JSON.parse(/** @type {MessageEvent} */ (e).data).generation);
    });
    // A lost connection is opened again by the browser; a refused one is not.
    stream.addEventListener('error', () => {
      if (stream?.readyState === CLOSED) lost();
      poll ??= setInterval(check, POLL_MS);
    });
  }
  page.addEventListener('visibilitychange', open);
  open();
  return () => { page.removeEventListener('visibilitychange', open); close(); };
}
