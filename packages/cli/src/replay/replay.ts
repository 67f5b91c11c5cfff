import { type FxClient, type PriceInput, type QuoteInput, sleep } from "@fx-ohlc/client";
import { formatTime, type Micros, nowUs } from "@fx-ohlc/schemas";
import type { Connection } from "../connection.js";
import { sendHeartbeats } from "../heartbeats.js";
import { undauntedClient } from "../patient-client.js";
import type { Reading } from "../reading-options.js";
import { type Context, counted, duration, EXIT } from "../terminal.js";
import { BadLineError } from "../tick-file/place.js";
import type { SentChoice } from "../tick-file/quote.js";
import { isTick } from "../tick-file/tick.js";
import { fileToRead, TickFiles } from "../tick-file/tick-files.js";
import { Pace } from "./pace.js";

export interface ReplayOptions extends Connection {
  /** A path, or `-` for standard input. */
  readonly file: string;
  /** Stands in for what the file says. */
  readonly symbol: string | undefined;
  /** What of a quote to send; all of it when absent. */
  readonly choice: SentChoice | undefined;
  readonly speed: number;
  readonly reading: Reading;
}

/** Ticks that fall due within it share a request. */
const FLUSH_INTERVAL_MS = 20;

/** At a speed that asks for more at once the replay falls behind, in requests of this size. */
const REQUEST_TICKS_MAX = 5_000;

interface DueTick {
  readonly symbol: string;
  readonly timeUs: Micros;
  /** One of a price; bid and ask of a quote. */
  readonly prices: readonly string[];
}

function costOf([first, second]: readonly string[]): PriceInput | QuoteInput {
  return second === undefined ? { price: Number(first) } : { bid: Number(first), ask: Number(second) };
}

/** Sends ticks when they are due. Those of one time leave together, so that the service can number them. */
class Player {
  #due: DueTick[] = [];
  readonly #symbols = new Set<string>();
  #sent = 0;
  #quotes = 0;

  constructor(
    private readonly client: FxClient,
    private readonly signal: AbortSignal,
  ) {}

  /** How many ticks it has sent, and what they were. */
  get sent(): string {
    return counted(this.#sent, this.#sent > 0 && this.#quotes === this.#sent ? "quote" : "tick");
  }

  /** Of the ticks that have come so far. */
  get symbols(): readonly string[] {
    return [...this.#symbols];
  }

  async play(tick: DueTick): Promise<void> {
    const waitMs = (tick.timeUs - nowUs()) / 1000;
    const last = this.#due.at(-1);
    if (waitMs > 0 || (this.#due.length >= REQUEST_TICKS_MAX && last?.timeUs !== tick.timeUs)) await this.flush();
    if (waitMs > 0) await sleep(Math.max(waitMs, FLUSH_INTERVAL_MS), this.signal);
    this.#due.push(tick);
    this.#symbols.add(tick.symbol);
  }

  async flush(): Promise<void> {
    const due = this.#due;
    this.#due = [];
    if (due.length === 0) return;
    const ticks = due.map(({ symbol, timeUs, prices }) => ({ symbol, time: formatTime(timeUs), ...costOf(prices) }));
    await this.client.postTicks(ticks, { signal: this.signal });
    this.#sent += due.length;
    this.#quotes += due.filter(({ prices }) => prices.length === 2).length;
  }
}

async function playFile(options: ReplayOptions, player: Player, context: Context): Promise<void> {
  const { symbol, choice, file, speed, reading } = options;
  const { stdin, signal } = context;
  const files = new TickFiles([await fileToRead(file)], {
    ...reading,
    ...{ symbol, choice, onUnreadable: "stop", stdin, signal },
  });
  const pace = new Pace(speed, nowUs());
  for await (const { source, lines } of files.batches()) {
    for (const line of lines) {
      if (!isTick(line)) {
        await player.flush();
        throw new BadLineError({ source, line: line.line }, line.problem);
      }
      const { symbol, timeUs, prices } = line;
      await player.play({ symbol, timeUs: pace.dueUs(timeUs), prices });
    }
  }
  await player.flush();
}

/**
 * Sends a historical file in its own rhythm, its times moved to now.
 *
 * @returns the exit code
 * @throws Error at a bad line, or when the service refuses the ticks
 */
export async function replay(options: ReplayOptions, context: Context): Promise<number> {
  const { terminal, signal } = context;
  const client = undauntedClient(options, terminal);
  const player = new Player(client, signal);
  const startedMs = performance.now();
  const stopHeartbeats = sendHeartbeats(options, () => player.symbols);
  const ofSymbol = options.symbol === undefined ? "" : ` of ${options.symbol}`;
  const summary = () => `${player.sent}${ofSymbol} replayed in ${duration(performance.now() - startedMs)}`;
  try {
    await playFile(options, player, context);
  } catch (error) {
    if (!signal.aborted) throw new Error(`${(error as Error).message}; ${summary()}`, { cause: error });
    terminal.say(`interrupted; ${summary()}`);
    return EXIT.interrupted;
  } finally {
    stopHeartbeats();
  }
  terminal.out(summary());
  return EXIT.done;
}
