/** The longest a message waits for others to go out with. */
const DELAY_MAX_MS = 10;
/** Flushing may take this share of the time; what costs more waits longer and gathers more. */
const BUSY_SHARE = 0.25;

/** What the schedule needs of the machine. */
export interface FlushTimers {
  /** A clock that never goes back, ms with fractions. */
  nowMs(): number;
  /** Calls back in a following turn of the event loop, after `delayMs` when that is above 0. */
  after(delayMs: number, run: () => void): void;
}

const machine: FlushTimers = {
  nowMs: () => performance.now(),
  after: (delayMs, run) => {
    if (delayMs > 0) setTimeout(run, delayMs);
    else setImmediate(run);
  },
};

/**
 * Decides when what was gathered goes out. After a pause it goes at once, with everything that arrived in the same turn of the
 * event loop. Under load the pause between two flushes grows with what the last one cost, up to 10 ms, so that more messages
 * share a write just when writes are what time is spent on.
 */
export class FlushSchedule {
  #isDue = false;
  #nextMs = 0;

  constructor(
    private readonly flush: () => void,
    private readonly timers: FlushTimers = machine,
  ) {}

  /** Makes sure that a flush is coming. */
  request(): void {
    if (this.#isDue) return;
    this.#isDue = true;
    // Node's timers know whole milliseconds; a rest below half of one is not worth a timer.
    const delayMs = Math.round(this.#nextMs - this.timers.nowMs());
    this.timers.after(Math.max(0, delayMs), () => this.#run());
  }

  #run(): void {
    this.#isDue = false;
    const startedMs = this.timers.nowMs();
    this.flush();
    const endedMs = this.timers.nowMs();
    const costMs = endedMs - startedMs;
    this.#nextMs = startedMs + Math.min(DELAY_MAX_MS, costMs / BUSY_SHARE);
  }
}
