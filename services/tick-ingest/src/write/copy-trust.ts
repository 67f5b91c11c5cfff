/** What may be wasted: a hundredth of what was copied within the last hour, or else the largest request there is, once. */
const WASTE_SHARE = 0.01;
const WASTE_FREE_ROWS = 50_000;
const SLICE_MS = 60_000;
const SLICES = 60;

/** Rows that were copied, and those of them that a taken place made useless, within one minute. */
interface Slice {
  readonly minute: number;
  copied: number;
  wasted: number;
}

/**
 * Whether requests can be written without looking first at what is stored. Nearly every tick is new; where one is not, the whole
 * COPY fails and leaves its rows behind for vacuum. So symbols of which ticks are being sent again go the careful way for a while,
 * and all do when more than a hundredth of what was copied within an hour had to be written again.
 */
export class CopyTrust {
  private readonly doubtedUntilMs = new Map<string, number>();
  private readonly slices: Slice[] = [];
  private copiedInAll = 0;
  private wastedInAll = 0;

  /**
   * @param doubtMs for so long after one of its places was found taken a symbol's ticks are looked up before they are written
   * @param nowMs a monotonic clock
   */
  constructor(
    private readonly doubtMs: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Rows that were written by copy, since the start. */
  get copiedRows(): number {
    return this.copiedInAll;
  }

  /** Rows that had to be written again, since the start; an upper bound, for a COPY does not say where it failed. */
  get wastedRows(): number {
    return this.wastedInAll;
  }

  trusts(symbols: Iterable<string>): boolean {
    if (this.doubtedUntilMs.size === 0) return true;
    const nowMs = this.nowMs();
    for (const symbol of symbols) {
      const untilMs = this.doubtedUntilMs.get(symbol);
      if (untilMs === undefined) continue;
      if (untilMs > nowMs) return false;
      this.doubtedUntilMs.delete(symbol);
    }
    return true;
  }

  /** Whether so many rows can be risked. */
  canRisk(rows: number): boolean {
    let [copied, wasted] = [0, rows];
    for (const slice of this.recent()) {
      copied += slice.copied;
      wasted += slice.wasted;
    }
    return wasted <= Math.max(WASTE_FREE_ROWS, copied * WASTE_SHARE);
  }

  /** Places of these symbols were found taken. */
  doubt(symbols: Iterable<string>): void {
    for (const symbol of symbols) this.doubtedUntilMs.set(symbol, this.nowMs() + this.doubtMs);
  }

  noteCopied(rows: number): void {
    this.slice().copied += rows;
    this.copiedInAll += rows;
  }

  noteWasted(rows: number): void {
    this.slice().wasted += rows;
    this.wastedInAll += rows;
  }

  private recent(): readonly Slice[] {
    const oldest = this.minute() - SLICES;
    while ((this.slices[0]?.minute ?? oldest + 1) <= oldest) this.slices.shift();
    return this.slices;
  }

  private slice(): Slice {
    const minute = this.minute();
    const last = this.recent().at(-1);
    if (last?.minute === minute) return last;
    const slice = { minute, copied: 0, wasted: 0 };
    this.slices.push(slice);
    return slice;
  }

  private minute(): number {
    return Math.floor(this.nowMs() / SLICE_MS);
  }
}
