import { formatTime } from "@fx-ohlc/schemas";
import { eventually } from "@fx-ohlc/testkit";
import { seededRandom } from "../random.js";
import { readQuotes } from "../sample-week.js";
import { System } from "../system.js";
import { disturb, type Victims } from "./disturbances.js";
import { type Figures, figuresOf } from "./figures.js";
import { type Difference, Keepers } from "./keepers.js";
import { type Inhabitant, populate } from "./population.js";
import { StreamRecord } from "./record.js";
import { RedisWitness } from "./redis-witness.js";
import { Replay } from "./replay.js";
import { TickBook } from "./tick-book.js";
import { type Account, accountsOf, type FoundFault, faultsOf, truthOf } from "./verdict.js";

export interface HarnessOptions {
  readonly clients: number;
  /** How long ticks are sent and things go wrong, at least. */
  readonly seconds: number;
  /** Of all choices; what the machine makes of them differs from run to run. */
  readonly seed: number;
}

/** What a run was made of, and what was wrong with it. */
export interface HarnessResult {
  readonly accounts: readonly Account[];
  readonly faults: readonly FoundFault[];
  readonly figures: Figures;
  /** Of the symbols that were corrected all the time: what clients hold and `/ticks` does not answer, or the other way round. */
  readonly differences: readonly Difference[];
  readonly corrections: { readonly made: number; readonly told: Readonly<Record<string, number>> };
}

const SYMBOLS = ["EURUSD", "GBPUSD", "USDJPY", "AUDUSD", "USDCHF", "NZDUSD"];
/** Two of them send each symbol, so that writers also meet. */
const PRODUCERS = 6;
/** Times real speed: some 25 ticks a second each in the busy hours of the sample. */
const SPEED = 20;
/** Between two disturbances, about, ms. */
const REST_MS = 1_500;
/** Gateways that notice slow clients soon, so that every kind of them comes up in a minute. */
const GATEWAY_ENV = {
  LAG_AFTER_MS: "500",
  STUCK_AFTER_MS: "4000",
  HEARTBEAT_INTERVAL_MS: "1000",
  DRAIN_MS: "500",
};
/** For the last messages to reach everybody, and for those who were refused to be told of one more, ms. */
const SETTLE_ROUND_MS = 10_000;
const SETTLE_ROUNDS_MAX = 6;

/** One run: two of each service, many clients, many ticks, and everything going wrong. */
export class Harness {
  readonly #options: HarnessOptions;
  readonly #random: () => number;
  readonly #record = new StreamRecord(new TickBook());
  readonly #sentMs = new Map<string, number>();
  readonly #system: System;
  readonly #victims: Victims;
  readonly #witness: RedisWitness;
  readonly #inhabitants: readonly Inhabitant[];
  readonly #keepers: Keepers;

