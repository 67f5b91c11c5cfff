import { SOCKET_ROUTES } from "@fx-ohlc/contract";
import {
  type Channel,
  EVERY_SYMBOL,
  type Level,
  mayNameBoundary,
  parseLiveInterval,
  parseStoredInterval,
  StreamBarsQuery,
  StreamTicksQuery,
  SymbolsOrAllQuery,
} from "@fx-ohlc/schemas";
import { malformed, Problem, readQuery } from "@fx-ohlc/service-kit";
import type { Format } from "../fanout/item.js";
import type { Endpoint } from "./connections.js";

/** What an accepted upgrade leads to. A plain endpoint follows its channels; `/ws` is told which ones. */
export interface Destination {
  readonly endpoint: Endpoint;
  readonly channels: readonly Channel[];
  /** Those that were named; none where every one is followed. */
  readonly symbols: readonly string[];
  /** How it is told. */
  readonly format: Format;
}

interface PlainEndpoint {
  readonly endpoint: Endpoint;
  channelOf(symbol: string): Channel;
}

const { streamBars, streamChannels, streamTicks, streamMinuteBars, streamHourBars, streamDayBars } = SOCKET_ROUTES;

function barsOf(level: Level): PlainEndpoint {
  const stored = level.boundary === undefined ? parseStoredInterval(level.interval) : undefined;
  return {
    endpoint: stored === undefined ? "ohlc" : `ohlc_${stored}`,
    channelOf: (symbol) => ({ kind: "ohlc", symbol, side: "mid", ...level }),
  };
}

/** @throws Problem 400 for a day boundary that touches no bar of the interval */
function levelOf({ interval: asked, day_start_hour: hour, timezone }: StreamBarsQuery): Level {
  const interval = parseLiveInterval(asked) ?? "minute";
  if (hour === undefined && timezone === undefined) return { interval };
  if (!mayNameBoundary(interval)) {
    const field = hour === undefined ? "timezone" : "day_start_hour";
    throw malformed([{ field, message: `is for 45m and intervals of 2h or more, not for ${asked}` }]);
  }
  return { interval, boundary: { hour: hour ?? 0, timezone: timezone ?? "UTC" } };
}

const TICKS: PlainEndpoint = { endpoint: "ticks", channelOf: (symbol) => ({ kind: "ticks", symbol }) };

/** The plain endpoints of bars by path, with the channel each has for one symbol. */
const PLAIN_ENDPOINTS: ReadonlyMap<string, PlainEndpoint> = new Map<string, PlainEndpoint>([
  [streamMinuteBars.path, barsOf({ interval: "minute" })],
  [streamHourBars.path, barsOf({ interval: "hour" })],
  [streamDayBars.path, barsOf({ interval: "day" })],
]);

/** The paths that take WebSockets. */
const SOCKET_PATHS: readonly string[] = [
  streamChannels.path,
  streamTicks.path,
  ...PLAIN_ENDPOINTS.keys(),
  streamBars.path,
];

function pathOf(target: string): string {
  const path = target.split("?", 1)[0] ?? "";
  return path.length > 1 && path.endsWith("/") ? path.slice(0, -1) : path;
}

/**
 * Where an upgrade's target leads.
 *
 * @throws Problem 404 for an unknown path, 400 for an unknown parameter, 422 for a bad symbol or interval
 */
export function destinationOf(target: string): Destination {
  const path = pathOf(target);
  if (path === streamChannels.path) {
    if (target.includes("?")) throw new Problem("malformed", "/ws takes no parameters: subscribe by message");
    return { endpoint: "multiplex", channels: [], symbols: [], format: "multiplex" };
  }
  if (path === streamBars.path) {
    const query = readQuery(StreamBarsQuery, target);
    return plainDestination(barsOf(levelOf(query)), query.symbol);
  }
  if (path === streamTicks.path) {
    const { symbol, corrections } = readQuery(StreamTicksQuery, target);
    return plainDestination(TICKS, symbol, corrections === "1" ? "plain_corrected" : "plain");
  }
  const plain = PLAIN_ENDPOINTS.get(path);
  if (plain === undefined)
    throw new Problem("not_found", `There is no WebSocket here. There are ${SOCKET_PATHS.join(", ")}.`);
  return plainDestination(plain, readQuery(SymbolsOrAllQuery, target).symbol);
}

function plainDestination(
  { endpoint, channelOf }: PlainEndpoint,
  symbols: readonly string[] = [],
  format: Format = "plain",
): Destination {
  const followed = symbols.length === 0 ? [EVERY_SYMBOL] : symbols;
  return { endpoint, channels: followed.map(channelOf), symbols, format };
}
