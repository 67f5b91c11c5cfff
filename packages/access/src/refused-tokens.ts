import { BoundedMap } from "./bounded-map.js";

/** An address may have so many refused at once, in seconds of its rate: a page of many parts whose key has ended. */
const BURST_S = 5;
/** Addresses that are remembered: with more of them at once the first ones begin anew. */
const ADDRESSES_MAX = 20_000;

/** What an address has had refused of late, as of some moment. */
interface Refused {
  readonly count: number;
  readonly atMs: number;
}

/**
 * Holds addresses to a rate of tokens that are none, so that nobody guesses, nor takes more than a turn of those who have
 * signatures verified. In each process by itself: what it bounds is work.
 */
export class RefusedTokens {
  readonly #refused = new BoundedMap<string, Refused>(ADDRESSES_MAX);

  /** @param nowMs a clock that never goes back */
  constructor(
    readonly perSecond: number,
    private readonly nowMs: () => number = () => performance.now(),
  ) {}

  /** Whether an address has shown so much of it that what it shows next is looked into last. */
  isOver(address: string): boolean {
    return this.#countOf(address) >= this.perSecond * BURST_S;
  }

  /** What is over already counts no more: then it would be over for hours. */
  count(address: string): void {
    if (this.isOver(address)) return;
    this.#refused.set(address, { count: this.#countOf(address) + 1, atMs: this.nowMs() });
  }

  /** It is forgotten at the rate that is allowed. */
  #countOf(address: string): number {
    const refused = this.#refused.get(address);
    if (refused === undefined) return 0;
    return Math.max(0, refused.count - ((this.nowMs() - refused.atMs) / 1000) * this.perSecond);
  }
}
