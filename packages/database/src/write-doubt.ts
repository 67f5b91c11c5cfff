/** After its first failure writing is tried again at the next look; what fails again and again, ever less often. */
const FIRST_WAIT_MS = 400;
const WAIT_MAX_MS = 30_000;
/** A failure this long after the last one is a new one. */
const CALM_MS = 60_000;

/** Whether writing is known to fail, and when it is worth another trial. */
export class WriteDoubt {
  private isOpen = false;
  private failures = 0;
  private failedAtMs = -Infinity;

  constructor(private readonly nowMs: () => number = () => performance.now()) {}

  /** A write has failed in a way in which the next one will fail too. */
  raise(): void {
    const nowMs = this.nowMs();
    this.failures = nowMs - this.failedAtMs > CALM_MS ? 1 : this.failures + 1;
    this.failedAtMs = nowMs;
    this.isOpen = true;
  }

  /** A trial has succeeded. */
  settle(): void {
    this.isOpen = false;
  }

  get isRaised(): boolean {
    return this.isOpen;
  }

  /** Whether it is time for a trial. */
  get isDue(): boolean {
    const waitMs = Math.min(WAIT_MAX_MS, FIRST_WAIT_MS * 2 ** (this.failures - 1));
    return this.nowMs() - this.failedAtMs >= waitMs;
  }
}
