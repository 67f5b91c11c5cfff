import fc, { type Arbitrary } from "fast-check";
import type { ApiDocument, ApiParameter, PlacedOperation, Schema } from "./api-document.js";
import type { ApiRequest } from "./exchange.js";

/** Texts that have broken parsers, databases and people's patience before. */
const NASTY = [
  "",
  " ",
  "null",
  "NaN",
  "-1",
  "0",
  "1e9",
  "00",
  "9".repeat(400),
  "\u0000",
  "\uD800",
  "💱",
  "'; drop table ticks; --",
  "../../internal/anchor",
  "%00",
  "0001-01-01T00:00:00Z",
  "9999-12-31T23:59:59.999999Z",
  "1969-12-31T23:59:59Z",
  "2024-02-30T00:00:00Z",
  "2024-03-10T02:30:00-05:00",
  "2025-12-05 10:00:00",
  "A".repeat(300),
  "EUR/USD/GBP",
  "__proto__",
  "constructor",
];

const SYMBOLS = ["EURUSD", "eur/usd", "GBPUSD", "A", "X_Y.Z-1"];
const nasty = fc.oneof(fc.constantFrom(...NASTY), fc.string({ unit: "binary", maxLength: 20 }));

/** Instants around the ticks there are, at the ends of what there can be, and in between. */
const time = fc.oneof(
  fc.integer({ min: 0, max: 14_400 }).map((second) => new Date(Date.UTC(2025, 11, 5, 8, 0, second)).toISOString()),
  // Not any day at all: with ticks on a thousand scattered days TimescaleDB would have a thousand chunks, as nobody has.
  fc.integer({ min: 0, max: 30 * 24 }).map((hour) => new Date(Date.UTC(2025, 10, 1, hour)).toISOString()),
  fc.constantFrom("2025-12-05T10:00:00.123456Z", "2025-11-02T01:30:00-04:00", "1970-01-01T00:00:00Z"),
);

/** Values that the schema allows, as they are in JSON. */
function allowed(schema: Schema, document: ApiDocument): Arbitrary<unknown> {
  const { type, format, minimum = 0, maximum = 100_000, items = {} } = schema;
  if (schema.$ref !== undefined) return allowed(document.resolve(schema), document);
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map((one) => allowed(one, document)));
  if (schema.enum !== undefined) return fc.constantFrom(...schema.enum);
  if (schema.const !== undefined) return fc.constant(schema.const);
  if (format === "date-time") return time;
  if (type === "integer")
    return fc.oneof(fc.integer({ min: minimum, max: maximum }), fc.constantFrom(minimum, maximum));
  if (type === "number") return fc.double({ min: 1e-9, max: 1e9, noNaN: true });
  if (type === "array") return fc.array(allowed(items, document), { minLength: 1, maxLength: 4 });
  if (type === "object") return object(schema, (field) => allowed(field, document));
  const { examples = SYMBOLS, pattern } = schema;
  if (pattern !== undefined) return fc.oneof(fc.constantFrom(...examples), fc.stringMatching(new RegExp(pattern)));
  if (schema.examples !== undefined) return fc.constantFrom(...schema.examples);
  return fc.string({ maxLength: 12 });
}

function object(
  { properties = {}, required = [] }: Schema,
  fieldOf: (schema: Schema) => Arbitrary<unknown>,
): Arbitrary<unknown> {
  const fields = Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, fieldOf(schema)]));
  return fc.record(fields, { requiredKeys: [...required] });
}

/** Mostly what is allowed, now and then anything at all. */
function mixed(schema: Schema, document: ApiDocument): Arbitrary<unknown> {
  const resolved = document.resolve(schema);
  const whole =
    resolved.type === "object" ? object(resolved, (field) => mixed(field, document)) : allowed(resolved, document);
  return fc.oneof({ weight: 8, arbitrary: whole }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 2 }) });
}

function parameterText({ schema }: ApiParameter, document: ApiDocument): Arbitrary<string> {
  const valid = allowed(schema, document).map((value) => (Array.isArray(value) ? value.join(",") : String(value)));
  return fc.oneof({ weight: 5, arbitrary: valid }, { weight: 1, arbitrary: nasty });
}

