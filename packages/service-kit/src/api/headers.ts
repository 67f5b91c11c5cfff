import { FEED_NAME_PATTERN, type JsonSchema } from "@fx-ohlc/schemas";

interface HeaderDeclaration {
  readonly description: string;
  readonly schema: JsonSchema;
}

/** Headers of answers that the documents know. */
export const RESPONSE_HEADERS = {
  "X-Request-Id": {
    description: "The request's id, its own or a new one: quote it when reporting a fault.",
    schema: { type: "string" },
  },
  "Retry-After": { description: "Seconds after which to try again.", schema: { type: "integer", minimum: 1 } },
  "WWW-Authenticate": {
    description: "How to show who is asking.",
    schema: { type: "string", pattern: "^Bearer" },
  },
  RateLimit: {
    description:
      "What is left of the limit that was met, and seconds until there is more (draft-ietf-httpapi-ratelimit-headers).",
    schema: { type: "string" },
  },
  "RateLimit-Policy": { description: "That limit, and the seconds it counts over.", schema: { type: "string" } },
  ETag: { description: "Stands for exactly these bytes.", schema: { type: "string", pattern: '^(W/)?"[^"]+"$' } },
  "Cache-Control": { description: "Whether the answer may be kept.", schema: { type: "string" } },
  Link: {
    description:
      'The next page, or the one before, where there is one: `<URL>; rel="next"`. The URL can be followed as it is.',
    schema: { type: "string", pattern: '^<[^>]+>; rel="(next|prev)"$' },
  },
  "Content-Encoding": {
    description: "How the body is compressed, for those who accept it.",
    schema: { type: "string" },
  },
  "X-Data-As-Of": {
    description:
      "Given by a standby, which may be without the newest commits: all that was committed before this instant is in the answer.",
    schema: { type: "string", format: "date-time" },
  },
  "Accept-Ranges": { description: "A part of the answer may be asked for.", schema: { const: "bytes" } },
  "Content-Range": {
    description: "Which bytes these are, and of how many.",
    schema: { type: "string", pattern: "^bytes (\\d+-\\d+|\\*)/\\d+$" },
  },
  "X-Ignored": {
    description: "How many tags and fields were ignored because ticks have not such.",
    schema: { type: "integer", minimum: 0 },
  },
  Vary: { description: "Request headers that the answer depends on.", schema: { type: "string" } },
} as const satisfies Readonly<Record<string, HeaderDeclaration>>;

export type ResponseHeader = keyof typeof RESPONSE_HEADERS;

/** Headers of an answer: whether they are always there. */
export type ShownHeaders = Readonly<Partial<Record<ResponseHeader, "always" | "sometimes">>>;

/** The same, as the document shows them. */
export function headersOf(headers: ShownHeaders): JsonSchema {
  const names = Object.keys(headers) as ResponseHeader[]; // By its type.
  return Object.fromEntries(
    names.map((name) => [name, { required: headers[name] === "always", ...RESPONSE_HEADERS[name] }]),
  );
}

/** Headers of requests that a route may look at. OpenAPI knows Accept and Content-Type by the media types. */
export const REQUEST_HEADERS = {
  "If-None-Match": { description: "ETags at hand: 304 when one of them still stands.", schema: { type: "string" } },
  "Content-Encoding": { description: "`gzip` where the body is.", schema: { enum: ["gzip", "identity"] } },
  "X-Feed": {
    description:
      "The name of the feed that these ticks are of: `GET /feeds` tells whether it is alive. A token may name those of its list.",
    schema: { type: "string", pattern: FEED_NAME_PATTERN.source },
  },
  Range: {
    description: "One range of bytes, `bytes=0-99`; several are answered as if none were asked for.",
    schema: { type: "string" },
  },
  "If-Range": { description: "The part only where this ETag still stands, else all.", schema: { type: "string" } },
  "Last-Event-ID": { description: "The `id` of the last event, to go on after it.", schema: { type: "string" } },
  "Accept-Encoding": { description: "How the answer may be compressed.", schema: { type: "string" } },
} as const satisfies Readonly<Record<string, HeaderDeclaration>>;

export type RequestHeader = keyof typeof REQUEST_HEADERS;
