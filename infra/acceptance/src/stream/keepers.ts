import { eventually } from "@fx-ohlc/testkit";
import { AccountBook } from "./account-book.js";
import { Corrector } from "./corrector.js";
import { type Habit, HarnessClient } from "./harness-client.js";
import { HeldTicks, textOf } from "./held-ticks.js";
import { KeeperListening, PlainKeeperListening } from "./keeper-listening.js";
import { openSocket } from "./link.js";
import type { WireTick } from "./record.js";

/** Symbols whose ticks are corrected, and whom nobody else follows by name. */
export const CORRECTED_SYMBOLS: readonly string[] = ["EURCHF", "GBPJPY"];

export interface KeepersOptions {
  readonly ingests: readonly string[];
  readonly gateways: readonly string[];
  readonly queryUrl: string;
  readonly random: () => number;
}

interface Keeper {
  readonly kind: string;
  readonly held: ReadonlyMap<string, HeldTicks>;
  readonly client: HarnessClient;
}

/** What a client holds that is not what `/ticks` answers. */
export interface Difference {
  readonly keeper: string;
  readonly symbol: string;
  readonly missing: readonly string[];
  readonly false: readonly string[];
}

const between = (fromMs: number, toMs: number) => (random: number) => fromMs + random * (toMs - fromMs);

const KINDS: readonly { readonly name: string; readonly isPlain?: boolean; readonly habit?: Habit }[] = [
  { name: "steady" },
  { name: "restless", habit: { restMs: between(100, 3_000) } },
  { name: "slow", habit: { restMs: between(50, 1_000), pauseMs: between(300, 2_500) } },
  { name: "stalled", habit: { restMs: between(1_000, 5_000), pauseMs: between(4_000, 8_000) } },
  { name: "steady plain", isPlain: true },
  { name: "restless plain", isPlain: true, habit: { restMs: between(500, 5_000) } },
];

/** For the last messages to reach everybody, and for what they say to be read, ms. */
const SETTLED_WITHIN_MS = 20_000;

/** Clients that keep ticks while these are put and deleted, and who does that. */
export class Keepers {
  readonly #options: KeepersOptions;
  readonly #keepers: readonly Keeper[];
  readonly #correctors: readonly Corrector[];

  constructor(options: KeepersOptions) {
    this.#options = options;
    this.#keepers = KINDS.map((kind) => this.#newKeeper(kind));
    this.#correctors = CORRECTED_SYMBOLS.map((symbol) => new Corrector({ ...options, symbol }));
  }

  /** Corrections that each client was told with their ticks, by its kind. */
  get told(): Record<string, number> {
    const sum = ({ held }: Keeper) => [...held.values()].reduce((told, { corrections }) => told + corrections, 0);
    return Object.fromEntries(this.#keepers.map((keeper) => [keeper.kind, sum(keeper)]));
  }

  /** Corrections that were made. */
  get made(): number {
    const of = ({ answered }: Corrector) => (answered.get("PUT") ?? 0) + (answered.get("DELETE") ?? 0);
    return this.#correctors.reduce((made, corrector) => made + of(corrector), 0);
  }

  /** Corrects until it is aborted. */
  async correct(ending: AbortSignal): Promise<void> {
    await Promise.all(this.#correctors.map((corrector) => corrector.run(ending)));
  }

  /** Listens until it is closed. */
  async listen(calm: AbortSignal): Promise<void> {
    await Promise.all(this.#keepers.map(({ client }) => client.run(calm)));
  }

  close(): void {
    for (const { client } of this.#keepers) client.close();
  }

  /** What is different when everybody has had the time to hear of everything. */
  async differences(): Promise<Difference[]> {
    let found: Difference[] = [];
    const isSame = async () => {
      found = await this.#differences();
      return found.length === 0;
    };
    const waiting = { timeoutMs: SETTLED_WITHIN_MS, intervalMs: 250, what: "what is held to be what /ticks answers" };
    await eventually(isSame, waiting).catch(() => undefined);
    return found;
  }

  async #differences(): Promise<Difference[]> {
    const found: Difference[] = [];
    for (const symbol of CORRECTED_SYMBOLS) {
      const stored = (await this.#read(symbol, ALL_TIME)).map(textOf).sort();
      for (const { kind, held, client } of this.#keepers) {
        const kept = held.get(symbol);
        if (client.failure !== undefined) throw client.failure;
        if (kept?.failure !== undefined) throw kept.failure;
        const ticks = kept?.ticks() ?? [];
        const missing = stored.filter((tick) => !ticks.includes(tick));
        const invented = ticks.filter((tick) => !stored.includes(tick));
        const isSame = kept?.isSettled === true && missing.length === 0 && invented.length === 0;
        if (!isSame) found.push({ keeper: kind, symbol, missing, false: invented });
      }
    }
    return found;
  }

  #newKeeper({ name, isPlain, habit }: (typeof KINDS)[number]): Keeper {
    const { gateways, random } = this.#options;
    const held = new Map(
      CORRECTED_SYMBOLS.map((symbol) => [symbol, new HeldTicks((range) => this.#read(symbol, range))]),
    );
    const listening = isPlain ? new PlainKeeperListening(held) : new KeeperListening(held);
    const client = new HarnessClient({
      book: new AccountBook([]),
      listening,
      open: openSocket,
      habit,
      gateways,
      random,
    });
    return { kind: name, held, client };
  }

  async #read(symbol: string, { from, to }: { from: string; to: string }): Promise<readonly WireTick[]> {
    const query = new URLSearchParams({ symbol, start: from, end: to, limit: "10000" });
    const answer = await fetch(`${this.#options.queryUrl}/ticks?${query}`);
    if (!answer.ok) throw new Error(`/ticks?${query}: ${answer.status} ${await answer.text()}`);
    return (await answer.json()) as WireTick[];
  }
}

const ALL_TIME = { from: "1970-01-01T00:00:00Z", to: "2200-01-01T00:00:00Z" };
