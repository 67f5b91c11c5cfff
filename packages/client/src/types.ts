import type { Limits, Scope } from "@fx-ohlc/schemas";

export type {
  BulkResult,
  CorrectedTick,
  DeleteResult,
  Limits,
  PostedTick,
  Scope,
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

/** A key to make. */
export interface NewKey {
  /** What it is for, as access logs, metrics and corrections say it. */
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** Patterns such as `EUR*` and `XAUUSD`; every symbol when absent. */
  readonly symbols?: readonly string[] | undefined;
  readonly limits?: Limits | undefined;
  /** RFC 3339; never when absent. */
  readonly expires_at?: string | undefined;
  /** For callers that cannot set headers: it goes into the address as `?token=`, and holds `read` or `write` and nothing else. */
  readonly in_url?: boolean | undefined;
}

/** What can be changed of a key; `null` clears. */
export interface KeyChanges {
  readonly name?: string | undefined;
  readonly scopes?: readonly Scope[] | undefined;
  readonly symbols?: readonly string[] | null | undefined;
  readonly limits?: Limits | null | undefined;
  readonly expires_at?: string | null | undefined;
}

/** A key as it is listed. */
export interface ApiKey {
  readonly id: string;
  readonly name: string;
  readonly scopes: readonly Scope[];
  readonly symbols?: readonly string[] | null;
  readonly limits?: Limits | null;
  readonly in_url?: boolean;
  readonly created_at: string;
  readonly expires_at?: string | null;
  /** At most a minute or so behind; absent for a key that was never used. */
  readonly last_used_at?: string | null;
}

/** A key that was just made. */
export interface CreatedKey extends ApiKey {
  /** `fxk_<id>_<secret>`: shown this once. */
  readonly token: string;
}

/** Lets one WebSocket in: `/ws?ticket=…`, once. */
export interface Ticket {
  readonly ticket: string;
  readonly expires_at: string;
}

/** A change of a key, or a correction of ticks, and who made it. */
export interface AuditEntry {
  readonly at: string;
  /** The name of the token. */
  readonly by: string;
  readonly action: string;
  readonly [detail: string]: unknown;
}
