import type { Row } from "./expected-answer.js";
import { QUOTE_NAMES } from "./quote-cells.js";

export const ANSWER_FORMATS = ["json", "ndjson", "csv", "columns", "ccxt"] as const;
export type AnswerFormat = (typeof ANSWER_FORMATS)[number];

type Cell = string | number | boolean | null | undefined;
type Cells = Readonly<Record<string, Cell>>;

const PRICES = ["open", "high", "low", "close"] as const;

function iso(ms: number): string {
  return new Date(ms).toISOString().replace(".000Z", "Z");
}

/** One line that is the same for the same row, whatever format it came in. */
function lineOf(cells: Cells): string {
  const { bucket, symbol, tick_count, complete, date } = cells;
  const prices = PRICES.map((name) => cells[name] ?? "null");
  // Nothing of what was not asked for.
  const beside = QUOTE_NAMES.map((name) => (cells[name] === undefined ? "" : (cells[name] ?? "null")));
  const isEmpty = (cells.empty ?? "") !== "";
  return [bucket, symbol, ...prices, tick_count, complete, date ?? "", ...beside, isEmpty ? "empty" : ""].join(" ");
}

function fromJson(text: string): string[] {
  return (JSON.parse(text) as Cells[]).map(lineOf);
}

function fromLines(text: string): string[] {
  return text
    .split("\n")
    .filter((line) => line !== "")
    .map((line) => lineOf(JSON.parse(line) as Cells));
}

/** No cell of a bar holds a comma or a quote. An empty one is a null; the last line has its end, too. */
function fromCsv(text: string): string[] {
  const [header = "", ...lines] = text.split("\n");
  if (lines.pop() !== "") throw new Error("the last line of a CSV answer has no end");
  const names = header.split(",");
  return lines.map((line) => {
    const cells = line.split(",").map((cell) => (cell === "" ? null : cell));
    return lineOf(Object.fromEntries(names.map((name, index) => [name, cells[index]])));
  });
}

function fromColumns(text: string): string[] {
  const columns = JSON.parse(text) as Readonly<Record<string, readonly Cell[]>>;
  const names = Object.keys(columns);
  const rows = columns.bucket?.length ?? 0;
  return Array.from({ length: rows }, (_, row) =>
    lineOf(Object.fromEntries(names.map((name) => [name, columns[name]?.[row]]))),
  );
}

/** Candles hold less: the rest of the line is left out on both sides. */
function fromCandles(text: string): string[] {
  return (JSON.parse(text) as (number | null)[][]).map((cells) => cells.map((cell) => cell ?? "null").join(" "));
}

const READERS: Readonly<Record<AnswerFormat, (text: string) => string[]>> = {
  json: fromJson,
  ndjson: fromLines,
  csv: fromCsv,
  columns: fromColumns,
  ccxt: fromCandles,
};

/** An answer's body as one line a row. @throws for a body that is cut or not of the format */
export function linesOf(body: string, format: AnswerFormat): string {
  return READERS[format](body).join("\n");
}

function cellsOf({ symbol, startMs, prices, beside, ticks, complete, date }: Row): Cells {
  const [open, high, low, close] = prices;
  const rest = { tick_count: ticks, complete, date, empty: ticks === 0 ? "empty" : null };
  return { bucket: iso(startMs), symbol, open, high, low, close, ...beside, ...rest };
}

/** The lines that rows have in a format. */
export function expectedLines(rows: readonly Row[], format: AnswerFormat): string {
  if (format !== "ccxt") return rows.map((row) => lineOf(cellsOf(row))).join("\n");
  return rows
    .map(({ startMs, prices, ticks }) => [startMs, ...prices.map((price) => price ?? "null"), ticks].join(" "))
    .join("\n");
}
