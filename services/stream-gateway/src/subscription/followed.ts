import { type Channel, EVERY_SYMBOL, familyOf } from "@fx-ohlc/schemas";
import { levelSetOf, STORED_LEVELS } from "../bars/level-set.js";

/** What all clients of this process may follow together. */
export interface FollowedMax {
  /** Channels, some 500 bytes each. */
  readonly channelsMax: number;
  /**
   * Symbols whose bars some of them named, some 5 kB each, those of quotes and of every other interval apart; twice as many as a
   * system has by default.
   */
  readonly symbolsMax: number;
  /** Intervals and day boundaries that are not stored: each has a turn at every message and every quarter of a second. */
  readonly intervalsMax: number;
  /** The same of all symbols: so many bars are kept for them, counted when they are asked for. */
  readonly barsOfAllMax: number;
}

const FOLLOWED_MAX: FollowedMax = {
  channelsMax: 100_000,
  symbolsMax: 20_000,
  intervalsMax: 400,
  barsOfAllMax: 30_000,
};
/** So much of all may be one caller's: the rest is there for whoever comes. */
const SHARE_MAX = 0.75;

/** How much of something there may be, how much of it is whose. */
class Shares {
  readonly #shares = new Map<string, number>();
  #total = 0;

  constructor(private readonly max: number) {}

  hasRoom(caller: string, count: number): boolean {
    return this.#total + count <= this.max && this.#of(caller) + count <= this.max * SHARE_MAX;
  }

  add(caller: string, count: number): void {
    const share = this.#of(caller) + count;
    this.#total += count;
    if (share > 0) this.#shares.set(caller, share);
    else this.#shares.delete(caller);
  }

  #of(caller: string): number {
    return this.#shares.get(caller) ?? 0;
  }
}

/** Something that is kept for those who follow it. */
interface Kept {
  followers: number;
  /** Whoever followed it first, as long as anybody does. */
  readonly payer: string;
  readonly cost: number;
}

/** Things that are kept once, however many follow them: each counts as its first follower's, and costs the others nothing. */
class SharedCosts {
  readonly #kept = new Map<string, Kept>();
  readonly #shares: Shares;

  /** @param costOf what one thing costs that begins to be kept */
  constructor(
    max: number,
    private readonly costOf: () => number = () => 1,
  ) {
    this.#shares = new Shares(max);
  }

  hasRoom(caller: string, names: readonly string[]): boolean {
    const added = new Set(names.filter((name) => !this.#kept.has(name)));
    return added.size === 0 || this.#shares.hasRoom(caller, added.size * this.costOf());
  }

  add(caller: string, names: readonly string[]): void {
    for (const name of names) {
      const kept = this.#kept.get(name);
      if (kept !== undefined) {
        kept.followers += 1;
        continue;
      }
      const cost = this.costOf();
      this.#kept.set(name, { followers: 1, payer: caller, cost });
      this.#shares.add(caller, cost);
    }
  }

  remove(names: readonly string[]): void {
    for (const name of names) {
      const kept = this.#kept.get(name);
      if (kept === undefined) continue;
      kept.followers -= 1;
      if (kept.followers > 0) continue;
      this.#kept.delete(name);
      this.#shares.add(kept.payer, -kept.cost);
    }
  }
}

/** What may be too much. */
export type Excess = "channels" | "symbols" | "intervals" | "bars of all symbols";

/**
 * What all clients of this process follow, for each of it takes memory whether or not anything ever comes: channels, symbols whose
 * bars somebody named, at each interval, and intervals with their day boundaries. Minutes, hours and days as they are stored come
 * together, and those of all symbols are those of symbols that there are.
 */
export class Followed {
  readonly #channels: Shares;
  readonly #symbols: SharedCosts;
  readonly #intervals: SharedCosts;
  readonly #barsOfAll: SharedCosts;

  /** @param symbolCount how many symbols there are at the moment */
  constructor(max: Partial<FollowedMax> = {}, symbolCount: () => number = () => 0) {
    const { channelsMax, symbolsMax, intervalsMax, barsOfAllMax } = { ...FOLLOWED_MAX, ...max };
    this.#channels = new Shares(channelsMax);
    this.#symbols = new SharedCosts(symbolsMax);
    this.#intervals = new SharedCosts(intervalsMax);
    this.#barsOfAll = new SharedCosts(barsOfAllMax, () => Math.max(1, symbolCount()));
  }

  /** What there would be too much of if a caller followed these, too; undefined: there is room. */
  excess(caller: string, channels: readonly Channel[]): Excess | undefined {
    const { symbols, intervals, ofAll } = keptFor(channels);
    if (!this.#channels.hasRoom(caller, channels.length)) return "channels";
    if (!this.#intervals.hasRoom(caller, intervals)) return "intervals";
    if (!this.#barsOfAll.hasRoom(caller, ofAll)) return "bars of all symbols";
    return this.#symbols.hasRoom(caller, symbols) ? undefined : "symbols";
  }

  add(caller: string, channels: readonly Channel[]): void {
    const { symbols, intervals, ofAll } = keptFor(channels);
    this.#channels.add(caller, channels.length);
    this.#symbols.add(caller, symbols);
    this.#intervals.add(caller, intervals);
    this.#barsOfAll.add(caller, ofAll);
  }

  remove(caller: string, channels: readonly Channel[]): void {
    const { symbols, intervals, ofAll } = keptFor(channels);
    this.#channels.add(caller, -channels.length);
    this.#symbols.remove(symbols);
    this.#intervals.remove(intervals);
    this.#barsOfAll.remove(ofAll);
  }
}

/** What is kept for those who follow some channels: those of ticks and of stored bars of all symbols are there anyway. */
function keptFor(channels: readonly Channel[]) {
  const [symbols, intervals, ofAll]: [string[], string[], string[]] = [[], [], []];
  for (const channel of channels) {
    if (channel.kind !== "ohlc") continue;
    const set = levelSetOf(channel);
    const level = `${familyOf(channel)} ${set.name}`;
    if (set !== STORED_LEVELS) intervals.push(level);
    if (channel.symbol !== EVERY_SYMBOL) symbols.push(`${level} ${channel.symbol}`);
    else if (set !== STORED_LEVELS) ofAll.push(level);
  }
  return { symbols, intervals, ofAll };
}
