import type { AnyInterval, BarJson, BarPrice, FilledBar, IncludedName, StoredInterval } from "@fx-ohlc/schemas";
import type { CallOptions } from "./http.js";
import type { UploadFormat } from "./upload.js";

/** Which rows to read: start inclusive, end exclusive, both RFC 3339. */
export interface RangeQuery extends CallOptions, AsOf {
  readonly symbol: string;
  readonly start: string;
  /** Now when absent. */
  readonly end?: string | undefined;
  /** Rows fetched at a time, 1 to 10,000 (the default). */
  readonly pageSize?: number | undefined;
  /** One answer for the whole range, of any length, in place of pages: it comes as fast as its rows are taken. */
  readonly limit?: "all" | undefined;
}

/** At which moment. */
export interface AsOf {
  /** As it was known then, at least 60 s ago; as it is when absent. */
  readonly asOf?: string | undefined;
}

/** What is told of buckets without ticks: nothing, nulls, or flat bars at the last close before them. */
export type Fill = "none" | "null" | "previous";

/** What kind of bars. */
export interface BarKind {
  /** Of time, `1s` to `1y`, or of ticks, `100t`: those bars carry the `seq` of their first tick. */
  readonly interval: AnyInterval | StoredInterval;
  /** Local hour, 0 to 23, where the FX day starts; for 45m and intervals of two hours or more. */
  readonly dayStartHour?: number | undefined;
  /** IANA zone of that hour. */
  readonly timezone?: string | undefined;
  /** What open, high, low and close are of: `mid`, the price of the ticks, when absent. Bars without quotes have nulls for a side. */
  readonly price?: BarPrice | undefined;
  /** What of their quotes stands beside: `bid_open` to `bid_close`, `ask_open` to `ask_close`, `spread_avg` to `spread_max`. */
  readonly include?: readonly IncludedName[] | undefined;
}

/** What is answered: of a side, and where empty buckets are told, there may be nulls. */
export type BarOf<K extends Partial<BarKind> & Filling> = K extends
  | { readonly price: "bid" | "ask" }
  | { readonly fill: "null" | "previous" }
  ? FilledBar
  : BarJson;

export interface Filling {
  /** Whether buckets without ticks are told too, up to now; `none` when absent. */
  readonly fill?: Fill | undefined;
}

export interface BarsQuery extends Omit<RangeQuery, "symbol">, BarKind, Filling {
  /** One, or up to 100: their bars come by symbol, in the order of the names, and then by bucket. */
  readonly symbol: string | readonly string[];
}

/** A format of files. */
export type FileFormat = "csv" | "ndjson" | "json" | "parquet";

export interface TicksFileQuery extends Omit<RangeQuery, "pageSize" | "limit"> {
  readonly format: FileFormat;
}

export interface BarsFileQuery extends Omit<TicksFileQuery, "format">, BarKind, Filling {
  /** Arrow is the stream format of its IPC, `columns` a JSON array for each field. */
  readonly format: FileFormat | "arrow" | "columns";
}

/** The last bars before an instant. */
export interface LastBarsQuery extends CallOptions, AsOf, BarKind, Filling {
  readonly symbol: string;
  /** 1 to 10,000. */
  readonly count: number;
  /** Now when absent. */
  readonly end?: string | undefined;
}

export interface LatestQuery extends CallOptions, AsOf, Partial<BarKind> {
  readonly symbols: readonly string[];
}

export interface SymbolsQuery extends CallOptions {
  /** Only symbols that begin so. */
  readonly prefix?: string | undefined;
}

/** Whose gaps to look for: start inclusive, end exclusive, both RFC 3339. */
export interface GapsQuery extends CallOptions {
  readonly symbol: string;
  readonly start: string;
  /** Now when absent. */
  readonly end?: string | undefined;
  /** Shorter ones are left out; 60 when absent. */
  readonly minGapS?: number | undefined;
  /** Whether times when the market was closed are told, too. */
  readonly closed?: boolean | undefined;
}

export interface QualityQuery extends Omit<GapsQuery, "symbol" | "closed"> {
  /** Up to 100. */
  readonly symbols: readonly string[];
  /** Whether ticks far off and crossed quotes are counted, for which every tick is read. */
  readonly outliers?: boolean | undefined;
}

/** Of which ticks: start inclusive, end exclusive, both RFC 3339. */
export interface RevisionsQuery extends CallOptions {
  readonly symbol: string;
  readonly start: string;
  /** Now when absent. */
  readonly end?: string | undefined;
  /** Only what was done from this moment on. */
  readonly since?: string | undefined;
}

export interface FeedsQuery extends CallOptions {
  readonly feed?: string | undefined;
  readonly symbol?: string | undefined;
}

export interface HeartbeatOptions extends CallOptions {
  /** In how many seconds the next one comes; 10 when absent. */
  readonly everyS?: number | undefined;
}

export interface AuditQuery extends CallOptions {
  /** Rows fetched at a time; what the service does by itself when absent. */
  readonly pageSize?: number | undefined;
}

export interface TickKey extends CallOptions {
  readonly symbol: string;
  readonly time: string;
  /** Needed to correct one of several ticks of the same time; without it a deletion takes all of them. */
  readonly seq?: number | undefined;
}

export interface UploadOptions extends CallOptions {
  /** `ndjson` when absent. */
  readonly format?: UploadFormat | undefined;
  /** `skip` goes on after a bad line and lists it in the result; `stop` (the default) ends with an error there. */
  readonly onError?: "stop" | "skip" | undefined;
}
