import type { FeedJson } from "@fx-ohlc/schemas";
import { parseStoredInterval } from "@fx-ohlc/schemas/interval";
import { type Call, type CallOptions, Http, type HttpOptions } from "./http.js";
import { Keys } from "./keys.js";
import { pagedRows, streamedRows } from "./paging.js";
import type {
  AsOf,
  AuditQuery,
  BarKind,
  BarOf,
  BarsFileQuery,
  BarsQuery,
  FeedsQuery,
  Filling,
  GapsQuery,
  HeartbeatOptions,
  LastBarsQuery,
  LatestQuery,
  QualityQuery,
  RangeQuery,
  RevisionsQuery,
  SymbolsQuery,
  TickKey,
  TicksFileQuery,
  UploadOptions,
} from "./queries.js";
import { type Dial, Entrance } from "./stream/entrance.js";
import { FxStream, type StreamOptions } from "./stream/fx-stream.js";
import type { WebSocketConstructor } from "./stream/socket.js";
import { tickClock } from "./tick-clock.js";
import type {
  AuditJson,
  BulkResult,
  CorrectedTick,
  DeleteResult,
  GapJson,
  Health,
  PostedTick,
  QualityJson,
  QuoteInput,
  RevisionJson,
  SymbolJson,
  TicketJson,
  TickInput,
  TickJson,
  UploadResult,
} from "./types.js";
import { UPLOAD_TYPES, uploadOf } from "./upload.js";

export interface ClientOptions extends HttpOptions {
  /** The feed that ticks sent by it are of: `GET /feeds` and `status:` channels tell whether that is alive. */
  readonly feed?: string | undefined;
  /**
   * Stands in for the WebSocket of the browser, or of the `ws` package in Node. With a `token` each of its connections is let in
   * by a ticket.
   */
  readonly webSocket?: WebSocketConstructor | undefined;
}

/** The fewest round trips; the services answer no more at once. */
const PAGE_SIZE_DEFAULT = 10_000;

/** The parameters that say what kind of bars, but for the interval. */
function kindQuery({
  dayStartHour,
  timezone,
  price,
  include,
  fill,
  asOf,
}: Partial<BarKind> & Filling & AsOf): Call["query"] {
  return { day_start_hour: dayStartHour, timezone, price, include: include?.join(","), fill, as_of: asOf };
}

/** The bars stored as they are have addresses of their own. */
function barsCall({ interval, signal, ...kind }: BarKind & Filling & AsOf & CallOptions, range: Call["query"]): Call {
  const stored = parseStoredInterval(interval);
  const query = { ...(stored === undefined && { interval }), ...range, ...kindQuery(kind) };
  return { method: "GET", path: stored === undefined ? "/ohlc" : `/ohlc/${stored}`, query, signal };
}

/**
 * The HTTP calls of an fx-ohlc system. Each repeats what failed for a passing reason (see {@link RetryPolicy}) and throws a
 * {@link ProblemError} for a refusal, an {@link UnreachableError} when no answer came, or the reason of an aborted signal.
 */
export class FxClient {
  /** The API keys of the system. */
  readonly keys: Keys;
  readonly #http: Http;
  readonly #options: ClientOptions;
  readonly #dial: Dial | undefined;
  readonly #nextTime = tickClock();

