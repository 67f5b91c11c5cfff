import { EventsQuery, StreamBarsQuery, StreamStats, StreamTicksQuery, SymbolsOrAllQuery } from "@fx-ohlc/schemas";
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
  streamTicks: {
    ...PLAIN,
    path: "/ws/ticks",
    queryDto: StreamTicksQuery,
    summary: "WebSocket: each tick, and corrections of them where they are asked for",
  },
  streamBars: {
    ...PLAIN_BARS,
    path: "/ws/ohlc",
    description: `${PLAIN_BARS.description} Any interval of \`GET /ohlc\`, and where its FX day starts.`,
    queryDto: StreamBarsQuery,
    summary: "WebSocket: live bars of the interval that is asked for",
  },
  streamMinuteBars: { ...PLAIN_BARS, path: "/ws/ohlc/minute", summary: "WebSocket: live bars of a minute" },
  streamHourBars: { ...PLAIN_BARS, path: "/ws/ohlc/hour", summary: "WebSocket: live bars of an hour" },
  streamDayBars: { ...PLAIN_BARS, path: "/ws/ohlc/day", summary: "WebSocket: live bars of an FX day" },
});

/** The same for tools that know no WebSockets. */
export const EVENT_ROUTES = declareRoutes({
  streamEvents: {
    method: "GET",
    path: "/sse",
    access: "stream",
    summary: "Server-Sent Events: channels as on /ws, resumable by Last-Event-ID",
    description:
      "The `data` of each event is a message of `/ws`. The `id` is where to go on with the ticks of the symbols that were named; a " +
      "browser sends it back by itself. An event of the type `close` says why the answer ends, by the codes of WebSockets.",
    tag: "stream",
    queryDto: EventsQuery,
    requestHeaders: ["Last-Event-ID"],
    answers: {
      200: {
        description: "Goes on until either side ends it.",
        content: { "text/event-stream": { schema: { type: "string" } } },
        headers: { "Cache-Control": "always" },
      },
    },
    problems: ["malformed", "forbidden", "invalid", "too_many_requests", "unavailable"],
  },
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
  ...EVENT_ROUTES,
};
