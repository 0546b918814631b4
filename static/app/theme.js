// A classic script in the head, so that a dark page is never white first.
// The switch stores a choice; without one the page follows the system.
(() => {
  const root = document.documentElement, system = matchMedia('(prefers-color-scheme: dark)');
  const stored = () => { try { return localStorage.getItem('theme'); } catch { return null; } };
  const apply = () => {
    root.dataset.theme = stored() ?? (system.matches ? 'dark' : 'light');
    dispatchEvent(new CustomEvent('themechange', { detail: root.dataset.theme }));
  };
  system.addEventListener('change', apply);
  addEventListener('themetoggle', () => {
    const next = root.dataset.theme === 'dark' ? 'light' : 'dark';
    try {
      if (next === (system.matches ? 'dark' : 'light')) localStorage.removeItem('theme'); else localStorage.setItem('theme', next);
    } catch { /* private windows may refuse: the choice then lasts for the page */ }
    root.dataset.theme = next;
    dispatchEvent(new CustomEvent('themechange', { detail: next }));
  });
  document.addEventListener('click', (e) => {
    if (e.target instanceof Element && e.target.closest('#theme')) dispatchEvent(new Event('themetoggle'));
  });
  apply();
})();
