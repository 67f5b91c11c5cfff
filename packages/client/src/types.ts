import type { FieldError } from "@fx-ohlc/schemas";

/** A tick to send. */
export interface TickInput {
  /** Stored upper case; the service takes EURUSD when it is absent. */
  readonly symbol?: string | undefined;
  /** Greater than 0. */
  readonly price: number;
  /** RFC 3339 with Z or an offset, up to six fraction digits; now when absent. */
  readonly time?: string | undefined;
  /** Place among the ticks of the same symbol and time, 0 to 1023; the next free one when absent. */
  readonly seq?: number | undefined;
}

/** A stored tick. */
export interface TickJson {
  readonly symbol: string;
  /** UTC with six fraction digits. */
  readonly time: string;
  readonly price: number;
  readonly seq: number;
}

/** The answer to one posted tick. */
export interface PostedTick extends TickJson {
  /** The very tick had been stored before: a replay. */
  readonly duplicate: boolean;
}

/** The answer to many posted ticks. */
export interface BulkResult {
  readonly created: number;
  readonly duplicates: number;
  readonly message: string;
}

/** The answer to a streamed upload. */
export interface UploadResult extends BulkResult {
  readonly lines: number;
  /** With `on_error=skip`: how many lines were left out, if any. */
  readonly rejected?: number;
  /** What was wrong with the first hundred of them: each `field` begins with `line 17`, the body's first line being 1. */
  readonly errors?: readonly FieldError[];
}

/** The answer to a PUT. */
export interface CorrectedTick extends TickJson {
  /** Present when the bars did not hold the change within 5 s; they will. */
  readonly bars?: "pending";
}

/** The answer to a DELETE. */
export interface DeleteResult {
  readonly deleted: number;
  readonly message: string;
  /** Present when the bars did not hold the change within 5 s; they will. */
  readonly bars?: "pending";
}

export interface SymbolJson {
  readonly symbol: string;
  readonly first_tick: string;
  readonly last_tick: string;
}

/** The answer to `/health`; the edge adds one part for each service. */
export interface Health {
  readonly status: "healthy" | "unhealthy";
  readonly timestamp: string;
  readonly [part: string]: unknown;
}
