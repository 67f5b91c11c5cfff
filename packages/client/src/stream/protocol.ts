import type { BarJson, StoredInterval, WireTick } from "@fx-ohlc/schemas";

/** A bar as the stream sends it. */
export interface LiveBar extends BarJson {
  readonly interval: StoredInterval;
  /** The bar is complete and the grace for late ticks has passed too. */
  readonly final: boolean;
  /** When it was sent. */
  readonly timestamp: string;
}

/** What became of one channel of a subscription. */
export interface SubscribedChannel {
  readonly channel: string;
  readonly offset?: string;
  /** False when the history did not reach back to where the client had stopped. */
  readonly recovered?: boolean;
  readonly replayed?: number;
}

export interface SubscribedMessage {
  readonly type: "subscribed";
  readonly id?: number;
  readonly channels: readonly SubscribedChannel[];
}

export interface HeartbeatMessage {
  readonly type: "heartbeat";
  readonly time: string;
  readonly offsets: Readonly<Record<string, string>>;
}

/** New ticks of one symbol. */
export interface TicksMessage {
  readonly type: "ticks";
  readonly channel: string;
  readonly offset: string;
  readonly ticks: readonly WireTick[];
}

interface BarMessageOf<Type extends string> {
  readonly type: Type;
  readonly channel: string;
  readonly bar: LiveBar;
}

/** The running bar (`bar`), its last form (`final`), or a closed one that changed (`revision`). */
export type BarMessage = BarMessageOf<"bar"> | BarMessageOf<"final"> | BarMessageOf<"revision">;

/** Ticks that were left out because this client was slow: how many, and between which times. */
export interface ConflatedMessage {
  readonly type: "conflated";
  readonly channel: string;
  readonly skipped: number;
  readonly from: string;
  readonly to: string;
}

/** Ticks between two times that the stream cannot give any more. */
export interface GapMessage {
  readonly type: "gap";
  readonly channel: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** The server did not understand or accept a request; the connection stays. */
export interface ErrorMessage {
  readonly type: "error";
  readonly id?: number;
  readonly code: string;
  readonly message: string;
}

/** What belongs to one channel, in its order. */
export type ChannelMessage = TicksMessage | BarMessage | ConflatedMessage | GapMessage;

export type ServerMessage = ChannelMessage | SubscribedMessage | HeartbeatMessage | ErrorMessage;

const CHANNEL_TYPES: ReadonlySet<string> = new Set<ChannelMessage["type"]>([
  "ticks",
  "bar",
  "final",
  "revision",
  "conflated",
  "gap",
]);

/** Whether a message belongs to one channel. */
export function isChannelMessage(message: ServerMessage): message is ChannelMessage {
  return CHANNEL_TYPES.has(message.type);
}

/** @returns undefined for what is no message of this protocol */
export function parseMessage(data: unknown): ServerMessage | undefined {
  if (typeof data !== "string") return undefined;
  const message: unknown = JSON.parse(data);
  const typed = typeof message === "object" && message !== null && "type" in message;
  // The contract's own messages: the type names the shape, and one that is not known here is passed over later.
  return typed ? (message as ServerMessage) : undefined;
}
