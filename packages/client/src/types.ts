import type { KeyJson, Limits, NewKeyJson, Scope } from "@fx-ohlc/schemas";

export type {
  AuditJson,
  BulkResult,
  CorrectedTick,
  DeleteResult,
  GapJson,
  Limits,
  PostedTick,
  QualityJson,
  RevisionJson,
  Scope,
  SymbolJson,
  TicketJson,
  TickJson,
  UploadResult,
} from "@fx-ohlc/schemas";

/** A single price: greater than 0. */
export interface PriceInput {
  readonly price: number;
  readonly bid?: undefined;
  readonly ask?: undefined;
}

/** Both sides of a quote, each greater than 0; its price is their mid. */
export interface QuoteInput {
  readonly bid: number;
  readonly ask: number;
  readonly price?: undefined;
}

/** A tick to send. */
export type TickInput = TickPlace & (PriceInput | QuoteInput);

/** Which tick it is. */
export interface TickPlace {
  /** Stored upper case; the service takes EURUSD when it is absent. */
  readonly symbol?: string | undefined;
  /** RFC 3339 with Z or an offset, up to six fraction digits; now when absent. */
  readonly time?: string | undefined;
  /** Place among the ticks of the same symbol and time, 0 to 1023; the next free one when absent. */
  readonly seq?: number | undefined;
}

/** The answer to `/health`; the edge adds one part for each service. */
export interface Health {
  readonly status: "healthy" | "unhealthy";
  /** With `AUTH=on` only a token that has the scope `ops` is told more than the status. */
  readonly timestamp?: string;
  readonly [part: string]: unknown;
}

/** A key, but for its token. */
export type ApiKey = KeyJson;

/** A key that was just made, with its `token`: shown this once. */
export type CreatedKey = NewKeyJson;

/** A key to make. */
export interface NewKey {
  /** What it is for, as access logs, metrics and corrections say it. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Patterns such as `EUR*` and `XAUUSD`; every symbol when absent. */
  readonly symbols?: readonly string[] | null | undefined;
  /** Feeds that it may name itself; its own name alone when absent. */
  readonly feeds?: readonly string[] | null | undefined;
  readonly limits?: Limits | null | undefined;
  /** RFC 3339; never when absent. */
  readonly expires_at?: string | null | undefined;
  /** For callers that cannot set headers: it goes into the address as `?token=`, and holds `read` or `write` and nothing else. */
  readonly in_url?: boolean | undefined;
}

/** What can be changed of a key; `null` takes back what holds it to some symbols, limits or an end. */
export interface KeyChanges {
  readonly name?: string | undefined;
  readonly scopes?: readonly Scope[] | undefined;
  readonly symbols?: readonly string[] | null | undefined;
  readonly feeds?: readonly string[] | null | undefined;
  readonly limits?: Limits | null | undefined;
  readonly expires_at?: string | null | undefined;
}
