import {
  aboutOf,
  CLIENT_REQUESTS,
  type JsonSchema,
  PlainBar,
  PlainCorrection,
  PlainGap,
  PlainTick,
  SERVER_MESSAGES,
  type Shape,
} from "@fx-ohlc/schemas";
import { Components, type RouteDeclaration } from "@fx-ohlc/service-kit";
import { EVENT_ROUTES, SOCKET_ROUTES } from "./stream-routes.js";

/** An endpoint of the stream: its route, what goes out of it and what comes in. */
export interface StreamEndpoint {
  readonly route: RouteDeclaration;
  readonly sends: readonly Shape[];
  readonly takes: readonly Shape[];
}

const ofBars = (route: RouteDeclaration): StreamEndpoint => ({ route, sends: [PlainBar, PlainGap], takes: [] });

/** Every endpoint by the name of its channel in the document. */
export const STREAM_ENDPOINTS: Readonly<Record<string, StreamEndpoint>> = {
  channels: { route: SOCKET_ROUTES.streamChannels, sends: SERVER_MESSAGES, takes: CLIENT_REQUESTS },
  ticks: { route: SOCKET_ROUTES.streamTicks, sends: [PlainTick, PlainCorrection, PlainGap], takes: [] },
  bars: ofBars(SOCKET_ROUTES.streamBars),
  minute_bars: ofBars(SOCKET_ROUTES.streamMinuteBars),
  hour_bars: ofBars(SOCKET_ROUTES.streamHourBars),
  day_bars: ofBars(SOCKET_ROUTES.streamDayBars),
  events: { route: EVENT_ROUTES.streamEvents, sends: SERVER_MESSAGES, takes: [] },
};

/** The AsyncAPI 3 document of the stream, with recorded messages as examples. */
export function asyncApiDocument(version: string, examples: Readonly<Record<string, unknown>>): JsonSchema {
  const components = new Components();
  const endpoints = Object.entries(STREAM_ENDPOINTS);
  const shapes = new Set(endpoints.flatMap(([, { sends, takes }]) => [...sends, ...takes]));
  const messages = [...shapes].map((shape) => [shape.name, message(shape, components, examples[shape.name])]);
  return {
    asyncapi: "3.0.0",
    info: {
      title: "fx-ohlc stream",
      version,
      description: "Ticks and live bars over WebSockets. A client is never left with a silent gap.",
      license: { name: "MIT" },
    },
    defaultContentType: "application/json",
    channels: Object.fromEntries(endpoints.map(([name, endpoint]) => [name, channel(endpoint, components)])),
    operations: Object.fromEntries(endpoints.flatMap(([name, endpoint]) => operations(name, endpoint))),
    components: { messages: Object.fromEntries(messages), schemas: components.schemas },
  };
}

function message(shape: Shape, components: Components, example: unknown): JsonSchema {
  const { name } = shape;
  const about = aboutOf(shape);
  return {
    name,
    ...(about === undefined ? {} : { summary: about }),
    payload: components.ref(shape),
    ...(example === undefined ? {} : { examples: [{ payload: example }] }),
  };
}

function channel({ route, sends, takes }: StreamEndpoint, components: Components): JsonSchema {
  const { path: address, summary: title, description, queryDto } = route;
  const query = queryDto === undefined ? {} : { query: components.inline(queryDto) };
  const references = [...sends, ...takes].map(({ name }) => [name, { $ref: `#/components/messages/${name}` }]);
  return {
    address,
    title,
    ...(description === undefined ? {} : { description }),
    messages: Object.fromEntries(references),
    bindings: address === EVENT_ROUTES.streamEvents.path ? {} : { ws: { method: "GET", ...query } },
  };
}

/** `send` and `receive` are said of the gateway, as AsyncAPI 3 says them of the application described. */
function operations(name: string, { sends, takes }: StreamEndpoint): [string, JsonSchema][] {
  const of = (shapes: readonly Shape[]) =>
    shapes.map((shape) => ({ $ref: `#/channels/${name}/messages/${shape.name}` }));
  const operation = (action: "send" | "receive", shapes: readonly Shape[]): [string, JsonSchema] => [
    `${action}_${name}`,
    { action, channel: { $ref: `#/channels/${name}` }, messages: of(shapes) },
  ];
  return [operation("send", sends), ...(takes.length === 0 ? [] : [operation("receive", takes)])];
}
