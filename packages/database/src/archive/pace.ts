import { setTimeout as sleep } from "node:timers/promises";

/** Rows that one statement reads: some 9 MB. Its snapshot is held for a second at most, however large the day is. */
export const ROWS_PER_SLICE = 131_072;
/** Fewer are not worth a statement. */
const SLICE_ROWS_MIN = 4096;
/** What is read at a time in the background, of so many seconds: all of it comes at once, and who writes meanwhile would notice more. */
const SLICE_S = 2;

/** Lets so many rows a second through, of all who take them. */
export class Pace {
  private freeAtMs = 0;

  /** @param rowsPerSecond 0: as many as come */
  constructor(
    private readonly rowsPerSecond: number,
    private readonly signal: AbortSignal,
  ) {}

  /** How many rows to read at a time. */
  get sliceRows(): number {
    if (this.rowsPerSecond === 0) return ROWS_PER_SLICE;
    return Math.min(ROWS_PER_SLICE, Math.max(SLICE_ROWS_MIN, this.rowsPerSecond * SLICE_S));
  }

  /** Waits until rows that were read may be followed by more. */
  async took(rows: number): Promise<void> {
    if (this.rowsPerSecond === 0) return;
    this.freeAtMs = Math.max(this.freeAtMs, performance.now()) + (rows / this.rowsPerSecond) * 1000;
    const waitMs = this.freeAtMs - performance.now();
    if (waitMs > 1) await sleep(waitMs, undefined, { signal: this.signal });
  }
}
