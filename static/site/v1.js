// @ts-check
// Embeds a map where the script stands:
//   <script async src="https://maps.example.org/embed/v1.js" data-map="lang=en" data-title="..."></script>
// The frame takes the height that its content asks for. It listens to that one
// frame and that one origin, sets no cookie and asks no other site.
(() => {
  const script = /** @type {HTMLScriptElement|null} */ (document.currentScript);
  if (!script) return;
  const LEAST = 120, MOST = 3000, FIRST = 592;
  const address = new URL(`embed?${script.dataset.map ?? ''}`, new URL('../', script.src));
  const frame = document.createElement('iframe');
  frame.title = script.dataset.title ?? 'StreetSafe';
  frame.loading = 'lazy';
  frame.style.border = '0';
  frame.style.width = '100%';
  frame.style.height = `${FIRST}px`;
  frame.addEventListener('load', () => frame.contentWindow?.postMessage({ streetsafe: 'hello', version: 1 }, address.origin));
  addEventListener('message', (e) => {
    if (e.source !== frame.contentWindow || e.origin !== address.origin || e.data?.streetsafe !== 'height') return;
    const height = Number(e.data.height);
    if (height >= LEAST && height <= MOST) frame.style.height = `${Math.ceil(height)}px`;
  });
  frame.src = address.href;
  script.before(frame);
})();
