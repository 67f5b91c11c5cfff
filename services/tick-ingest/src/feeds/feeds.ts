import type { Database } from "@fx-ohlc/database";
import { type FeedNames, type FeedState, feedNames, type MarketSessions, type Micros } from "@fx-ohlc/schemas";
import { type Logger, Problem, type RedisStore, repeat } from "@fx-ohlc/service-kit";
import { countOf, delayQuantileMs } from "./delays.js";
import { FeedNews } from "./feed-news.js";
import { judge, quietAfterS } from "./feed-state.js";
import { FeedStore } from "./feed-store.js";
import { FeedTables } from "./feed-tables.js";
import { FeedWatch, type Judged } from "./feed-watch.js";
import type { Pair } from "./pair.js";
import { SteadyClock } from "./steady-clock.js";

/** How often what was heard is told to all, and all is judged. */
const INTERVAL_MS = 1000;
/** A feed that there was no room for sends again by then. */
const REFUSED_TOLD_MS = 60_000;

export interface FeedsOptions {
  readonly database: Database;
  readonly redis: RedisStore;
  /** Of the database; undefined before it is known. */
  readonly namespace: () => string | undefined;
  readonly sessions: MarketSessions;
  readonly quietAfterS: number;
  readonly logger: Logger;
}

/** What of all feeds is asked for. */
export interface WantedFeeds {
  readonly feed: string | undefined;
  readonly after: { readonly feed: string; readonly symbol: string } | undefined;
  readonly limit: number;
  isWanted(symbol: string): boolean;
}

/** A row of the answer. Times as microseconds; 0: none. */
export interface ShownFeed extends Pair {
  readonly state: FeedState;
  readonly sinceUs: Micros;
  readonly ticksPerSecond: number;
  readonly delayP50Ms: number | null;
  readonly delayP99Ms: number | null;
  readonly quietAfterS: number;
}

/**
 * Producers that name themselves. What one process hears of them is told to all on Redis once a second, where one of them judges it.
 *
 * While Redis is away nobody knows what the others hear: states stay as they are, no outage begins or ends, and what is heard waits
 * here. While the database is away nothing is judged either.
 */
export class Feeds {
  readonly #options: FeedsOptions;
  readonly #news = new FeedNews();
  readonly #store: FeedStore;
  readonly #tables: FeedTables;
  readonly #watch: FeedWatch;
  #names: { readonly namespace: string; readonly names: FeedNames } | undefined;
  #stop: (() => Promise<void>) | undefined;
  #refusedAtMs = Number.NEGATIVE_INFINITY;
  #isFailing = false;

  constructor(options: FeedsOptions) {
    const { database, redis, sessions, quietAfterS: defaultS } = options;
    this.#options = options;
    this.#store = new FeedStore(redis, () => this.#namesNow());
    this.#tables = new FeedTables(database, sessions);
    const clock = new SteadyClock(() => database.nowUs());
    this.#watch = new FeedWatch({ store: this.#store, tables: this.#tables, clock, quietAfterS: defaultS });
  }

  start(): void {
    this.#stop = repeat(INTERVAL_MS, () => this.#step());
  }

  /** What was heard is told before it ends. */
  async stop(): Promise<void> {
    await this.#stop?.();
    await this.#tell().catch(() => undefined);
  }

  /** Ticks of a feed are stored, which came then: all at once, or each by itself. */
  hearTicks(feed: string, ticks: Parameters<FeedNews["hearTicks"]>[1], receivedUs: Micros | readonly Micros[]): void {
    this.#news.hearTicks(feed, ticks, receivedUs);
  }

