import type {
  ChannelCorrectionMessage,
  ChannelSide,
  ChannelTicksMessage,
  ConflatedMessage,
  ErrorMessage,
  FeedState,
  FilledBar,
  GapMessage,
  LiveInterval,
  WireTick,
} from "@fx-ohlc/schemas";
import type { TickJson } from "../types.js";
import type { BarMessage } from "./protocol.js";
import { earliest } from "./ranges.js";

/**
 * All ticks of [from, to), read over HTTP because the stream could not give them, or not as slowly as they are read. They replace what
 * is held of that range: some may have come before, and what is not among them any more was deleted.
 */
export interface ReloadedTicksEvent {
  readonly type: "reloaded-ticks";
  readonly channel: string;
  readonly symbol: string;
  readonly from: string;
  /** Absent when it is the instant of reading. */
  readonly to?: string | undefined;
  readonly ticks: readonly TickJson[];
}

/**
 * Ticks of [from, to) were put or deleted: `ticks` are all that it holds now, in place of what is held of it. (Of more than 1,000 the
 * range is read over HTTP: they come as `reloaded-ticks`.)
 */
export interface CorrectedTicksEvent extends ChannelCorrectionMessage {
  readonly ticks: readonly WireTick[];
}

/** Closed bars read over HTTP because the stream could not give them. Some may have come before. */
export interface ReloadedBarsEvent {
  readonly type: "reloaded-bars";
  readonly channel: string;
  readonly symbol: string;
  readonly interval: LiveInterval;
  /** What open, high, low and close are of: null for `bid` and `ask` in bars without quotes. `quote`: with all of their quotes. */
  readonly side: ChannelSide;
  readonly bars: readonly FilledBar[];
}

/** How a symbol's feeds are: at once when its `status:` channel is followed, and whenever that changes. */
export interface FeedStatusEvent {
  readonly type: "feed-status";
  readonly channel: string;
  readonly symbol: string;
  /** As the best of its feeds is. */
  readonly state: FeedState;
  /** When it came into this state. */
  readonly since: string;
}

/** What the connection does. */
export interface StatusEvent {
  readonly type: "status";
  /**
   * `connecting`; `live` once subscribed; `waiting` before the next attempt; `paused` while the reader of a `for await` loop
   * is far behind: the connection stays, and what comes meanwhile follows when there is room; `closed` for good.
   */
  readonly status: "connecting" | "live" | "waiting" | "paused" | "closed";
  /** Why the connection ended, where it did. */
  readonly reason?: string | undefined;
  /** What closed the stream for good, where that was not its reader. */
  readonly error?: Error | undefined;
  /** How long it waits before the next attempt. */
  readonly retryMs?: number | undefined;
}

/**
 * Ticks between two times that neither the stream nor HTTP could give: the reason is why HTTP could not. `late`: they are an
 * hour or more of old ticks that were stored just now, and were not asked for.
 */
export interface GapEvent extends Omit<GapMessage, "reason"> {
  readonly reason: string;
}

export type StreamEvent =
  | ChannelTicksMessage
  | CorrectedTicksEvent
  | BarMessage
  | ConflatedMessage
  | GapEvent
  | ErrorMessage
  | ReloadedTicksEvent
  | ReloadedBarsEvent
  | FeedStatusEvent
  | StatusEvent;

/** The events of one type. */
export type EventOf<Type extends StreamEvent["type"]> = Extract<StreamEvent, { readonly type: Type }>;

/** What tells no ticks or bars: of these, a queue may leave some out. */
export function isNotice({ type }: StreamEvent): boolean {
  return type === "status" || type === "error";
}

/**
 * The earliest time of what an event tells that HTTP has too, up to now; undefined where it has nothing of it, as of a bar that runs, or
 * of a correction, which is of its range alone.
 */
export function startOf(event: StreamEvent): string | undefined {
  switch (event.type) {
    case "ticks":
      return event.ticks.map(({ time }) => time).reduce(earliest);
    case "final":
    case "revision":
      return event.bar.bucket;
    case "reloaded-bars":
      return event.bars.at(0)?.bucket;
    case "reloaded-ticks":
    case "conflated":
      return event.from;
    case "gap":
      // An import is not to be read.
      return event.late === true ? undefined : event.from;
    default:
      return undefined;
  }
}

/** How many ticks or bars an event holds, or tells of: one at least. */
export function rowsOf(event: StreamEvent): number {
  if (isNotice(event)) return 0;
  if ("ticks" in event) return Math.max(1, event.ticks.length);
  return "bars" in event ? Math.max(1, event.bars.length) : 1;
}