  /** @param dial of a platform whose sockets can carry the token */
  constructor(options: ClientOptions, dial?: Dial) {
    this.#http = new Http(options);
    this.keys = new Keys(this.#http);
    this.#options = options;
    this.#dial = dial;
  }

  /** Stores one tick; when this returns it is durable. A conflict of explicit `seq` is a 409. */
  async postTick(tick: TickInput, options: CallOptions = {}): Promise<PostedTick> {
    return this.#post<PostedTick>({ path: "/ticks", ...json(this.#timed(tick)), headers: this.#named, ...options });
  }

  /** Stores up to 50,000 ticks, all of them or none. */
  async postTicks(ticks: readonly TickInput[], options: CallOptions = {}): Promise<BulkResult> {
    const body = json(ticks.map((tick) => this.#timed(tick)));
    return this.#post<BulkResult>({ path: "/ticks/bulk", ...body, headers: this.#named, ...options });
  }

  /**
   * Stores any number of ticks as they come, in order, in chunks that are each stored whole; the source waits while the
   * service is busy. It is not repeated when the connection breaks: sending the same ticks again is harmless. Browsers
   * differ in whether they can send a stream: Chromium does, over HTTP/2.
   *
   * @throws ProblemError at a bad line, with its number and what was stored before it
   */
  async streamTicks(
    ticks: AsyncIterable<TickInput> | Iterable<TickInput>,
    options: UploadOptions = {},
  ): Promise<UploadResult> {
    const upload = uploadOf(ticks, (tick) => this.#timed(tick), options.format);
    try {
      return await this.#upload(upload.body, options);
    } catch (error) {
      throw upload.sourceError() ?? error;
    } finally {
      upload.close();
    }
  }

  /** Stores lines of text that are at hand as a whole, a header first in CSV; unlike a stream it can be repeated. */
  async postLines(text: string, options: UploadOptions = {}): Promise<UploadResult> {
    return this.#upload(text, options);
  }

  /** Replaces the price of a stored tick, or both sides of a quote. */
  async putTick({ symbol, time, seq, signal }: TickKey, cost: number | QuoteInput): Promise<CorrectedTick> {
    const body = json(typeof cost === "number" ? { price: cost } : cost);
    const call: Call = { method: "PUT", path: "/ticks", query: { symbol, time, seq }, ...body, signal };
    return this.#body<CorrectedTick>(call);
  }

  /** Deletes the ticks of one stamp, or one of them. When the answer was lost and the request repeated, it is a 404. */
  async deleteTick({ symbol, time, seq, signal }: TickKey): Promise<DeleteResult> {
    const path = `/ticks/${encodeURIComponent(symbol)}/${encodeURIComponent(time)}`;
    return this.#body<DeleteResult>({ method: "DELETE", path, query: { seq }, signal });
  }

  /** Deletes the ticks from `start` to just before `end`. */
  async deleteTicks(range: CallOptions & { symbol: string; start: string; end: string }): Promise<DeleteResult> {
    const { symbol, start, end, signal } = range;
    return this.#body<DeleteResult>({ method: "DELETE", path: "/ticks", query: { symbol, start, end }, signal });
  }

  /** Bars in ascending order, of several symbols one after the other, page after page, or with `limit: "all"` as one answer that streams. */
  bars<const K extends BarsQuery>(query: K): AsyncGenerator<BarOf<K>, void, undefined> {
    const { start, end, pageSize = PAGE_SIZE_DEFAULT, limit } = query;
    const symbol = [query.symbol].flat().join(",");
    const call = barsCall(query, { symbol, start, end, limit: limit ?? pageSize });
    return limit === "all" ? streamedRows<BarOf<K>>(this.#http, call) : pagedRows<BarOf<K>>(this.#http, call);
  }

  /** The last bars before `end`, in ascending order. */
  async lastBars<const K extends LastBarsQuery>(query: K): Promise<BarOf<K>[]> {
    const { symbol, count, end } = query;
    return this.#body<BarOf<K>[]>(barsCall(query, { symbol, count, end }));
  }

  /** Ticks in the order of (time, seq), page after page, or with `limit: "all"` as one answer that streams. */
  ticks(query: RangeQuery): AsyncGenerator<TickJson, void, undefined> {
    const { symbol, start, end, pageSize = PAGE_SIZE_DEFAULT, limit, signal } = query;
    const range = { symbol, start, end, limit: limit ?? pageSize, as_of: query.asOf };
    const call: Call = { method: "GET", path: "/ticks", query: range, signal };
    return limit === "all" ? streamedRows<TickJson>(this.#http, call) : pagedRows<TickJson>(this.#http, call);
  }

  /**
   * All bars of a range as the service writes them in a format, byte by byte: of any length, and as fast as they are taken. An answer
   * that is cut off ends with an error, for nobody could tell how to go on in it.
   */
  barsFile({ format, ...query }: BarsFileQuery): AsyncGenerator<Uint8Array, void, undefined> {
    const { symbol, start, end } = query;
    return this.#http.bytes(barsCall(query, { symbol, start, end, limit: "all", format }));
  }

  /** The same of ticks. */
  ticksFile({ symbol, start, end, asOf, format, signal }: TicksFileQuery): AsyncGenerator<Uint8Array, void, undefined> {
    const query = { symbol, start, end, limit: "all", as_of: asOf, format };
    return this.#http.bytes({ method: "GET", path: "/ticks", query, signal });
  }

  /** The newest bar of each symbol, complete or not; none for a symbol nobody has sent. */
  async latest<const K extends LatestQuery>(wanted: K): Promise<BarOf<K>[]> {
    const { symbols, interval, signal } = wanted;
    const query = { symbol: symbols.join(","), interval, ...kindQuery(wanted) };
    return this.#body<BarOf<K>[]>({ method: "GET", path: "/ohlc/latest", query, signal });
  }

  /** Every symbol there is, by name, page after page. */
  async symbols({ prefix, signal }: SymbolsQuery = {}): Promise<SymbolJson[]> {
    const symbols: SymbolJson[] = [];
    const call: Call = { method: "GET", path: "/symbols", query: { prefix }, signal };
    for await (const symbol of pagedRows<SymbolJson>(this.#http, call)) symbols.push(symbol);
    return symbols;
  }

  /** What is missing of each symbol, came late, was corrected or looks wrong; none for a symbol nobody has sent. */
  async quality({ symbols, start, end, minGapS, outliers, signal }: QualityQuery): Promise<QualityJson[]> {
    const query = { symbol: symbols.join(","), start, end, min_gap_s: minGapS, outliers: outliers?.toString() };
    return this.#body<QualityJson[]>({ method: "GET", path: "/quality", query, signal });
  }

  /** When ticks of a symbol are missing, and why, page after page. */
  gaps({ symbol, start, end, minGapS, closed, signal }: GapsQuery): AsyncGenerator<GapJson, void, undefined> {
    const query = { symbol, start, end, min_gap_s: minGapS, closed: closed?.toString(), limit: PAGE_SIZE_DEFAULT };
    return pagedRows<GapJson>(this.#http, { method: "GET", path: "/quality/gaps", query, signal });
  }

  /** What was corrected, deleted or came late of a symbol's ticks, by when it was, page after page. */
  revisions({ symbol, start, end, since, signal }: RevisionsQuery): AsyncGenerator<RevisionJson, void, undefined> {
    const query = { symbol, start, end, since, limit: PAGE_SIZE_DEFAULT };
    return pagedRows<RevisionJson>(this.#http, { method: "GET", path: "/revisions", query, signal });
  }

  /**
   * Says that the feed of this client's options is alive, and what it brings when there is something to bring. To be called every
   * `everyS` seconds; it is not repeated, for the next one says the same.
   *
   * @throws TypeError where the options name no feed
   */
  async heartbeat(symbols: readonly string[], { everyS, signal }: HeartbeatOptions = {}): Promise<void> {
    const { feed } = this.#options;
    if (feed === undefined) throw new TypeError("a heartbeat is of a feed: name it in the client's options");
    const body = json({ symbols, every_s: everyS });
    await this.#post({ path: `/feeds/${encodeURIComponent(feed)}/heartbeat`, ...body, isOnce: true, signal });
  }

  /** Which feeds there are, a row for each symbol, and which of them are alive; needs the scope `ops`. */
  async feeds({ feed, symbol, signal }: FeedsQuery = {}): Promise<FeedJson[]> {
    const feeds: FeedJson[] = [];
    const call: Call = { method: "GET", path: "/feeds", query: { feed, symbol }, signal };
    for await (const row of pagedRows<FeedJson>(this.#http, call)) feeds.push(row);
    return feeds;
  }

  /** How the system is; an unhealthy one answers too, with a 503 that is not an error here. */
  async health(options: CallOptions = {}): Promise<Health> {
    return this.#body<Health>({ method: "GET", path: "/health", expect: [503], ...options });
  }

  /** Who changed which key or tick, the newest first; needs the scope `admin`. */
  audit({ pageSize, signal }: AuditQuery = {}): AsyncGenerator<AuditJson, void, undefined> {
    return pagedRows<AuditJson>(this.#http, { method: "GET", path: "/audit", query: { limit: pageSize }, signal });
  }

  /** Lets one WebSocket in that cannot carry the token, within 30 s: `/ws?ticket=…`. A {@link stream} sees to that itself. */
  async ticket(options: CallOptions = {}): Promise<TicketJson> {
    return this.#post<TicketJson>({ path: "/tickets", ...options });
  }

  /**
   * Ticks and bars as they happen; see {@link FxStream}. It connects when it is read or listened to.
   *
   * @throws Error where there is no WebSocket: pass one in the client's options
   */
  stream(options: StreamOptions): FxStream {
    const { random = Math.random } = this.#options;
    return new FxStream({ entrance: this.#entrance(), history: this, random }, options);
  }

  #entrance(): Entrance {
    const { url: base, webSocket = globalWebSocket() } = this.#options;
    const url = `${base.replace(/^http/, "ws").replace(/\/+$/, "")}/ws`;
    if (this.#dial !== undefined) return new Entrance({ url, http: this.#http, dial: this.#dial, needsTicket: false });
    if (webSocket === undefined) throw new Error("this platform has no WebSocket: pass one as the option webSocket");
    return new Entrance({ url, http: this.#http, dial: (address) => new webSocket(address), needsTicket: true });
  }

  /** What says which feed ticks are of. */
  get #named(): Readonly<Record<string, string>> {
    const { feed } = this.#options;
    return feed === undefined ? {} : { "x-feed": feed };
  }

  /** A tick without a time gets its own before it is sent: a repeated request then names the same tick. */
  #timed(tick: TickInput): TickInput {
    return tick.time === undefined ? { ...tick, time: this.#nextTime() } : tick;
  }

  #upload(body: string | ReadableStream<Uint8Array>, { format = "ndjson", onError, signal }: UploadOptions) {
    const head = { contentType: UPLOAD_TYPES[format], headers: this.#named };
    const call = { path: "/ticks/bulk", query: { on_error: onError }, body, ...head, signal };
    return this.#post<UploadResult>(call);
  }

  #post<T>(call: Omit<Call, "method">): Promise<T> {
    return this.#body<T>({ method: "POST", ...call });
  }

  async #body<T>(call: Call): Promise<T> {
    const { body } = await this.#http.send(call);
    // The contract's own answer: the caller names the type of the address it asks for.
    return body as T;
  }
}

function globalWebSocket(): WebSocketConstructor | undefined {
  // Node 20 has none, so its types know none either.
  return (globalThis as { WebSocket?: WebSocketConstructor }).WebSocket;
}

function json(value: unknown): { body: string; contentType: string } {
  return { body: JSON.stringify(value), contentType: "application/json" };
}
