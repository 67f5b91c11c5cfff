/** How often a page that nobody sees takes in what came: it stays right without being drawn sixty times a second. */
const HIDDEN_INTERVAL_MS = 1_000;

/**
 * Runs a function once per animation frame when something came, or once a second while the page is hidden.
 *
 * @returns to be called when something has come
 */
export function oncePerFrame(run: () => void): () => void {
  let isPlanned = false;
  const flush = () => {
    if (!isPlanned) return;
    isPlanned = false;
    run();
  };
  // A frame that was planned while the page was shown does not come once it is hidden.
  document.addEventListener("visibilitychange", flush);
  return () => {
    if (isPlanned) return;
    isPlanned = true;
    if (document.hidden) setTimeout(flush, HIDDEN_INTERVAL_MS);
    else requestAnimationFrame(flush);
  };
}
