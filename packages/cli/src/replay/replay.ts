import { type FxClient, sleep } from "@fx-ohlc/client";
import { formatTime, type Micros, nowUs } from "@fx-ohlc/schemas";
import { patientClient } from "../patient-client.js";
import { type Context, counted, duration, EXIT } from "../terminal.js";
import type { PriceSide } from "../tick-file/columns.js";
import { openText } from "../tick-file/text-source.js";
import { TickText } from "../tick-file/tick-text.js";
import { Pace } from "./pace.js";

export interface ReplayOptions {
  /** A path, or `-` for standard input. */
  readonly file: string;
  readonly symbol: string;
  readonly side: PriceSide | undefined;
  readonly speed: number;
  readonly url: string;
}

/** Ticks that fall due within it share a request. */
const FLUSH_INTERVAL_MS = 20;

/** At a speed that asks for more at once the replay falls behind, in requests of this size. */
const REQUEST_TICKS_MAX = 5_000;

interface DueTick {
  readonly timeUs: Micros;
  readonly price: number;
}

/** Sends ticks when they are due. Those of one time leave together, so that the service can number them. */
class Player {
  readonly #client: FxClient;
  readonly #symbol: string;
  readonly #signal: AbortSignal;
  #due: DueTick[] = [];
  #sent = 0;

  constructor(client: FxClient, symbol: string, signal: AbortSignal) {
    this.#client = client;
    this.#symbol = symbol;
    this.#signal = signal;
  }

  get sent(): number {
    return this.#sent;
  }

  async play(tick: DueTick): Promise<void> {
    const waitMs = (tick.timeUs - nowUs()) / 1000;
    const last = this.#due.at(-1);
    if (waitMs > 0 || (this.#due.length >= REQUEST_TICKS_MAX && last?.timeUs !== tick.timeUs)) await this.flush();
    if (waitMs > 0) await sleep(Math.max(waitMs, FLUSH_INTERVAL_MS), this.#signal);
    this.#due.push(tick);
  }

  async flush(): Promise<void> {
    const due = this.#due;
    this.#due = [];
    if (due.length === 0) return;
    const ticks = due.map(({ timeUs, price }) => ({ symbol: this.#symbol, time: formatTime(timeUs), price }));
    await this.#client.postTicks(ticks, { signal: this.#signal });
    this.#sent += due.length;
  }
}

async function playFile(options: ReplayOptions, player: Player, context: Context): Promise<void> {
  const { blocks } = openText(options.file, context.stdin, context.signal);
  const pace = new Pace(options.speed, nowUs());
  for await (const lines of new TickText(blocks, options.side).lines()) {
    for (const line of lines) {
      if ("problem" in line) {
        await player.flush();
        throw new Error(`line ${line.line}: ${line.problem}`);
      }
      await player.play({ timeUs: pace.dueUs(line.timeUs), price: Number(line.price) });
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
  const client = patientClient(options.url, Number.POSITIVE_INFINITY, {
    began: ({ message }) => terminal.say(`${message}; trying until it answers`),
    ended: () => terminal.say(`${options.url} answers again`),
  });
  const player = new Player(client, options.symbol, signal);
  const startedMs = performance.now();
  const summary = () =>
    `${counted(player.sent, "tick")} of ${options.symbol} replayed in ${duration(performance.now() - startedMs)}`;
  try {
    await playFile(options, player, context);
  } catch (error) {
    if (!signal.aborted)
      throw new Error(`${options.file}: ${(error as Error).message}; ${summary()}`, { cause: error });
    terminal.say(`interrupted; ${summary()}`);
    return EXIT.interrupted;
  }
  terminal.out(summary());
  return EXIT.done;
}
