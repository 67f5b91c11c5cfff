/** How often bars are looked at: they are sent at most this often. It divides a minute, so that boundaries lie on the grid. */
export const GRID_MS = 250;

/**
 * Calls back at every multiple of 250 ms of a clock, as close as timers come: bars complete at the boundary itself, and two
 * sendings of one bar are a whole step apart. When the clock jumps, the next call comes within a step.
 */
export class GridClock {
  #timer: NodeJS.Timeout | undefined;

  /** @param nowMs the clock */
  constructor(
    private readonly nowMs: () => number,
    private readonly onGrid: () => void,
  ) {}

  start(): void {
    this.#schedule(this.nowMs());
  }

  stop(): void {
    clearTimeout(this.#timer);
  }

  #schedule(lastMs: number): void {
    const nextMs = (Math.floor(lastMs / GRID_MS) + 1) * GRID_MS;
    this.#timer = setTimeout(() => this.#wake(nextMs), Math.min(GRID_MS, nextMs - this.nowMs()));
  }

  /** Timers can fire a millisecond early, which would be before the boundary. */
  #wake(dueMs: number): void {
    const nowMs = this.nowMs();
    if (nowMs < dueMs && dueMs - nowMs <= GRID_MS) {
      this.#timer = setTimeout(() => this.#wake(dueMs), dueMs - nowMs);
      return;
    }
    this.onGrid();
    this.#schedule(nowMs);
  }
}
