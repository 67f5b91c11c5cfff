export type {
  BulkResult,
  CorrectedTick,
  DeleteResult,
  PostedTick,
  SymbolJson,
  TickJson,
  UploadResult,
} from "@fx-ohlc/schemas";

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

/** The answer to `/health`; the edge adds one part for each service. */
export interface Health {
  readonly status: "healthy" | "unhealthy";
  readonly timestamp: string;
  readonly [part: string]: unknown;
}
