import { IsStoredPrice, IsStoredSeq, IsTickTime } from "./answer-fields.js";
import { About, Describe, Sometimes } from "./field-schema.js";

/**
 * What tick-ingest publishes on Redis. Every message has an offset: `epoch-sequence`, opaque to clients. The sequence is
 * contiguous within an epoch; another epoch means that nothing can be said about what lay between.
 */

@About("A tick as it travels in messages and to WebSocket clients.")
export class WireTick {
  @IsTickTime()
  readonly time!: string;

  @Describe("Of a quote the mid of its sides.")
  @IsStoredPrice()
  readonly price!: number;

  @Sometimes()
  @Describe("Of a quote.")
  @IsStoredPrice()
  readonly bid?: number;

  @Sometimes()
  @Describe("Of a quote.")
  @IsStoredPrice()
  readonly ask?: number;

  @IsStoredSeq()
  readonly seq!: number;
}

/** New ticks of one symbol, all committed by the transaction `xid`. */
export interface TicksMessage {
  readonly type: "ticks";
  readonly symbol: string;
  readonly offset: string;
  /** `pg_current_xact_id()` of the committing transaction, a decimal string. */
  readonly xid: string;
  readonly ticks: readonly WireTick[];
  /** Of the step that published it, where somebody records its trace (W3C Trace Context). Clients are not told. */
  readonly traceparent?: string;
}

/**
 * Why stored history changed: ticks arrived behind the live window, or its bars were refreshed there (`late`), ticks were put or
 * deleted (`correction`), or they were committed without ever being published (`lost`: tick clients have a gap there).
 */
export type RevisionReason = "late" | "correction" | "lost";

/** The bars that overlap [from, to) changed and can be read again. */
export interface RevisionMessage {
  readonly type: "revision";
  readonly symbol: string;
  readonly offset: string;
  readonly from: string;
  readonly to: string;
  readonly reason: RevisionReason;
  /**
   * Of reason `lost`: nothing was, the ticks were older than the live window when they were committed, and such are declared and
   * not streamed. (Gateways of the first version tell tick clients of no other reason.)
   */
  readonly late?: true;
  /**
   * Of reason `correction`: all that [from, to) holds when it is told. Absent where that is more than 1,000 ticks, and in what the
   * first version tells: it has to be read. (Its gateways pass this over, and read bars again as for any revision.)
   */
  readonly ticks?: readonly WireTick[];
}

export type StreamMessage = TicksMessage | RevisionMessage;

/** A place in a symbol's stream. */
export interface Offset {
  readonly epoch: string;
  readonly sequence: number;
}

const OFFSET = /^([a-z0-9]{1,32})-(\d{1,15})$/;

/** What an epoch ends with: random characters of a-z and 0-9. Before it stands the incarnation of the database, as long again. */
export const EPOCH_RANDOM_LENGTH = 8;

/**
 * Whether an epoch tells of a database in its present incarnation. One of the first version, which is random alone, does not
 * say: it counts, for its processes may go on publishing during an upgrade, and streams they left end with the time.
 */
export function isEpochOf(epoch: string, incarnation: string): boolean {
  return epoch.length === EPOCH_RANDOM_LENGTH || epoch.startsWith(incarnation);
}

export function formatOffset(offset: Offset): string {
  return `${offset.epoch}-${offset.sequence}`;
}

/** Reads an offset; undefined when `raw` is not one. */
export function parseOffset(raw: unknown): Offset | undefined {
  const match = typeof raw === "string" ? OFFSET.exec(raw) : null;
  return match?.[1] === undefined ? undefined : { epoch: match[1], sequence: Number(match[2]) };
}
