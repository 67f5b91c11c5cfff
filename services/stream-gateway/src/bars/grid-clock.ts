/** How often bars are looked at: they are sent at most this often. It divides a minute, so that boundaries lie on the grid. */
export const GRID_MS = 250;

/**
 * Calls back at every multiple of 250 ms of the wall clock, as close as timers come: bars complete at the boundary itself, and
 * two sendings of one bar are a whole step apart.
 */
export class GridClock {
  #timer: NodeJS.Timeout | undefined;

  constructor(private readonly onGrid: () => void) {}

  start(): void {
    this.#schedule(Date.now());
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #schedule(lastMs: number): void {
    const nextMs = (Math.floor(lastMs / GRID_MS) + 1) * GRID_MS;
    this.#timer = setTimeout(() => this.#wake(nextMs), nextMs - Date.now());
  }

  /** Timers can fire a millisecond early, which would be before the boundary. */
  #wake(dueMs: number): void {
    const nowMs = Date.now();
    if (nowMs < dueMs && dueMs - nowMs <= GRID_MS) {
      this.#timer = setTimeout(() => this.#wake(dueMs), dueMs - nowMs);
      return;
    }
    this.onGrid();
    this.#schedule(nowMs);
  }
}
