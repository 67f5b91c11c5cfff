import { gathered, peeked, skipBytes } from "../bytes/blocks.js";
import { rolesOf, type SaidColumns } from "../columns.js";
import type { Facts } from "../place.js";
import type { PriceChoice, Quote } from "../quote.js";
import { factsOf, type RowReader, rowReader, type Table } from "../table.js";
import { LineSplitter, type Position } from "../text/line-splitter.js";
import { withoutMark } from "../text/look.js";
import { type BadLine, type FileTick, UnreadableError } from "../tick.js";
import { needsOrder, orderOf, type TimeOptions, timesOf } from "../time/time-reader.js";
import { zoneOfName } from "../time/zone.js";
import { refuseBarNames } from "./bars.js";

/** What objects are looked at to find out their fields. */
const SAMPLE_ROWS = 1_000;
const HEAD_BYTES = 64 * 1024;
/** A whole document is in memory at a time, and what is made of it. */
const DOCUMENT_BYTES_MAX = 256 * 1024 * 1024;
/** Rows given at a time. */
const BATCH_ROWS = 5_000;

export interface ObjectOptions extends TimeOptions {
  readonly choice: PriceChoice | undefined;
  readonly columns?: SaidColumns | undefined;
  readonly facts: Facts;
}

type Row = Readonly<Record<string, unknown>>;

const isRow = (value: unknown): value is Row => typeof value === "object" && value !== null && !Array.isArray(value);

/** Digits beyond what a double holds, as nanoseconds have: kept as text. */
function withLongNumbers(text: string): string {
  return /\d{16}/.test(text) ? text.replace(/([:[,]\s*)(\d{16,})(?=\s*[,}\]])/g, '$1"$2"') : text;
}

export function cellText(value: unknown): string {
  return value === null || value === undefined ? "" : String(value);
}

/**
 * Makes the reader of objects of ticks, whatever they were read from.
 *
 * @param sample the first of them
 * @throws UnreadableError when they lack what a tick needs
 */
export function objectReader(format: string, sample: readonly Row[], options: ObjectOptions) {
  const names = [...new Set(sample.flatMap((row) => Object.keys(row)))];
  refuseBarNames(names);
  const roles = rolesOf(names, options.columns);
  const [time, date] = [roles.indexOf("time"), roles.indexOf("date")];
  const zone = zoneOfName(names[time] ?? "") ?? zoneOfName(names[date] ?? "");
  const table: Table = { format, roles, names, model: "an object", isLoose: true, times: { zone, isZoneNamed: true } };
  rowReader(table, { choice: options.choice, time: () => 0, mark: "." });
  const fieldsOf = (row: Row) => names.map((name, index) => (roles[index] === undefined ? "" : cellText(row[name])));
  const texts = sample.map(
    (row) => `${date === -1 ? "" : `${cellText(row[names[date] ?? ""])} `}${cellText(row[names[time] ?? ""])}`,
  );
  const order = needsOrder(texts[0], options, table.times) ? orderOf(texts) : undefined;
  const times = timesOf(texts[0], options, table.times, order);
  Object.assign(options.facts, factsOf(table), times.said === undefined ? {} : { times: times.said });
  const read: RowReader = rowReader(table, { choice: options.choice, time: times.read, mark: "." });
  return (row: Row): Quote | string | undefined => read(fieldsOf(row));
}

export function tickOf(quote: Quote | string, line: number, end: number): FileTick | BadLine {
  return typeof quote === "string" ? { line, problem: quote } : { line, end, ...quote };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(withLongNumbers(text));
  } catch {
    return undefined;
  }
}

/** The objects of a text that begins so, an object a line. */
function sampleOf(head: string): Row[] {
  const rows = withoutMark(head).split("\n").slice(0, SAMPLE_ROWS).map(parsed);
  return rows.filter(isRow);
}

