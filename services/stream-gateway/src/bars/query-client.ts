import {
  type Bar,
  type BarJson,
  type DayBoundary,
  type FamilyName,
  formatTime,
  INCLUDED_NAMES,
  type Level,
  type LiveInterval,
  type Micros,
  parseTime,
  type SpreadSum,
  STORED_INTERVALS,
  type TickKey,
  type WireTick,
} from "@fx-ohlc/schemas";
import { groupBy, type RemoteClock, type Tracer } from "@fx-ohlc/service-kit";
import type { DatabaseIdentity } from "../feed/deployment-watch.js";
import { timeOf } from "../feed/feed-message.js";
import type { ToldBar } from "./bar-event.js";
import type { FoldTick, KeyedBar } from "./folded-bar.js";
import type { Anchor } from "./live-bars.js";
import type { ClosedRange, TickAnchor } from "./live-level.js";
import { type KeyedQuotes, type ToldQuotes, toldQuotes } from "./quotes.js";
import { parseSnapshot } from "./snapshot.js";

/** A page of anchors takes some 50 ms, and a database that is away is noticed at two seconds. */
const REQUEST_DEADLINE_MS = 5000;

/** Whose traces would be nothing but noise. */
const ASKED_ALL_THE_TIME: ReadonlySet<string> = new Set(["/internal/clock", "/internal/database"]);

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

interface KeyedBarJson extends BarJson, KeysJson {
  /** Of the family of quotes: null where the bar has none. */
  readonly quotes?: AnchorQuotesJson | null;
}

interface AnchorBarJson extends KeyedBarJson {
  readonly interval: LiveInterval;
}

/** Of one symbol's bars of ticks. */
interface TickAnchorJson {
  readonly symbol: string;
  readonly count: number;
  readonly last?: KeyJson;
  readonly day_end: string;
  readonly bar?: KeyedBarJson & { readonly seq: number };
  readonly ticks: readonly WireTick[];
}