  private constructor(options: HarnessOptions, system: System, victims: Victims, queryUrl: string) {
    this.#options = options;
    this.#random = seededRandom(options.seed);
    this.#system = system;
    this.#victims = victims;
    this.#witness = new RedisWitness(system.redis.url, this.#record);
    const gateways = victims.gateways.map(({ url }) => url.replace("http:", "ws:"));
    this.#keepers = new Keepers({
      ingests: victims.ingests.map(({ url }) => url),
      gateways,
      queryUrl,
      random: seededRandom(options.seed + 1),
    });
    this.#inhabitants = populate(options.clients, {
      symbols: SYMBOLS,
      gateways,
      record: this.#record,
      random: this.#random,
    });
  }

  static async create(options: HarnessOptions): Promise<Harness> {
    const system = await System.create();
    const two = (name: string, env = {}) => Promise.all([system.start(name, env), system.start(name, env)]);
    try {
      const query = await system.start("ohlc-query");
      const env = { ...GATEWAY_ENV, OHLC_QUERY_URL: query.url };
      const [ingests, gateways] = await Promise.all([two("tick-ingest"), two("stream-gateway", env)]);
      return new Harness(options, system, { redis: system.redis, ingests, gateways }, query.url);
    } catch (error) {
      await system.stop();
      throw error;
    }
  }

  async run(): Promise<HarnessResult> {
    await this.#witness.open(await this.#system.streamNames());
    const calm = new AbortController();
    const runs = [...this.#inhabitants.map(({ client }) => client.run(calm.signal)), this.#keepers.listen(calm.signal)];
    const replays = this.#replays();
    const timeout = AbortSignal.timeout(this.#options.seconds * 1_000);
    const ending = new AbortController();
    const disturbing = disturb(this.#victims, { random: this.#random, restMs: REST_MS, signal: timeout });
    const [disturbances] = await Promise.all([
      disturbing.finally(() => ending.abort()),
      ...replays.map((replay) => replay.run(ending.signal)),
      this.#keepers.correct(ending.signal),
    ]);
    await this.#untilPublished();
    calm.abort();
    await this.#settle();
    const differences = await this.#keepers.differences();
    this.#close();
    await Promise.all(runs);
    const { made, told } = this.#keepers;
    return { ...(await this.#verdict(disturbances)), differences, corrections: { made, told } };
  }

  #close(): void {
    for (const { client } of this.#inhabitants) client.close();
    this.#keepers.close();
  }

  async stop(): Promise<void> {
    this.#close();
    this.#witness.close();
    await this.#system.stop();
  }

  #replays(): Replay[] {
    const quotes = readQuotes();
    return Array.from({ length: PRODUCERS }, (_, producer) => {
      // A busy hour of its own each.
      const [day, hour] = [6 + (producer % 4), 12 + Math.floor(producer / 4)];
      const from = quotes.findIndex(({ time }) => time.startsWith(`2014-05-0${day}T${hour}`));
      return new Replay({
        symbols: SYMBOLS.filter((_symbol, index) => index % 3 === producer % 3),
        quotes: quotes.slice(from),
        speed: SPEED,
        ingests: this.#victims.ingests.map(({ url }) => url),
        producer,
        producers: PRODUCERS + 1,
        onSend: (symbol, time) => this.#noteSent(symbol, time),
      });
    });
  }

  #noteSent(symbol: string, time: string): void {
    const name = `${symbol} ${time}`;
    if (!this.#sentMs.has(name)) this.#sentMs.set(name, performance.now());
  }

  /** The ledger is empty when every commit is on Redis, or declared lost there. */
  async #untilPublished(): Promise<void> {
    const isEmpty = async () => {
      const [row] = await this.#system.sql<{ n: number }[]>`select count(*)::int as n from untold_commits`;
      return row?.n === 0;
    };
    await eventually(isEmpty, { what: "every commit to be published or declared lost" });
  }

  /** Until everybody has been told a last tick of each symbol, and so everything before it. */
  async #settle(): Promise<void> {
    for (let round = 1; ; round += 1) {
      const last = await Promise.all(SYMBOLS.map((symbol) => this.#sendLast(symbol, round)));
      const isTold = () =>
        this.#inhabitants.every(({ client }) =>
          client.book.symbols.every((symbol) => last.includes(client.book.newestTick(symbol) ?? -1)),
        );
      try {
        await eventually(isTold, { timeoutMs: SETTLE_ROUND_MS, what: "every client to be told the last ticks" });
        return;
      } catch (error) {
        if (round === SETTLE_ROUNDS_MAX) throw error;
      }
    }
  }

  async #sendLast(symbol: string, price: number): Promise<number> {
    const step = PRODUCERS + 1;
    const time = formatTime(Math.ceil((Date.now() * 1_000) / step) * step + PRODUCERS);
    this.#noteSent(symbol, time);
    const answer = await fetch(`${this.#victims.ingests[0]?.url}/ticks`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ symbol, time, price }),
    });
    if (answer.status !== 201) throw new Error(`the last tick of ${symbol}: ${answer.status} ${await answer.text()}`);
    return this.#record.book.numberOf({ symbol, time, seq: 0, price });
  }

  async #verdict(
    disturbances: ReadonlyMap<string, number>,
  ): Promise<Pick<HarnessResult, "accounts" | "faults" | "figures">> {
    const failures = this.#inhabitants.flatMap(({ client: { failure } }) => (failure === undefined ? [] : [failure]));
    if (failures.length > 0) throw new AggregateError(failures, `clients failed: ${failures[0]?.message}`);
    const truths = await truthOf(this.#system.sql, SYMBOLS, this.#record, this.#sentMs);
    const accounts = accountsOf(this.#inhabitants, truths);
    const figures = figuresOf(this.#inhabitants, [...truths.values()], disturbances);
    return { accounts, faults: faultsOf(accounts), figures };
  }
}