/** A well-formed text: a lone surrogate cannot be written in a URL. */
function escaped(text: string): string {
  return encodeURIComponent(Buffer.from(text, "utf8").toString("utf8"));
}

/** Parameters in any number: some left out, unknown ones, one twice, one with a broken escape. */
function queryText(parameters: readonly ApiParameter[], document: ApiDocument): Arbitrary<string> {
  const known = parameters.map((parameter) =>
    fc
      .tuple(parameterText(parameter, document), fc.nat(9))
      .map(([text, chance]) => (chance < (parameter.required ? 9 : 4) ? `${parameter.name}=${escaped(text)}` : "")),
  );
  const odd = fc.oneof(
    { weight: 30, arbitrary: fc.constant("") },
    { weight: 1, arbitrary: fc.constantFrom("no_such=1", "symbol=A", "symbol=%zz", "=", "&&", "symbol[]=A", "%ff") },
  );
  return fc.tuple(...known, odd).map((parts) => parts.filter((part) => part !== "").join("&"));
}

function path({ path: template, parameters }: PlacedOperation, document: ApiDocument): Arbitrary<string> {
  const values = parameters
    .filter((parameter) => parameter.in === "path")
    // An empty one, or dots alone, would be another path.
    .map((parameter) => parameterText(parameter, document).filter((text) => !/^\.{0,2}$/.test(text)));
  const slash = fc.constantFrom("", "", "", "/");
  return fc.tuple(fc.tuple(...values), slash).map(([texts, end]) => {
    const left = [...texts];
    return template.replace(/\{\w+\}/g, () => escaped(left.shift() ?? "")) + end;
  });
}

/** A body of one of the media types, as JSON, as lines, cut short, or of another type than it says. */
function body(
  { requestBody }: PlacedOperation,
  document: ApiDocument,
): Arbitrary<Pick<ApiRequest, "headers" | "body">> {
  if (requestBody === undefined) return fc.constant({});
  const json = requestBody.content["application/json"]?.schema ?? {};
  const mediaType = fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom(...Object.keys(requestBody.content)) },
    { weight: 1, arbitrary: fc.constantFrom("text/plain", "application/json; charset=utf-8", "", "*/*") },
  );
  const cut = fc.oneof(
    { weight: 15, arbitrary: fc.constant(1) },
    { weight: 1, arbitrary: fc.double({ min: 0, max: 1, noNaN: true }) },
  );
  return fc.tuple(mediaType, mixed(json, document), cut).map(([type, value, part]) => {
    const text = written(type, value);
    return { headers: type === "" ? {} : { "content-type": type }, body: text.slice(0, Math.ceil(text.length * part)) };
  });
}

function written(mediaType: string, value: unknown): string {
  const rows = Array.isArray(value) ? value : [value];
  if (mediaType === "text/plain") return lineOf(JSON.stringify(value));
  if (mediaType === "application/x-ndjson") return rows.map((row) => JSON.stringify(row)).join("\n");
  if (mediaType !== "text/csv") return JSON.stringify(value);
  const lines = rows.map((row) => ["time", "symbol", "price", "seq"].map((name) => Object(row)[name] ?? "").join(","));
  return ["time,symbol,price,seq", ...lines].join("\n");
}

/** Line protocol, mostly good. */
function lineOf(json: string): string {
  return `fx,symbol=${SYMBOLS[json.length % SYMBOLS.length]} price=${json.length},note=${json}`;
}

/** Random requests for one operation. */
export function requestsFor(operation: PlacedOperation, document: ApiDocument): Arbitrary<ApiRequest> {
  const query = operation.parameters.filter((parameter) => parameter.in === "query");
  const parts = fc.tuple(path(operation, document), queryText(query, document), body(operation, document));
  return parts.map(([place, text, sent]) => ({
    method: operation.method,
    target: text === "" ? place : `${place}?${text}`,
    ...sent,
  }));
}
