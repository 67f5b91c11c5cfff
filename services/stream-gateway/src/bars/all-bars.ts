import {
  type Channel,
  type ChannelBars,
  FAMILY_NAMES,
  type FamilyName,
  familyOf,
  type Micros,
  type TimeRange,
} from "@fx-ohlc/schemas";
import { entryOf, type Logger, Semaphore } from "@fx-ohlc/service-kit";
import type { Counters } from "../counters.js";
import type { FeedMessage } from "../feed/feed-message.js";
import type { FeedListener } from "../feed/tick-feed.js";
import type { FirstBars } from "../subscription/first-bars.js";
import { AnchorLoader } from "./anchor-loader.js";
import type { ShownBar } from "./bar-event.js";
import { BarRegistry, type BarRegistryOptions } from "./bar-registry.js";
import { ClosedReader } from "./closed-reader.js";
import { type LevelSet, levelSetOf, STORED_LEVELS } from "./level-set.js";
import type { QueryClient } from "./query-client.js";

export interface AllBarsOptions extends Omit<BarRegistryOptions, "family" | "set" | "onWanted" | "onKept"> {
  readonly client: QueryClient;
  readonly counters: Counters;
  readonly logger: Logger;
  /** Aborted when the process ends. */
  readonly signal: AbortSignal;
}

interface LevelBarsOptions
  extends Omit<AllBarsOptions, "signal">,
    Pick<BarRegistryOptions, "family" | "set" | "onKept"> {
  readonly turns: Semaphore;
}

/** The live bars of one family at some levels: those that are followed, and what loads, checks and reads them. */
class LevelBars {
  readonly registry: BarRegistry;
  readonly #loader: AnchorLoader;
  readonly #closedReader: ClosedReader;
  readonly #ended = new AbortController();

  constructor({ client, counters, logger, turns, ...options }: LevelBarsOptions) {
    const registry = new BarRegistry({ ...options, onWanted: () => this.#loader.wake() });
    this.registry = registry;
    this.#loader = new AnchorLoader(registry, client, counters, logger, this.#ended.signal, turns);
    this.#closedReader = new ClosedReader(registry, client, options.hub, logger, turns);
  }

  /** The clock has moved on. */
  advance(): void {
    this.registry.advance();
    this.#loader.wake();
    this.#closedReader.wake();
  }

  check(): Promise<void> {
    return this.#loader.check();
  }

  /** Nobody follows them any more, or the process ends. */
  end(): void {
    this.#ended.abort();
  }
}

/** Requests for bars that are not stored, of all levels together: they leave most of the database's connections to people. */
const LEVEL_REQUESTS_MAX = 4;
/** Of those that are stored, which have bounds of their own, nothing waits. */
const UNBOUNDED = Number.POSITIVE_INFINITY;

/**
 * The live bars of both families at every level that somebody follows. Each level of each family is loaded, folded and checked by
 * itself: who follows some pays nothing for the others and does not wait for them, and goes on when they cannot be had. Minutes, hours
 * and days as they are stored are one; every other level, an interval with a day boundary, is there from its first follower to its last.
 */
export class AllBars implements FirstBars, FeedListener {
  readonly #levels = new Map<string, LevelBars>();
  /** By symbol, whose bars have to hear of its messages. */
  readonly #hearers = new Map<string, Set<BarRegistry>>();
  readonly #turns = { stored: new Semaphore(UNBOUNDED), others: new Semaphore(LEVEL_REQUESTS_MAX) };
  #isChecking = false;

  constructor(private readonly options: AllBarsOptions) {
    for (const family of FAMILY_NAMES) this.#begin(family, STORED_LEVELS);
    options.signal.addEventListener("abort", () => this.#endAll(), { once: true });
  }

  onMessage(symbol: string, message: FeedMessage): void {
    const hearers = this.#hearers.get(symbol);
    for (const registry of hearers ?? NOBODY) registry.onMessage(symbol, message);
    // Those of all symbols begin with one when they hear of it.
    for (const { registry } of this.#levels.values()) {
      if (registry.isOfAll && hearers?.has(registry) !== true) registry.onMessage(symbol, message);
    }
  }

  onGap(symbol: string): void {
    for (const registry of this.#hearers.get(symbol) ?? NOBODY) registry.onGap(symbol);
  }

  onForeign(symbol: string, range: TimeRange): void {
    for (const registry of this.#hearers.get(symbol) ?? NOBODY) registry.onForeign(symbol, range);
  }

  onRestart(): void {
    for (const { registry } of this.#levels.values()) registry.onRestart();
  }

  advance(): void {
    for (const level of this.#levels.values()) level.advance();
  }

  /** Checks what is served, until the process ends. */
  check(): void {
    this.#isChecking = true;
    for (const level of this.#levels.values()) void level.check();
  }

  watch(channel: Channel): void {
    if (channel.kind !== "ohlc") return;
    const family = familyOf(channel);
    const set = levelSetOf(channel);
    const level = this.#levels.get(keyOf(family, set)) ?? this.#begin(family, set);
    level.registry.watch(channel);
  }

  unwatch(channel: Channel): void {
    if (channel.kind !== "ohlc") return;
    const set = levelSetOf(channel);
    const key = keyOf(familyOf(channel), set);
    const level = this.#levels.get(key);
    level?.registry.unwatch(channel);
    if (level?.registry.isIdle !== true || set === STORED_LEVELS) return;
    level.end();
    this.#levels.delete(key);
  }

  nowUs(): Micros {
    return this.options.clock.nowUs();
  }

  symbols(bars: ChannelBars): readonly string[] {
    return this.#registryOf(bars)?.symbols() ?? [];
  }

  newest(symbol: string, bars: ChannelBars): ShownBar | undefined {
    return this.#registryOf(bars)?.newest(symbol, bars.interval);
  }

  #registryOf(bars: ChannelBars): BarRegistry | undefined {
    return this.#levels.get(keyOf(familyOf(bars), levelSetOf(bars)))?.registry;
  }

  #begin(family: FamilyName, set: LevelSet): LevelBars {
    const turns = set === STORED_LEVELS ? this.#turns.stored : this.#turns.others;
    const onKept = (symbol: string, isKept: boolean) => this.#hear(symbol, level.registry, isKept);
    const level: LevelBars = new LevelBars({ ...this.options, family, set, turns, onKept });
    this.#levels.set(keyOf(family, set), level);
    if (this.#isChecking) void level.check();
    return level;
  }

  #hear(symbol: string, registry: BarRegistry, isKept: boolean): void {
    const hearers = entryOf(this.#hearers, symbol, () => new Set());
    if (isKept) hearers.add(registry);
    else hearers.delete(registry);
    if (hearers.size === 0) this.#hearers.delete(symbol);
  }

  #endAll(): void {
    this.#isChecking = false;
    for (const level of this.#levels.values()) level.end();
  }
}

const NOBODY: ReadonlySet<never> = new Set();

function keyOf(family: FamilyName, { name }: LevelSet): string {
  return `${family} ${name}`;
}
