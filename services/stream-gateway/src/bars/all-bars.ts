import type { Channel, ChannelBars, FamilyName, Micros } from "@fx-ohlc/schemas";
import { familyOf } from "@fx-ohlc/schemas";
import type { Logger } from "@fx-ohlc/service-kit";
import type { Counters } from "../counters.js";
import type { FirstBars } from "../subscription/first-bars.js";
import { AnchorLoader } from "./anchor-loader.js";
import type { ShownBar } from "./bar-event.js";
import { BarRegistry, type BarRegistryOptions } from "./bar-registry.js";
import { ClosedReader } from "./closed-reader.js";
import type { QueryClient } from "./query-client.js";

export interface FamilyBarsOptions extends Omit<BarRegistryOptions, "family" | "onWanted"> {
  readonly client: QueryClient;
  readonly counters: Counters;
  readonly logger: Logger;
  /** Aborted when the process ends. */
  readonly signal: AbortSignal;
}

/** The live bars of one family: those that are followed, and what loads, checks and reads them. */
class FamilyBars {
  readonly registry: BarRegistry;
  readonly #loader: AnchorLoader;
  readonly #closedReader: ClosedReader;

  constructor(family: FamilyName, { client, counters, logger, signal, ...options }: FamilyBarsOptions) {
    const registry = new BarRegistry({ ...options, family, onWanted: () => this.#loader.wake() });
    this.registry = registry;
    this.#loader = new AnchorLoader(registry, client, counters, logger, signal);
    this.#closedReader = new ClosedReader(registry, client, options.hub, logger);
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
}

/**
 * The live bars of both families. Each is loaded, folded and checked by itself: who follows prices pays nothing for quotes, and
 * does not wait for them, and neither does it touch the one when the other cannot be had.
 */
export class AllBars implements FirstBars {
  readonly #families: Readonly<Record<FamilyName, FamilyBars>>;

  constructor(private readonly options: FamilyBarsOptions) {
    this.#families = { ohlc: new FamilyBars("ohlc", options), quote: new FamilyBars("quote", options) };
  }

  /** What has to hear of messages. */
  get registries(): readonly BarRegistry[] {
    return Object.values(this.#families).map(({ registry }) => registry);
  }

  advance(): void {
    for (const family of Object.values(this.#families)) family.advance();
  }

  /** Checks what is served, until the process ends. */
  check(): void {
    for (const family of Object.values(this.#families)) void family.check();
  }

  watch(channel: Channel): void {
    if (channel.kind === "ohlc") this.#registryOf(channel).watch(channel);
  }

  unwatch(channel: Channel): void {
    if (channel.kind === "ohlc") this.#registryOf(channel).unwatch(channel);
  }

  nowUs(): Micros {
    return this.options.clock.nowUs();
  }

  symbols(bars: ChannelBars): readonly string[] {
    return this.#registryOf(bars).symbols();
  }

  newest(symbol: string, bars: ChannelBars): ShownBar | undefined {
    return this.#registryOf(bars).newest(symbol, bars.interval);
  }

  #registryOf(bars: ChannelBars): BarRegistry {
    return this.#families[familyOf(bars)].registry;
  }
}
