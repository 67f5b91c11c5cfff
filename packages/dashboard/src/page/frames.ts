/** How often a page that nobody sees takes in what came: it stays right without being drawn sixty times a second. */
const HIDDEN_INTERVAL_MS = 1_000;

/** Runs a function once per animation frame when something came, or once a second while the page is hidden. */
export class Frames {
  #isPlanned = false;

  constructor(private readonly run: () => void) {
    // A frame that was planned while the page was shown does not come once it is hidden.
    document.addEventListener("visibilitychange", () => this.#flush());
  }

  request(): void {
    if (this.#isPlanned) return;
    this.#isPlanned = true;
    if (document.hidden) setTimeout(() => this.#flush(), HIDDEN_INTERVAL_MS);
    else requestAnimationFrame(() => this.#flush());
  }

  #flush(): void {
    if (!this.#isPlanned) return;
    this.#isPlanned = false;
    this.run();
  }
}
