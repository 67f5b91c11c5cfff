/** Of what it may do in a second a caller may save up so much: at once, and over ten seconds, it stays below 1.1 of its limit. */
export const BURST_S = 0.5;
/** What a process leases ahead at least, in seconds of the limit: with ten idle processes it is still little. */
const LEASE_MIN_S = 0.02;
/** And at most. */
const LEASE_MAX_S = 0.4;
/** Of what was used between two settlements, so much is leased for the next. */
const LEASE_FACTOR = 1.5;

/** What a settlement asks Redis for. */
export interface Settlement {
  /** What is left of the lease, or has been overdrawn. */
  readonly returned: number;
  readonly wanted: number;
}

/**
 * What one caller may do of one kind, as far as this process knows: a lease of what all processes share. It may be overdrawn by
 * one request, however large, and the debt is paid before there is more.
 *
 * States: *unleased*, when nothing was used for a while; *leased*; *empty*, when Redis said that there is no more for now.
 */
export class Allowance {
  #left = 0;
  #usedSince = 0;
  #leased = 0;
  #isLeased = false;
  #settledMs = Number.NEGATIVE_INFINITY;
  /** What all processes have left, as Redis said last. */
  #shared = 1;

  constructor(public perSecond: number) {}

  get isOpen(): boolean {
    return this.#left > 0;
  }

  get isIdle(): boolean {
    return !this.#isLeased;
  }

  /** Whether Redis may have more. */
  get mayGrow(): boolean {
    return !this.#isLeased || this.#shared > 0;
  }

  /** Seconds until there is something, as far as is known. */
  get waitS(): number {
    return Math.max(0, -Math.min(this.#left, this.#shared)) / this.perSecond;
  }

  spend(amount: number): void {
    this.#left -= amount;
    this.#usedSince += amount;
  }

  /** Gives back what is left, and asks for what is likely to be used next. */
  settle(): Settlement {
    const isUsed = this.#usedSince > 0;
    const likely = Math.max(this.#usedSince * LEASE_FACTOR, this.perSecond * LEASE_MIN_S);
    const wanted = isUsed || !this.#isLeased ? Math.min(likely, this.perSecond * LEASE_MAX_S) : 0;
    const returned = this.#left;
    this.#left = 0;
    this.#usedSince = 0;
    return { returned, wanted };
  }

  /** Redis has answered. What was spent since it was asked counts already. */
  grant(lease: number, shared: number, nowMs: number): void {
    this.#settledMs = nowMs;
    this.#left += lease;
    this.#leased = lease;
    this.#shared = shared;
    this.#isLeased = lease > 0 || shared <= 0;
  }

  /**
   * Redis is away: it goes on at the rate it had.
   *
   * @param intervalMs between two settlements
   */
  renew({ returned }: Settlement, intervalMs: number, nowMs: number): void {
    const perMs = this.#leased > 0 ? this.#leased / intervalMs : this.perSecond / 1000;
    // A process asks again whenever it has nothing left: time is what counts.
    const earned = Math.min(perMs, this.perSecond / 1000) * Math.min(nowMs - this.#settledMs, intervalMs);
    this.#left += Math.min(returned + earned, this.perSecond * BURST_S);
    this.#settledMs = nowMs;
    this.#isLeased = true;
  }
}