  /**
   * A feed is alive. While that cannot be told it waits here.
   *
   * @throws Problem 429 where there are as many feeds as there may be
   */
  async hearHeartbeat(feed: string, symbols: readonly string[], everyS: number): Promise<void> {
    const nowUs = this.#options.database.nowUs();
    const heartbeat = new FeedNews();
    heartbeat.hearHeartbeat(feed, symbols, everyS, nowUs);
    const news = heartbeat.take();
    const refused = await this.#store.hear(news, nowUs).catch(() => {
      this.#news.putBack(news);
      return 0;
    });
    if (refused > 0) throw tooManyFeeds();
  }

  /** What was judged last; nothing where another process judges. */
  get judged(): Judged {
    return this.#watch.judged;
  }

  /** What is wrong, a short sentence each. */
  get problems(): readonly string[] {
    return performance.now() - this.#refusedAtMs > REFUSED_TOLD_MS
      ? []
      : ["there are as many feeds as there may be: some are not watched"];
  }

  /** @throws Problem 503 while Redis is away */
  async list({ feed, after, limit, isWanted }: WantedFeeds): Promise<readonly ShownFeed[]> {
    await this.#tell();
    const [pairs, states, watched] = await Promise.all([
      this.#store.pairs(),
      this.#store.states(),
      this.#store.watched(),
    ]);
    const rows = [...pairs]
      .filter(([, pair]) => (feed === undefined || pair.feed === feed) && isWanted(pair.symbol))
      .sort(([, a], [, b]) => order(a, b))
      .filter(([, pair]) => after === undefined || order(pair, after) > 0)
      .slice(0, limit);
    const symbols = [...new Set(rows.map(([, { symbol }]) => symbol))];
    const { database } = this.#options;
    const nowUs = database.nowUs();
    const [facts, { byPair, seconds }] = await Promise.all([
      database.whileAvailable(() => this.#tables.facts(symbols)),
      this.#store.delays(nowUs),
    ]);
    const defaultS = this.#options.quietAfterS;
    const moment = { nowUs, watchedSinceUs: watched?.sinceUs ?? nowUs, quietAfterS: defaultS };
    return rows.flatMap(([key, pair]) => {
      const ofSymbol = facts.get(pair.symbol);
      if (ofSymbol === undefined) return [];
      const delays = byPair.get(key) ?? new Map();
      return {
        ...pair,
        ...judge(pair, ofSymbol, moment, states.get(key)),
        ticksPerSecond: Number((countOf(delays) / seconds).toPrecision(3)),
        delayP50Ms: delayQuantileMs(delays, 0.5),
        delayP99Ms: delayQuantileMs(delays, 0.99),
        quietAfterS: quietAfterS(pair, ofSymbol, defaultS),
      };
    });
  }

  /** The delays of each feed over the last minute, and how many ticks a second it brought. */
  async delays(): Promise<Awaited<ReturnType<FeedStore["delays"]>>> {
    return this.#store.delays(this.#options.database.nowUs());
  }

  /**
   * Forgets a feed, or one symbol of it, until it is heard again.
   *
   * @returns whether it was known
   * @throws Problem 503 while Redis is away
   */
  async forget(feed: string, symbol: string | undefined): Promise<boolean> {
    await this.#tell();
    const isKept = await this.#options.database.whileAvailable(() => this.#tables.forgetFeed(feed, symbol));
    const pairs = [...(await this.#store.pairs()).values()].filter(
      (pair) => pair.feed === feed && (symbol === undefined || pair.symbol === symbol),
    );
    return (await this.#store.forget(pairs)) > 0 || isKept;
  }

  #namesNow(): FeedNames | undefined {
    const namespace = this.#options.namespace();
    if (namespace === undefined) return undefined;
    if (this.#names?.namespace !== namespace) this.#names = { namespace, names: feedNames(namespace) };
    return this.#names.names;
  }

  async #step(): Promise<void> {
    const { database, logger } = this.#options;
    if (!this.#store.isReady || !database.available) return;
    try {
      await this.#tell();
      await this.#watch.step();
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing) logger.warn("feeds are not judged", { error });
      this.#isFailing = true;
    }
  }

  async #tell(): Promise<void> {
    const news = this.#news.take();
    if (news.size === 0) return;
    try {
      const refused = await this.#store.hear(news, this.#options.database.nowUs());
      if (refused > 0) this.#refusedAtMs = performance.now();
    } catch (error) {
      this.#news.putBack(news);
      throw error;
    }
  }
}

interface Placed {
  readonly feed: string;
  readonly symbol: string;
}

/** By feed, then by symbol. */
function order(a: Placed, b: Placed): number {
  if (a.feed !== b.feed) return a.feed < b.feed ? -1 : 1;
  return a.symbol === b.symbol ? 0 : a.symbol < b.symbol ? -1 : 1;
}

function tooManyFeeds(): Problem {
  return new Problem("too_many_requests", "There are as many feeds, each with its symbols, as there may be.", {
    retryAfterS: 60,
  });
}
