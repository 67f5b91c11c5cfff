import { StreamStats, SymbolsOrAllQuery } from "@fx-ohlc/schemas";
import { declareRoutes } from "@fx-ohlc/service-kit";

const SOCKET = {
  method: "GET",
  access: "stream",
  tag: "stream",
  answers: { 101: { description: "Goes on as a WebSocket; its messages are in `/asyncapi.json`." } },
} as const;

const PLAIN = {
  ...SOCKET,
  queryDto: SymbolsOrAllQuery,
  problems: ["malformed", "forbidden", "invalid", "too_many_requests", "unavailable"],
} as const;

const PLAIN_BARS = {
  ...PLAIN,
  description: "Bars of prices, of quotes their mids. Those of the sides are followed on `/ws`.",
} as const;

/** Every route that takes a WebSocket. Asked without an upgrade they answer 400. */
export const SOCKET_ROUTES = declareRoutes({
  streamChannels: {
    ...SOCKET,
    path: "/ws",
    summary: "WebSocket: many channels on one connection, resumable",
    problems: ["malformed", "forbidden", "too_many_requests", "unavailable"],
  },
  streamTicks: { ...PLAIN, path: "/ws/ticks", summary: "WebSocket: each tick" },
  streamMinuteBars: { ...PLAIN_BARS, path: "/ws/ohlc/minute", summary: "WebSocket: live bars of a minute" },
  streamHourBars: { ...PLAIN_BARS, path: "/ws/ohlc/hour", summary: "WebSocket: live bars of an hour" },
  streamDayBars: { ...PLAIN_BARS, path: "/ws/ohlc/day", summary: "WebSocket: live bars of an FX day" },
});

/** The stream side. */
export const STREAM_ROUTES = {
  ...declareRoutes({
    getStreamStats: {
      method: "GET",
      path: "/ws/stats",
      access: "ops",
      summary: "How many clients are connected",
      tag: "stream",
      answers: { 200: { description: "By endpoint.", content: { "application/json": StreamStats } } },
      problems: ["malformed"],
    },
  }),
  ...SOCKET_ROUTES,
};
