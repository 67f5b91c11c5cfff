import {
  type Bar,
  type BarJson,
  type DayBoundary,
  type FamilyName,
  formatBucket,
  INCLUDED_NAMES,
  type Micros,
  parseTime,
  type SpreadSum,
  type StoredInterval,
  type TickKey,
} from "@fx-ohlc/schemas";
import { groupBy, type RemoteClock } from "@fx-ohlc/service-kit";
import type { DatabaseIdentity } from "../feed/deployment-watch.js";
import type { ToldBar } from "./bar-event.js";
import type { ClosedRange } from "./bar-level.js";
import type { KeyedBar } from "./folded-bar.js";
import type { Anchor } from "./live-bars.js";
import { type KeyedQuotes, type ToldQuotes, toldQuotes } from "./quotes.js";
import { parseSnapshot } from "./snapshot.js";

/** A page of anchors takes some 50 ms, and a database that is away is noticed at two seconds. */
const REQUEST_DEADLINE_MS = 5000;

/** ohlc-query does not answer as it should. */
export class QueryError extends Error {
  override readonly name = "QueryError";
  readonly status: number | undefined;

  constructor(message: string, { status, ...options }: ErrorOptions & { readonly status?: number } = {}) {
    super(message, options);
    this.status = status;
  }
}

interface KeyJson {
  readonly time: string;
  readonly seq: number;
}

interface KeysJson {
  readonly open_key: KeyJson;
  readonly close_key: KeyJson;
}

interface AnchorQuotesJson extends KeysJson, Omit<ToldQuotes, "spread_avg"> {
  readonly spread_sum: SpreadSum;
}

interface AnchorBarJson extends BarJson, KeysJson {
  readonly interval: StoredInterval;
  /** Of the family of quotes: null where the bar has none. */
  readonly quotes?: AnchorQuotesJson | null;
}

interface AnchorJson {
  /** Absent from a first-version ohlc-query. */
  readonly incarnation?: string;
  readonly snapshot: string;
  readonly now: string;
  readonly day_boundary: DayBoundary;
  readonly bars: readonly AnchorBarJson[];
}

function instant(text: string): Micros {
  const us = parseTime(text);
  if (us === undefined) throw new QueryError("ohlc-query answered with a time that is none");
  return us;
}

function barOf(json: BarJson): Bar {
  const { symbol, open, high, low, close } = json;
  return { symbol, bucketUs: instant(json.bucket), open, high, low, close, tickCount: json.tick_count };
}

function toldBarOf(json: BarJson, family: FamilyName): ToldBar {
  return family === "ohlc" ? barOf(json) : { ...barOf(json), quotes: toldQuotes(json) };
}

function keyOf({ time, seq }: KeyJson): TickKey {
  return { timeUs: instant(time), seq };
}

function keysOf({ open_key, close_key }: KeysJson) {
  return { openKey: keyOf(open_key), closeKey: keyOf(close_key) };
}

function keyedBarOf(json: AnchorBarJson): KeyedBar {
  const { quotes } = json;
  const bar = { ...barOf(json), ...keysOf(json) };
  return quotes === undefined ? bar : { ...bar, quotes: quotes === null ? null : keyedQuotesOf(quotes) };
}

function keyedQuotesOf(json: AnchorQuotesJson): KeyedQuotes {
  const { spread_sum: spreadSum, open_key, close_key, ...told } = json;
  return { ...told, spreadSum, ...keysOf({ open_key, close_key }) };
}

/** The anchor of one symbol's bars. */
function anchorOf(json: AnchorJson, bars: readonly AnchorBarJson[]): Anchor {
  const ofInterval = (interval: StoredInterval) => bars.filter((bar) => bar.interval === interval).map(keyedBarOf);
  return {
    snapshot: parseSnapshot(json.snapshot),
    nowUs: instant(json.now),
    boundary: json.day_boundary,
    bars: { minute: ofInterval("minute"), hour: ofInterval("hour"), day: ofInterval("day") },
  };
}

/** What one request to the anchor told. */
export interface Anchors {
  /** By symbol, those that have bars. */
  readonly known: ReadonlyMap<string, Anchor>;
  /** The anchor of every other symbol that was asked for. */
  readonly empty: Anchor;
}

function asFirstVersion(error: unknown): unknown {
  if (error instanceof QueryError && error.status === 404) return { stream_namespace: "", incarnation: "" };
  throw error;
}

export interface QueryClientOptions {
  readonly baseUrl: string;
  /** What the deployment's services show one another; undefined with `AUTH=off`. */
  readonly internalSecret: string | undefined;
  /** Learns from every answer that tells the database's. */
  readonly clock: RemoteClock;
  /**
   * Whether a database's incarnation is the one that is streamed from: bars of another one are not to be continued with its
   * messages.
   */
  isPresent(incarnation: string): boolean;
}

