import { setTimeout as sleep } from "node:timers/promises";

/** Lets so many rows a second through, of all who take them. */
export class Pace {
  private freeAtMs = 0;

  /** @param rowsPerSecond 0: as many as come */
  constructor(
    private readonly rowsPerSecond: number,
    private readonly signal: AbortSignal,
  ) {}

  /** Waits until rows that were read may be followed by more. */
  async took(rows: number): Promise<void> {
    if (this.rowsPerSecond === 0) return;
    this.freeAtMs = Math.max(this.freeAtMs, performance.now()) + (rows / this.rowsPerSecond) * 1000;
    const waitMs = this.freeAtMs - performance.now();
    if (waitMs > 1) await sleep(waitMs, undefined, { signal: this.signal });
  }
}
