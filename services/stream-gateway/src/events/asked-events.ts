import { type Channel, channelName, EVERY_SYMBOL, type EventsQuery, ticksChannel } from "@fx-ohlc/schemas";
import { invalid } from "@fx-ohlc/service-kit";
import { parseChannel } from "../subscription/channel.js";
import { ResumePoint } from "./resume-point.js";

/** Ticks that may be followed by name: each event names where all of them stand. */
const NAMED_TICKS_MAX = 50;
/** Channels in all: what an address holds. */
const CHANNELS_MAX = 100;

/** What a client of `/sse` asks for. */
export interface AskedEvents {
  readonly channels: readonly Channel[];
  readonly resumePoint: ResumePoint;
  /** The same as a client of `/ws` says it. */
  readonly request: string;
}

/**
 * Reads what `/sse` is asked for.
 *
 * @param lastEventId of the header, which is newer than what the address says
 * @throws Problem 422
 */
export function askedEvents(query: EventsQuery, lastEventId: string | undefined): AskedEvents {
  if (query.channels.trim() === "") throw refusal("is required, such as ticks:EURUSD");
  const channels = query.channels.split(",").map((name) => channelOf(name.trim()));
  const named = channels.filter(({ kind, symbol }) => kind === "ticks" && symbol !== EVERY_SYMBOL);
  if (channels.length > CHANNELS_MAX) throw refusal(`must be at most ${CHANNELS_MAX}`);
  if (named.length > NAMED_TICKS_MAX) throw refusal(`may name the ticks of ${NAMED_TICKS_MAX} symbols, or * for all`);
  const symbols = new Set(named.map(({ symbol }) => symbol));
  const resumePoint = new ResumePoint(symbols, lastEventId ?? query.last_event_id);
  const since = Object.fromEntries([...resumePoint.offsets].map(([symbol, offset]) => [ticksChannel(symbol), offset]));
  const request = JSON.stringify({ op: "subscribe", channels: channels.map(channelName), since });
  return { channels, resumePoint, request };
}

function channelOf(name: string): Channel {
  const channel = parseChannel(name);
  if (channel === undefined) throw refusal(`${name.slice(0, 100)} is no channel: see /stream-docs for those there are`);
  return channel;
}

function refusal(message: string) {
  return invalid([{ field: "channels", message }]);
}