async function* ndjson(
  blocks: AsyncIterable<Buffer>,
  read: (row: Row) => Quote | string | undefined,
  start: Position,
): AsyncGenerator<readonly (FileTick | BadLine)[]> {
  const splitter = new LineSplitter(start);
  const ticksOf = (lines: ReturnType<LineSplitter["end"]>) =>
    lines.flatMap(({ number, text, end }) => {
      const json = withoutMark(Buffer.from(text, "latin1").toString("utf8")).replace("\uFEFF", "").trim();
      if (json === "") return [];
      const row = parsed(json);
      const quote = isRow(row) ? read(row) : "is no JSON object";
      return quote === undefined ? [] : [tickOf(quote, number, end)];
    });
  for await (const block of skipBytes(blocks, start.offset)) yield ticksOf(splitter.push(block));
  yield ticksOf(splitter.end());
}

const isArray = (value: unknown): value is readonly unknown[] => Array.isArray(value);

/** The objects of a document: of its array, of the one array of objects in it, or made of its arrays of one length. */
function rowsOf(document: unknown): readonly Row[] {
  if (isArray(document)) return document.filter(isRow);
  if (!isRow(document)) return [];
  const arrays = Object.entries(document).filter(([, value]) => isArray(value)) as [string, readonly unknown[]][];
  const ofObjects = arrays.filter(([, values]) => values.length > 0 && values.every(isRow));
  const [only] = ofObjects;
  if (ofObjects.length === 1 && only !== undefined) return only[1].filter(isRow);
  const length = arrays[0]?.[1].length ?? 0;
  if (arrays.length < 2 || arrays.some(([, values]) => values.length !== length)) return [];
  return Array.from({ length }, (_, index) =>
    Object.fromEntries(arrays.map(([name, values]) => [name, values[index]])),
  );
}

/** Rows that are in memory, batch by batch; the number of a row is its line. */
export function* batchesOf(
  rows: readonly Row[],
  read: (row: Row) => Quote | string | undefined,
  from: number,
  counted = 0,
): Generator<readonly (FileTick | BadLine)[]> {
  for (let first = from; first < rows.length; first += BATCH_ROWS) {
    yield rows.slice(first, first + BATCH_ROWS).flatMap((row, index) => {
      const line = counted + first + index + 1;
      const quote = read(row);
      return quote === undefined ? [] : [tickOf(quote, line, line)];
    });
  }
}

/** Whether a text begins as JSON does. */
export function isJson(head: Buffer): boolean {
  return /^(?:\u00ef\u00bb\u00bf)?\s*(?:\[\s*[[{\]]|\{\s*["}])/.test(head.subarray(0, 1024).toString("latin1"));
}

/**
 * The ticks of JSON: an object a line, or one document of them.
 *
 * @param start where an earlier run stopped
 * @throws UnreadableError when it holds none
 */
export async function* jsonTicks(
  source: AsyncIterable<Buffer>,
  options: ObjectOptions,
  start: Position = { line: 0, offset: 0 },
): AsyncGenerator<readonly (FileTick | BadLine)[]> {
  const { head, blocks } = await peeked(source, HEAD_BYTES);
  const [firstLine = ""] = head.toString("utf8").replace("\uFEFF", "").split("\n", 1);
  const first = parsed(firstLine);
  if (isRow(first) && rowsOf(first).length === 0) {
    const read = objectReader("ndjson", sampleOf(head.toString("utf8").replace("\uFEFF", "")), options);
    yield* ndjson(blocks, read, start);
    return;
  }
  const bytes = await gathered(blocks, DOCUMENT_BYTES_MAX, "make it an object a line (NDJSON)");
  const document = parsed(bytes.toString("utf8").replace("\uFEFF", ""));
  if (document === undefined) throw new UnreadableError("the file is neither a JSON document nor a JSON object a line");
  const rows = rowsOf(document);
  if (rows.length === 0) throw new UnreadableError("the file holds no JSON objects of ticks");
  yield* batchesOf(rows, objectReader("json", rows.slice(0, SAMPLE_ROWS), options), start.line);
}
