import { type Channel, EVERY_SYMBOL, familyOf } from "@fx-ohlc/schemas";

/** Channels that all clients follow together, some 500 bytes each. */
const CHANNELS_MAX = 100_000;
/** Symbols whose bars some of them named, some 5 kB each, those of quotes apart; twice as many as a system has by default. */
const SYMBOLS_MAX = 20_000;
/** So much of all may be one caller's: the rest is there for whoever comes. */
const SHARE_MAX = 0.75;

/** A symbol whose bars are kept for those who named it. */
interface NamedSymbol {
  followers: number;
  /** Whoever named it first, as long as anybody follows it. */
  readonly payer: string;
}

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

/**
 * What all clients of this process follow, for each of it takes memory whether or not anything ever comes: channels, and symbols whose
 * bars somebody named. A symbol counts once, and once more for its quotes, as its first follower's, and costs the others nothing.
 */
export class Followed {
  readonly #channels: Shares;
  readonly #symbols: Shares;
  readonly #named = new Map<string, NamedSymbol>();

  constructor({ channelsMax, symbolsMax } = { channelsMax: CHANNELS_MAX, symbolsMax: SYMBOLS_MAX }) {
    this.#channels = new Shares(channelsMax);
    this.#symbols = new Shares(symbolsMax);
  }

  /** What there would be too much of if a caller followed these, too; undefined: there is room. */
  excess(caller: string, channels: readonly Channel[]): "channels" | "symbols" | undefined {
    if (!this.#channels.hasRoom(caller, channels.length)) return "channels";
    const added = new Set(channels.flatMap(ownBars));
    for (const bars of added) if (this.#named.has(bars)) added.delete(bars);
    return this.#symbols.hasRoom(caller, added.size) ? undefined : "symbols";
  }

  add(caller: string, channels: readonly Channel[]): void {
    this.#channels.add(caller, channels.length);
    for (const bars of channels.flatMap(ownBars)) {
      const named = this.#named.get(bars);
      if (named !== undefined) {
        named.followers += 1;
        continue;
      }
      this.#named.set(bars, { followers: 1, payer: caller });
      this.#symbols.add(caller, 1);
    }
  }

  remove(caller: string, channels: readonly Channel[]): void {
    this.#channels.add(caller, -channels.length);
    for (const bars of channels.flatMap(ownBars)) {
      const named = this.#named.get(bars);
      if (named === undefined) continue;
      named.followers -= 1;
      if (named.followers > 0) continue;
      this.#named.delete(bars);
      this.#symbols.add(named.payer, -1);
    }
  }
}

/** What is kept for who follows a channel of bars; bars of all symbols are those of symbols that there are. */
function ownBars(channel: Channel): string[] {
  const isNamed = channel.kind === "ohlc" && channel.symbol !== EVERY_SYMBOL;
  return isNamed ? [`${familyOf(channel)} ${channel.symbol}`] : [];
}