interface AnchorJson {
  /** Absent from a first-version ohlc-query. */
  readonly incarnation?: string;
  readonly snapshot: string;
  readonly now: string;
  readonly day_boundary: DayBoundary;
  readonly bars: readonly AnchorBarJson[];
  readonly of_ticks?: readonly TickAnchorJson[];
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

function keyedBarOf(json: KeyedBarJson): KeyedBar {
  const { quotes } = json;
  const bar = { ...barOf(json), ...keysOf(json) };
  return quotes === undefined ? bar : { ...bar, quotes: quotes === null ? null : keyedQuotesOf(quotes) };
}

function keyedQuotesOf(json: AnchorQuotesJson): KeyedQuotes {
  const { spread_sum: spreadSum, open_key, close_key, ...told } = json;
  return { ...told, spreadSum, ...keysOf({ open_key, close_key }) };
}

function tickAnchorOf(json: TickAnchorJson): TickAnchor | undefined {
  const { count, last, day_end, bar, ticks } = json;
  const all = ticks.map((tick): FoldTick => {
    const { price, seq, bid, ask } = tick;
    return { timeUs: timeOf(tick), price, seq, bid, ask };
  });
  return {
    bar: bar && { ...keyedBarOf(bar), seq: bar.seq },
    last: last && keyOf(last),
    ...{ count, dayEndUs: instant(day_end), ticks: all },
  };
}

/** The anchor of one symbol's bars. */
function anchorOf(
  json: AnchorJson,
  level: Level | undefined,
  bars: readonly AnchorBarJson[],
  ofTicks?: TickAnchorJson,
): Anchor {
  const intervals = level === undefined ? STORED_INTERVALS : [level.interval];
  const ofInterval = (interval: LiveInterval) => bars.filter((bar) => bar.interval === interval).map(keyedBarOf);
  return {
    snapshot: parseSnapshot(json.snapshot),
    nowUs: instant(json.now),
    boundary: json.day_boundary,
    bars: Object.fromEntries(intervals.map((interval) => [interval, ofInterval(interval)])),
    ofTicks: ofTicks && tickAnchorOf(ofTicks),
  };
}

/** How ohlc-query is asked for a level. */
function levelQuery({ interval, boundary }: Level): Record<string, string> {
  if (boundary === undefined) return { interval };
  return { interval, day_start_hour: String(boundary.hour), timezone: boundary.timezone };
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

/** An answer, and where the page after it starts. */
interface Answered {
  readonly json: unknown;
  readonly next: string | undefined;
}

function nextStart(link: string | null): string | undefined {
  const next = link === null ? undefined : /<([^>]+)>; rel="next"/.exec(link)?.[1];
  return next === undefined ? undefined : (new URL(next).searchParams.get("start") ?? undefined);
}

/** Which closed bars to read. */
export interface WantedBars {
  readonly family: FamilyName;
  readonly symbol: string;
  readonly range: ClosedRange;
  /** Of the level, where it has one of its own. */
  readonly boundary: DayBoundary | undefined;
}

export interface QueryClientOptions {
  readonly baseUrl: string;
  /** What the deployment's services show one another; undefined with `AUTH=off`. */
  readonly internalSecret: string | undefined;
  /** Learns from every answer that tells the database's. */
  readonly clock: RemoteClock;
  /** Records what is asked, but for what is asked all the time. */
  readonly tracer?: Tracer | undefined;
  /**
   * Whether a database's incarnation is the one that is streamed from: bars of another one are not to be continued with its
   * messages.
   */
  isPresent(incarnation: string): boolean;
}

/** Reads bars from ohlc-query, and the database's clock. Every call ends within five seconds. */
export class QueryClient {
  readonly #headers: Readonly<Record<string, string>>;
  #symbolCount = 0;

  constructor(private readonly options: QueryClientOptions) {
    const { internalSecret } = options;
    this.#headers = internalSecret === undefined ? {} : { authorization: `Bearer ${internalSecret}` };
  }

  /** How many symbols the database holds, as it was asked last. */
  get symbolCount(): number {
    return this.#symbolCount;
  }

  /** @throws QueryError when ohlc-query is away or does not know it yet */
  async readClock(): Promise<void> {
    await this.#timed("/internal/clock", {});
  }

  /**
   * The newest bars of a family and the snapshot they were read under.
   *
   * @param level undefined: those that are stored
   * @throws QueryError when ohlc-query is away or cannot answer
   */
  async anchors(family: FamilyName, level: Level | undefined, symbols: readonly string[]): Promise<Anchors> {
    // One of a build before knows no families and no levels: it is asked as ever for stored bars of prices.
    const ofLevel = level === undefined ? {} : levelQuery(level);
    const query = { symbol: symbols.join(","), ...(family === "ohlc" ? {} : { family }), ...ofLevel };
    // Its shape is ohlc-query's contract; what is computed with is parsed.
    const json = (await this.#timed("/internal/anchor", query)) as AnchorJson;
    if (json.incarnation !== undefined && !this.options.isPresent(json.incarnation)) {
      throw new QueryError("ohlc-query answered from another database than the one that is streamed from");
    }
    const ofTicks = new Map(json.of_ticks?.map((each) => [each.symbol, each]));
    const bySymbol = groupBy(json.bars, ({ symbol }) => symbol);
    const anchored = new Set([...bySymbol.keys(), ...ofTicks.keys()]);
    const anchor = (symbol: string) => anchorOf(json, level, bySymbol.get(symbol) ?? [], ofTicks.get(symbol));
    const known = new Map([...anchored].map((symbol) => [symbol, anchor(symbol)]));
    return { known, empty: anchorOf(json, level, []) };
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
   * Every bar of a range of closed buckets, from the primary. Bars of seconds may come in some pages.
   *
   * @param limit no fewer than the range has buckets
   * @throws QueryError when ohlc-query is away or cannot answer
   */
  async bars({ family, symbol, range, boundary }: WantedBars, limit: number): Promise<ToldBar[]> {
    const { interval, fromUs, toUs } = range;
    const included = family === "ohlc" ? {} : { include: INCLUDED_NAMES.join(",") };
    const isStored = boundary === undefined && STORED_INTERVALS.some((stored) => stored === interval);
    const path = isStored ? `/internal/ohlc/${interval}` : "/internal/ohlc";
    const kind = { ...(isStored ? {} : levelQuery({ interval, boundary })), ...included };
    const bars: ToldBar[] = [];
    for (let start: string | undefined = formatTime(fromUs); start !== undefined; ) {
      const query = { symbol, start, end: formatTime(toUs), limit: String(limit), ...kind };
      const { json, next }: Answered = await this.#ask(path, query);
      bars.push(...(json as readonly BarJson[]).map((bar) => toldBarOf(bar, family)));
      start = next;
    }
    return bars;
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
      symbol_count,
    } = json as Readonly<Record<string, unknown>>; // Looked at before it is believed.
    if (typeof stream_namespace !== "string" || typeof incarnation !== "string") {
      throw new QueryError("ohlc-query answered something else than the database's identity");
    }
    if (typeof symbol_count === "number") this.#symbolCount = symbol_count;
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
    return (await this.#ask(path, query)).json;
  }

  async #ask(path: string, query: Readonly<Record<string, string>>): Promise<Answered> {
    const fields = { "http.request.method": "GET", "url.path": path };
    const span = ASKED_ALL_THE_TIME.has(path) ? undefined : this.options.tracer?.begin(`GET ${path}`, "client", fields);
    if (span === undefined) return this.#fetch(path, query, this.#headers);
    try {
      const answered = await this.#fetch(path, query, { ...this.#headers, traceparent: span.traceparent });
      span.end();
      return answered;
    } catch (error) {
      span.end(error);
      throw error;
    }
  }

  async #fetch(
    path: string,
    query: Readonly<Record<string, string>>,
    headers: Readonly<Record<string, string>>,
  ): Promise<Answered> {
    const url = new URL(path, this.options.baseUrl);
    url.search = new URLSearchParams(query).toString();
    const signal = AbortSignal.timeout(REQUEST_DEADLINE_MS);
    try {
      const response = await fetch(url, { signal, headers });
      if (response.ok) return { json: await response.json(), next: nextStart(response.headers.get("link")) };
      throw new QueryError(`ohlc-query answered ${response.status} to ${path}`, { status: response.status });
    } catch (error) {
      if (error instanceof QueryError) throw error;
      throw new QueryError(`ohlc-query did not answer ${path}`, { cause: error });
    }
  }
}
