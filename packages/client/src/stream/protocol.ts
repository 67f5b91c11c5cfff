import type {
  ChannelCorrectionMessage,
  ChannelTicksMessage,
  ConflatedMessage,
  ErrorMessage,
  FinalBarMessage,
  GapMessage,
  HeartbeatMessage,
  RevisedBarMessage,
  RunningBarMessage,
  StatusMessage,
  SubscribedMessage,
} from "@fx-ohlc/schemas";

/** The running bar (`bar`), its last form (`final`), or a closed one that changed (`revision`). */
export type BarMessage = RunningBarMessage | FinalBarMessage | RevisedBarMessage;

/** What belongs to one channel, in its order. */
export type ChannelMessage =
  | ChannelTicksMessage
  | ChannelCorrectionMessage
  | BarMessage
  | ConflatedMessage
  | GapMessage;

export type ServerMessage = ChannelMessage | StatusMessage | SubscribedMessage | HeartbeatMessage | ErrorMessage;

const CHANNEL_TYPES: ReadonlySet<string> = new Set<ChannelMessage["type"]>([
  "ticks",
  "corrected",
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
