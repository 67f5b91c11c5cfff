import { formatTime, type Micros, nowUs, parseTime } from "@fx-ohlc/schemas";
import type { FeedCounts } from "./counts.js";
import type { Outbox } from "./outbox.js";
import type { SymbolNames } from "./symbol-names.js";
import type { Listener, VenueTick } from "./venue.js";

/** Trades remembered of each symbol: more than any venue sends again after a new connection. */
const TRADES_REMEMBERED = 1_000;

/** What was last heard of a symbol. */
interface Heard {
  time: string | undefined;
  timeUs: Micros;
  prices: string;
  readonly trades: Set<string>;
}

/**
 * Takes ticks from a venue to the outbox, under the names they are stored as. What a venue says again is left out: a trade by its id, a
 * quote when it follows itself. A time that goes backwards is no reason to leave a tick out: it is stored where it belongs.
 */
export class Arrivals implements Listener {
  readonly #heard = new Map<string, Heard>();

  constructor(
    private readonly names: SymbolNames,
    private readonly outbox: Outbox,
    private readonly counts: FeedCounts,
    private readonly told: { readonly alive: () => void; readonly delayed: (seconds: number) => void },
  ) {}

  alive(): void {
    this.told.alive();
  }

  unusable(): void {
    this.counts.unusable += 1;
  }

  take(tick: VenueTick): void {
    const symbol = this.names.get(tick.symbol);
    const arrivedUs = nowUs();
    const timeUs = tick.time === undefined ? arrivedUs : parseTime(tick.time);
    if (symbol === undefined || timeUs === undefined) {
      this.unusable();
      return;
    }
    const prices = tick.prices.join(" ");
    const heard = this.#heard.get(symbol) ?? { time: undefined, timeUs: 0, prices: "", trades: new Set() };
    this.#heard.set(symbol, heard);
    this.counts.received(symbol, timeUs / 1e6);
    if (tick.id === undefined ? prices === heard.prices && tick.time === heard.time : isKnown(heard.trades, tick.id)) {
      this.counts.repeated += 1;
      return;
    }
    if (timeUs < heard.timeUs) this.counts.backwards += 1;
    if (tick.time === undefined) this.counts.untimed += 1;
    else this.told.delayed((arrivedUs - timeUs) / 1e6);
    Object.assign(heard, { time: tick.time, timeUs, prices });
    // The venue's own text where there is one: nothing is reckoned that could be rounded.
    this.outbox.push({ symbol, time: tick.time ?? formatTime(timeUs), prices: tick.prices });
  }
}

/** Whether an id is among those remembered; it is from now on. */
function isKnown(ids: Set<string>, id: string): boolean {
  if (ids.has(id)) return true;
  ids.add(id);
  const [oldest] = ids;
  if (ids.size > TRADES_REMEMBERED && oldest !== undefined) ids.delete(oldest);
  return false;
}
