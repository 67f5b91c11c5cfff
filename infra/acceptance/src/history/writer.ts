import { type FxClient, ProblemError } from "@fx-ohlc/client";
import { shuffled } from "../chunks.js";
import type { Arena, Place } from "./arena.js";
import type { Dice } from "./dice.js";

type Cost = { readonly price: number } | { readonly bid: number; readonly ask: number };
type NewTick = { readonly symbol: string; readonly time: string } & Cost;

/** Nobody has such a tick, several have this stamp, or it is older than what is kept. */
const EXPECTED_REFUSALS: ReadonlySet<number> = new Set([404, 409, 422]);
/** Old ticks to correct are picked from so many written last. */
const REMEMBERED_MAX = 400;
const IMPORT_TICKS = 150;
const MINUTE_MS = 60_000;
const DAY_MS = 1440 * MINUTE_MS;

/** Writes what the dice say: new and late ticks, bulks, imports in any order, corrections and deletions. */
export class HistoryWriter {
  readonly #written: NewTick[] = [];

  constructor(
    private readonly client: FxClient,
    private readonly arena: Arena,
    private readonly dice: Dice,
  ) {}

  /** Some ticks of every symbol in every place, so that there is history from the beginning. */
  async begin(): Promise<void> {
    for (let round = 0; round < 4; round += 1) await this.#import();
  }

  /** @throws for every answer but success and the refusals that the dice may lead to */
  async writeOnce(): Promise<void> {
    const act = this.dice.weighted<() => Promise<unknown>>([
      [25, () => this.client.postTick(this.#remember(this.#tick(this.arena.youngPlace(this.dice))))],
      [15, () => this.client.postTick(this.#remember(this.#tick(this.arena.oldPlace(this.dice))))],
      [8, () => this.#bulk()],
      [3, () => this.#import()],
      [14, () => this.#put()],
      [10, () => this.client.deleteTick(this.dice.pick(this.#written))],
      [6, () => this.#deleteRange(this.dice.below(5 * MINUTE_MS))],
      [2, () => this.#deleteRange(this.dice.below(60 * DAY_MS))],
    ]);
    await act().catch((error: unknown) => {
      if (!(error instanceof ProblemError) || !EXPECTED_REFUSALS.has(error.status)) throw error;
    });
  }

  /** Young and old ones of all symbols in one transaction. */
  #bulk(): Promise<unknown> {
    const { arena, dice } = this;
    const places = [arena.youngPlace(dice), arena.oldPlace(dice)];
    const ticks = Array.from({ length: 2 + dice.below(40) }, () => this.#tick(dice.pick(places)));
    for (const tick of ticks) this.#remember(tick);
    return this.client.postTicks(ticks);
  }

  /** Old ones in any order, streamed. */
  #import(): Promise<unknown> {
    const { arena, dice } = this;
    const ticks = Array.from({ length: IMPORT_TICKS }, () => this.#tick(arena.oldPlace(dice)));
    for (const tick of ticks.slice(0, 20)) this.#remember(tick);
    const lines = shuffled(ticks, () => dice.below(1_000) / 1_000).map((tick) => `${JSON.stringify(tick)}\n`);
    return this.client.postLines(lines.join(""));
  }

  #put(): Promise<unknown> {
    const { symbol, time, ...cost } = this.dice.pick(this.#written);
    return this.client.putTick({ symbol, time }, "price" in cost ? this.#price() : this.#quote());
  }

  #deleteRange(lengthMs: number): Promise<unknown> {
    const { arena, dice } = this;
    const startMs = arena.instant(dice, arena.anyPlace(dice));
    const [start, end] = [startMs, startMs + lengthMs].map((ms) => new Date(ms).toISOString());
    return this.client.deleteTicks({ symbol: dice.pick(arena.symbols), start: start ?? "", end: end ?? "" });
  }

  #tick(place: Place): NewTick {
    const { arena, dice } = this;
    const time = new Date(arena.instant(dice, place)).toISOString();
    // One symbol has prices alone, one quotes alone, and one has both.
    const symbol = dice.pick(arena.symbols);
    const isQuote = symbol === "EURUSD" || (symbol === "XAUUSD" && dice.chance(0.5));
    return { symbol, time, ...(isQuote ? this.#quote() : { price: this.#price() }) };
  }

  /** Now and then crossed. */
  #quote(): { bid: number; ask: number } {
    const points = 100_000 + this.dice.below(50_000);
    return { bid: points / 100_000, ask: (points - 2 + this.dice.below(30)) / 100_000 };
  }

  #price(): number {
    return (100_000 + this.dice.below(50_000)) / 100_000;
  }

  #remember(tick: NewTick): NewTick {
    if (this.#written.length < REMEMBERED_MAX) this.#written.push(tick);
    else this.#written[this.dice.below(REMEMBERED_MAX)] = tick;
    return tick;
  }
}
