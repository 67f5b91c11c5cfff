import { type Channel, channelName, EVERY_SYMBOL, type Offset, parseOffset, ticksChannel } from "@fx-ohlc/schemas";
import { fieldsOf } from "../json-object.js";
import { parseChannel } from "./channel.js";

/** Whatever the client numbers its requests with; it comes back with the answer. */
export type RequestId = string | number;

export type MultiplexRequest =
  | {
      readonly op: "subscribe";
      readonly id: RequestId | undefined;
      readonly channels: readonly Channel[];
      /** By symbol, where its ticks are to be resumed. */
      readonly since: ReadonlyMap<string, Offset>;
    }
  | { readonly op: "unsubscribe"; readonly id: RequestId | undefined; readonly channels: readonly Channel[] }
  | { readonly op: "ping"; readonly id: RequestId | undefined };

/** Every refusal of a request. The connection stays open. */
export type ErrorCode =
  | "bad_message"
  | "unknown_op"
  | "bad_channels"
  | "unknown_channel"
  | "bad_since"
  | "forbidden"
  | "too_many_channels"
  | "unavailable";

/** A request that cannot be done; the client is told so. */
export class RequestError extends Error {
  override readonly name = "RequestError";

  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly id: RequestId | undefined,
  ) {
    super(message);
  }
}

/** Ids are echoed: a long one would make every answer long. */
const ID_LENGTH_MAX = 100;

function parseId(raw: unknown): RequestId | undefined {
  if (raw === undefined || typeof raw === "number") return raw;
  if (typeof raw === "string" && raw.length <= ID_LENGTH_MAX) return raw;
  throw new RequestError("bad_message", `id must be a number or at most ${ID_LENGTH_MAX} characters`, undefined);
}

/** What every refusal of a channel says. */
const KNOWN =
  "ticks:SYMBOL, status:SYMBOL, ohlc:SYMBOL:INTERVAL[:bid|ask|quote][@HH:ZONE] with any interval of GET /ohlc and, from 45m or 2h on, where the day starts, * for every symbol";

function parseChannels(raw: unknown, id: RequestId | undefined): Channel[] {
  if (!Array.isArray(raw)) throw new RequestError("bad_channels", "channels must be an array of channel names", id);
  return raw.map((name: unknown) => {
    const channel = parseChannel(name);
    if (channel !== undefined) return channel;
    const shown = JSON.stringify(name)?.slice(0, ID_LENGTH_MAX);
    throw new RequestError("unknown_channel", `${shown} is not a channel (there are ${KNOWN})`, id);
  });
}

/** Offsets of ticks channels that the same request subscribes to, by themselves or by `ticks:*`. */
function parseSince(raw: unknown, channels: readonly Channel[], id: RequestId | undefined): Map<string, Offset> {
  const since = new Map<string, Offset>();
  if (raw === undefined) return since;
  if (typeof raw !== "object" || raw === null) throw new RequestError("bad_since", "since must be an object", id);
  const names = new Set(channels.map(channelName));
  for (const [name, rawOffset] of Object.entries(raw)) {
    const channel = parseChannel(name);
    const offset = parseOffset(rawOffset);
    const isConcrete = channel?.kind === "ticks" && channel.symbol !== EVERY_SYMBOL;
    if (!isConcrete || offset === undefined) {
      throw new RequestError("bad_since", "since must give the offset of concrete ticks channels", id);
    }
    if (!names.has(channelName(channel)) && !names.has(ticksChannel(EVERY_SYMBOL))) {
      throw new RequestError("bad_since", `since names ${channelName(channel)}, which is not in channels`, id);
    }
    since.set(channel.symbol, offset);
  }
  return since;
}

/**
 * Reads a client's message.
 *
 * @throws RequestError naming what is wrong with it
 */
export function parseRequest(text: string): MultiplexRequest {
  const fields = fieldsOf(text);
  if (fields === undefined) throw new RequestError("bad_message", "a message must be a JSON object", undefined);
  const id = parseId(fields.id);
  switch (fields.op) {
    case "subscribe": {
      const channels = parseChannels(fields.channels, id);
      return { op: "subscribe", id, channels, since: parseSince(fields.since, channels, id) };
    }
    case "unsubscribe":
      return { op: "unsubscribe", id, channels: parseChannels(fields.channels, id) };
    case "ping":
      return { op: "ping", id };
    default:
      throw new RequestError("unknown_op", "op must be subscribe, unsubscribe or ping", id);
  }
}