/** Reads bars from ohlc-query, and the database's clock. Every call ends within five seconds. */
export class QueryClient {
  readonly #headers: Readonly<Record<string, string>>;

  constructor(private readonly options: QueryClientOptions) {
    const { internalSecret } = options;
    this.#headers = internalSecret === undefined ? {} : { authorization: `Bearer ${internalSecret}` };
  }

  /** @throws QueryError when ohlc-query is away or does not know it yet */
  async readClock(): Promise<void> {
    await this.#timed("/internal/clock", {});
  }

  /**
   * The newest bars of a family and the snapshot they were read under.
   *
   * @throws QueryError when ohlc-query is away or cannot answer
   */
  async anchors(family: FamilyName, symbols: readonly string[]): Promise<Anchors> {
    // One of the build before knows no families: it is asked as ever for bars of prices.
    const query = { symbol: symbols.join(","), ...(family === "ohlc" ? {} : { family }) };
    // Its shape is ohlc-query's contract; what is computed with is parsed.
    const json = (await this.#timed("/internal/anchor", query)) as AnchorJson;
    if (json.incarnation !== undefined && !this.options.isPresent(json.incarnation)) {
      throw new QueryError("ohlc-query answered from another database than the one that is streamed from");
    }
    const bySymbol = groupBy(json.bars, ({ symbol }) => symbol);
    const known = new Map([...bySymbol].map(([symbol, bars]) => [symbol, anchorOf(json, bars)]));
    return { known, empty: anchorOf(json, []) };
  }

  /**
   * The names of symbols, in their order.
   *
   * @param after begins behind this one, or with the first
   * @throws QueryError when ohlc-query is away or cannot answer
   */
  async symbols(after: string | undefined, limit: number): Promise<string[]> {
    const json = await this.#get("/internal/symbols", {
      limit: String(limit),
      ...(after === undefined ? {} : { after }),
    });
    return (json as readonly unknown[]).map(String);
  }

  /**
   * Every bar of a range of closed buckets, from the primary.
   *
   * @param limit no fewer than the range has buckets
   * @throws QueryError when ohlc-query is away or cannot answer
   */
  async bars(family: FamilyName, symbol: string, range: ClosedRange, limit: number): Promise<ToldBar[]> {
    const { interval, fromUs, toUs } = range;
    const query = { symbol, start: formatBucket(fromUs), end: formatBucket(toUs), limit: String(limit) };
    const included = family === "ohlc" ? {} : { include: INCLUDED_NAMES.join(",") };
    const json = await this.#get(`/internal/ohlc/${interval}`, { ...query, ...included });
    return (json as readonly BarJson[]).map((bar) => toldBarOf(bar, family));
  }

  /**
   * What the database that is read says of itself. A first-version ohlc-query does not know the question: then the names are
   * the first version's, and every epoch counts.
   *
   * @throws QueryError when ohlc-query is away or cannot answer
   */
  async database(): Promise<DatabaseIdentity> {
    const json = await this.#get("/internal/database", {}).catch(asFirstVersion);
    const {
      stream_namespace,
      incarnation,
      incarnation_from_us: fromUs,
      kept_spellings,
    } = json as Readonly<Record<string, unknown>>; // Looked at before it is believed.
    if (typeof stream_namespace !== "string" || typeof incarnation !== "string") {
      throw new QueryError("ohlc-query answered something else than the database's identity");
    }
    const incarnationFromUs = typeof fromUs === "number" ? fromUs : undefined;
    const keptSpellings = Array.isArray(kept_spellings) ? kept_spellings.map(String) : [];
    return { streamNamespace: stream_namespace, incarnation, incarnationFromUs, keptSpellings };
  }

  /** What is answered holds the database's time of somewhere between the question and the answer. */
  async #timed(path: string, query: Readonly<Record<string, string>>): Promise<{ readonly now: string }> {
    const askedAtMs = performance.now();
    const json = (await this.#get(path, query)) as { readonly now: string }; // Its contract; what it says is parsed.
    this.options.clock.learn({ us: instant(json.now), askedAtMs, answeredAtMs: performance.now() });
    return json;
  }

  async #get(path: string, query: Readonly<Record<string, string>>): Promise<unknown> {
    const url = new URL(path, this.options.baseUrl);
    url.search = new URLSearchParams(query).toString();
    const signal = AbortSignal.timeout(REQUEST_DEADLINE_MS);
    try {
      const response = await fetch(url, { signal, headers: this.#headers });
      if (response.ok) return await response.json();
      throw new QueryError(`ohlc-query answered ${response.status} to ${path}`, { status: response.status });
    } catch (error) {
      if (error instanceof QueryError) throw error;
      throw new QueryError(`ohlc-query did not answer ${path}`, { cause: error });
    }
  }
}
