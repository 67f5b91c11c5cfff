export type {
  ArchiveJson,
  BarJson,
  BarPrice,
  ChannelTicksMessage as TicksMessage,
  ConflatedMessage,
  ErrorMessage,
  FeedJson,
  FeedState,
  FieldError,
  FilledBar,
  GapMessage,
  IncludedName,
  Interval,
  LiveBar,
  LiveInterval,
  StoredInterval,
} from "@fx-ohlc/schemas";
export * from "./client.js";
export { ForbiddenError, type ProblemDocument, ProblemError, UnauthorizedError, UnreachableError } from "./errors.js";
export type { CallOptions, HttpOptions, RetryEvent } from "./http.js";
export type { Keys } from "./keys.js";
export * from "./queries.js";
export { backoffMs, DEFAULT_RETRY, type RetryPolicy, sleep } from "./retry.js";
export {
  type Channel,
  type ChannelSide,
  canonicalName,
  isChannelName,
  parseChannel,
  type QuoteSide,
} from "./stream/channel.js";
export type {
  BarsChannelName,
  ChannelInterval,
  ChannelName,
  StatusChannelName,
  TicksChannelName,
} from "./stream/channel-name.js";
export type { Position } from "./stream/channel-state.js";
export * from "./stream/events.js";
export { FxStream, StreamClosedError, type StreamOptions } from "./stream/fx-stream.js";
export type { BarMessage } from "./stream/protocol.js";
export type { Range } from "./stream/ranges.js";
export type { WebSocketConstructor, WebSocketLike } from "./stream/socket.js";
export type { TokenSource } from "./token.js";
export * from "./types.js";
export { CSV_HEADER, CSV_QUOTE_HEADER, type UploadFormat } from "./upload.js";
