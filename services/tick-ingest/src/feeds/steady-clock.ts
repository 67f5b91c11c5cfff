import type { Micros } from "@fx-ohlc/schemas";

/** A clock that moved on by so much more, or less, than time passed was set. */
const JUMP_MS = 2000;

/** Notices when a clock is set, by one that is never set. */
export class SteadyClock {
  #last: { readonly us: Micros; readonly atMs: number } | undefined;

  constructor(
    private readonly nowUs: () => Micros,
    /** A clock that never jumps. */
    private readonly monotonicMs: () => number = () => performance.now(),
  ) {}

  /** Whether it moved on as time did since it was read last: so the first time. */
  read(): { readonly nowUs: Micros; readonly isSteady: boolean } {
    const [nowUs, atMs] = [this.nowUs(), this.monotonicMs()];
    const last = this.#last;
    this.#last = { us: nowUs, atMs };
    const aheadMs = last === undefined ? 0 : (nowUs - last.us) / 1000 - (atMs - last.atMs);
    return { nowUs, isSteady: Math.abs(aheadMs) <= JUMP_MS };
  }
}
