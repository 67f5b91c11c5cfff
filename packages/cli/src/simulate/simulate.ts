import { type FxClient, type PriceInput, ProblemError, type QuoteInput, sleep } from "@fx-ohlc/client";
import { formatTime, nowUs } from "@fx-ohlc/schemas";
import type { Connection } from "../connection.js";
import { sendHeartbeats } from "../heartbeats.js";
import { undauntedClient } from "../patient-client.js";
import { type Context, counted, duration, EXIT } from "../terminal.js";
import { priceDecimals, RandomWalk, startPrice } from "./random-walk.js";
import { type Due, Schedule } from "./schedule.js";
import { quoteAround } from "./spread.js";

export interface SimulateOptions extends Connection {
  readonly symbols: readonly string[];
  /** Ticks per second of each symbol. */
  readonly ratePerSecond: number;
  /** `mid` sends single prices. */
  readonly price: "quote" | "mid";
}

/** Ticks that fall due within it share a request: unseen by who watches, and at most 50 requests a second. */
const FLUSH_INTERVAL_MS = 20;
/** The schedule is looked at this often, however far off its next tick is. */
const LOOK_INTERVAL_MS = 1_000;

/** Ticks in one request; the service takes 50,000. */
const REQUEST_TICKS_MAX = 10_000;

/** A producer that makes up its prices. */
class Simulator {
  readonly #walks = new Map<string, RandomWalk>();
  #sent = 0;

  constructor(
    private readonly client: FxClient,
    private readonly options: Pick<SimulateOptions, "ratePerSecond" | "price">,
  ) {}

  get sent(): number {
    return this.#sent;
  }

  /** Goes on from the newest price of each symbol. @returns the prices to start from, as text */
  async start(symbols: readonly string[], signal: AbortSignal): Promise<string[]> {
    const closes = await this.#closes(symbols, signal);
    return symbols.map((symbol) => {
      const price = closes.get(symbol) ?? startPrice(symbol);
      this.#walks.set(symbol, new RandomWalk(symbol, price, this.options.ratePerSecond, Math.random));
      return `${symbol} ${price.toFixed(priceDecimals(symbol))}`;
    });
  }

  async #closes(symbols: readonly string[], signal: AbortSignal): Promise<Map<string, number>> {
    try {
      const bars = await this.client.latest({ symbols, signal });
      return new Map(bars.map(({ symbol, close }) => [symbol, close]));
    } catch (error) {
      // The write side alone knows no bars, and a token that may only write is told none.
      if (error instanceof ProblemError && (error.status === 404 || error.status === 403)) return new Map();
      throw error;
    }
  }

  /** Sends ticks for as long as nobody stops it. */
  async run(symbols: readonly string[], signal: AbortSignal): Promise<never> {
    const schedule = new Schedule(symbols, this.options.ratePerSecond, nowUs(), Math.random);
    const countMax = Math.ceil(REQUEST_TICKS_MAX / symbols.length);
    for (;;) {
      const due = schedule.take(nowUs(), countMax);
      if (due.length > 0) await this.#send(due, signal);
      // A clock that is set back must not keep it waiting: the schedule starts over with the next look.
      const waitMs = Math.min((schedule.nextUs - nowUs()) / 1000, LOOK_INTERVAL_MS);
      await sleep(Math.max(FLUSH_INTERVAL_MS, waitMs), signal);
    }
  }

  /** Each tick carries its own time, so that a request that is sent twice stores it once. */
  async #send(due: readonly Due[], signal: AbortSignal): Promise<void> {
    const ticks = due.map(({ symbol, timeUs }) => ({ symbol, time: formatTime(timeUs), ...this.#next(symbol) }));
    const [first] = ticks;
    if (first !== undefined && ticks.length === 1) await this.client.postTick(first, { signal });
    else await this.client.postTicks(ticks, { signal });
    this.#sent += ticks.length;
  }

  #next(symbol: string): PriceInput | QuoteInput {
    const price = this.#walks.get(symbol)?.next() ?? startPrice(symbol);
    return this.options.price === "mid" ? { price } : quoteAround(symbol, price, Math.random);
  }
}

/**
 * Simulates live ticks until it is interrupted, whether or not the service is there all the time.
 *
 * @returns the exit code
 * @throws ProblemError when the service refuses the ticks
 */
export async function simulate(options: SimulateOptions, { terminal, signal }: Context): Promise<number> {
  const { symbols, ratePerSecond, price } = options;
  const noun = price === "mid" ? "tick" : "quote";
  const client = undauntedClient(options, terminal);
  const simulator = new Simulator(client, options);
  const startedMs = performance.now();
  const stopHeartbeats = sendHeartbeats(options, () => symbols);
  try {
    const prices = await simulator.start(symbols, signal);
    terminal.say(`simulating ${ratePerSecond} ${noun}s/s each of ${prices.join(", ")}; Ctrl-C stops`);
    return await simulator.run(symbols, signal);
  } catch (error) {
    if (!signal.aborted) throw error;
    terminal.say(`${counted(simulator.sent, noun)} sent in ${duration(performance.now() - startedMs)}`);
    return EXIT.done;
  } finally {
    stopHeartbeats();
  }
}
