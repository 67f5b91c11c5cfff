import type { Micros, TimeRange } from "@fx-ohlc/schemas";
import { sameBar, type ToldBar } from "./bar-event.js";

/** What a closed bar means to clients: told for the first time, told just so before, or another one than they were told. */
export type Settled = "first" | "same" | "changed";

/**
 * The final bars clients were told of, the newest `sizeMax` of one symbol and interval. It answers whether a bar that was read
 * again is news. Of bars older than what it remembers it assumes that clients know them.
 */
export class ClosedBars {
  #bars = new Map<Micros, ToldBar>();
  /** Whether clients were told that they are final. */
  readonly #expected = new Map<Micros, boolean>();
  #newest: ToldBar | undefined;
  #fromUs: Micros = Number.POSITIVE_INFINITY;

  constructor(private readonly sizeMax: number) {}

  /** The oldest bucket it answers for exactly. */
  get fromUs(): Micros {
    return this.#fromUs;
  }

  /** Buckets older than {@link fromUs} that clients were told of nevertheless, as revisions. */
  get older(): readonly Micros[] {
    return [...this.#bars.keys()].filter((bucketUs) => bucketUs < this.#fromUs);
  }

  get newest(): ToldBar | undefined {
    return this.#newest;
  }

  /** Says from which bucket on clients are told everything; later calls change nothing. */
  beginAt(bucketUs: Micros): void {
    if (this.#fromUs === Number.POSITIVE_INFINITY) this.#fromUs = bucketUs;
  }

  /** Clients were told of this bar before it was closed: when it is read, it is either there or gone. */
  expect(bucketUs: Micros, toldFinal: boolean): void {
    this.#expected.set(bucketUs, toldFinal);
  }

  /** Remembers a closed bar as told. */
  settle(bar: ToldBar): Settled {
    this.#expected.delete(bar.bucketUs);
    const told = this.#bars.get(bar.bucketUs);
    if (told !== undefined && sameBar(told, bar)) return "same";
    this.#bars.set(bar.bucketUs, bar);
    if (this.#newest === undefined || bar.bucketUs >= this.#newest.bucketUs) this.#newest = bar;
    const isFirst = told === undefined && bar.bucketUs >= this.#fromUs;
    if (this.#bars.size > this.sizeMax) this.#forgetOldest();
    return isFirst ? "first" : "changed";
  }

  /** Forgets the bars of a range whose buckets are not in `kept`, and returns their buckets, ascending. */
  retain({ fromUs, toUs }: TimeRange, kept: ReadonlySet<Micros>): readonly Micros[] {
    const known = new Set([...this.#bars.keys(), ...this.#expected.keys()]);
    const gone = [...known].filter((us) => us >= fromUs && us < toUs && !kept.has(us));
    this.#drop(gone);
    return gone.sort((a, b) => a - b);
  }

  /** Forgets all of a range: clients read it themselves. Answers whether the newest bar was there. */
  forget(range: TimeRange): boolean {
    const before = this.#newest;
    this.retain(range, new Set());
    this.#fromUs = Math.max(this.#fromUs, range.toUs);
    return this.#newest !== before;
  }

  /**
   * Buckets from `fromUs` on are not closed any more: forgets them, and answers from there again when they close.
   *
   * @returns those that clients were told of, and whether as final
   */
  takeBack(fromUs: Micros): ReadonlyMap<Micros, boolean> {
    const told = [...this.#expected, ...[...this.#bars.keys()].map((us) => [us, true] as const)];
    const taken = new Map(told.filter(([us]) => us >= fromUs));
    this.#drop([...taken.keys()]);
    this.#fromUs = Math.min(this.#fromUs, fromUs);
    return taken;
  }

  #drop(buckets: readonly Micros[]): void {
    for (const bucketUs of buckets) {
      this.#bars.delete(bucketUs);
      this.#expected.delete(bucketUs);
    }
    if (buckets.length > 0) this.#newest = this.#bars.get(Math.max(...this.#bars.keys()));
  }

  #forgetOldest(): void {
    const oldestUs = Math.min(...this.#bars.keys());
    this.#bars.delete(oldestUs);
    this.#fromUs = Math.max(this.#fromUs, oldestUs + 1);
  }
}
