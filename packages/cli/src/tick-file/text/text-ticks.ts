import { peeked, skipBytes } from "../bytes/blocks.js";
import { roleOf } from "../columns.js";
import { type DecimalMark, markOf } from "../decimal.js";
import type { Facts } from "../place.js";
import type { PriceChoice, Quote } from "../quote.js";
import { factsOf, type RowReader, rowReader, type Table } from "../table.js";
import { type BadLine, type FileTick, UnreadableError } from "../tick.js";
import { needsOrder, orderOf, settledTimes, type TimeOptions, timesOf } from "../time/time-reader.js";
import type { DateOrder } from "../time/wall-time.js";
import { LINE_LENGTH_MAX, LineSplitter, type Position } from "./line-splitter.js";
import { fieldsOf, type Look, lookAt, withoutMark } from "./look.js";
import { RecordGatherer } from "./records.js";

/** As much as is looked at to find out what a text is: some thousand lines. */
const HEAD_BYTES = 64 * 1024;

const START: Position = { line: 0, offset: 0 };

export interface TextOptions extends TimeOptions {
  readonly choice: PriceChoice | undefined;
  /** Before the fraction of numbers; found out when absent. */
  readonly mark?: DecimalMark | undefined;
  readonly facts: Facts;
  readonly path: string;
  /** Whether a line names columns of ticks, whatever delimits them. */
  isHeader(text: string): boolean;
  /**
   * What a text that begins so is.
   *
   * @throws UnreadableError when it is none of ticks
   */
  tableOf(look: Look): { readonly table: Table; readonly headed: boolean };
  /** The text once more from its start; undefined of what can be read only once. */
  readonly again: (() => AsyncIterable<Buffer>) | undefined;
}

/** A text, cut into rows as its look says. */
class Rows {
  readonly #splitter: LineSplitter;
  readonly #gatherer: RecordGatherer;
  readonly #header: string | undefined;

  constructor(
    private readonly look: Look,
    private readonly headed: boolean,
    start: Position,
  ) {
    this.#splitter = new LineSplitter(start, look.newline);
    this.#gatherer = new RecordGatherer(look.delimiter);
    this.#header = headed ? look.lines[0] : undefined;
  }

  *ticks(block: Buffer | undefined, read: RowReader): Generator<FileTick | BadLine> {
    const lines = block === undefined ? this.#splitter.end() : this.#splitter.push(block);
    for (const record of this.#gatherer.records(lines, block === undefined)) {
      const { number: line, end } = record;
      const text = withoutMark(record.text);
      if (this.#isNoRow(line, text)) continue;
      if (record.problem !== undefined) {
        yield { line, problem: record.problem };
        continue;
      }
      const quote = read(record.fields ?? fieldsOf(text, this.look.delimiter));
      if (quote !== undefined) yield tickOf(quote, line, end);
    }
  }

  #isNoRow(line: number, text: string): boolean {
    const { linesBefore, comment } = this.look;
    if (line <= linesBefore + (this.headed ? 1 : 0)) return true;
    if (text === this.#header || text === "" || text.charCodeAt(0) === 0x1a) return true;
    return (comment !== undefined && text.startsWith(comment)) || text.trim() === "";
  }
}

function tickOf(quote: Quote | string, line: number, end: number): FileTick | BadLine {
  if (typeof quote === "string") return { line, problem: quote };
  // Field by field: spreading takes three times as long, and every line passes here.
  const { timeUs, symbol, seq, prices } = quote;
  return { line, end, timeUs, symbol, seq, prices };
}

function timesIn(rows: readonly (readonly string[])[], { roles }: Table): string[] {
  const [time, date] = [roles.indexOf("time"), roles.indexOf("date")];
  return rows.map((fields) => (date === -1 ? (fields[time] ?? "") : `${fields[date] ?? ""} ${fields[time] ?? ""}`));
}

/** Day first or month first, where the head does not show it but a later line may. */
async function orderFurtherOn(look: Look, headed: boolean, table: Table, again: TextOptions["again"]) {
  let order: DateOrder | undefined;
  if (again === undefined) return order;
  const rows = new Rows(look, headed, START);
  const none: RowReader = (fields) => {
    order ??= orderOf(timesIn([fields.map((field) => field.trim())], table));
    return undefined;
  };
  for await (const block of again()) {
    for (const _ of rows.ticks(block, none));
    if (order !== undefined) break;
  }
  return order;
}

/**
 * Which mark numbers have before their fraction.
 *
 * @throws Error when they could be read in two ways
 */
function decimalMark({ rows, lines }: Look, { roles }: Table): DecimalMark {
  let either: string | undefined;
  const shown = new Set<DecimalMark>();
  for (const [index, fields] of rows.entries()) {
    for (const [column, role] of roles.entries()) {
      if (role !== "price" && role !== "bid" && role !== "ask") continue;
      const mark = markOf(fields[column] ?? "", lines[index]?.includes('"') === true);
      if (mark === "either") either ??= fields[column];
      else if (mark !== undefined) shown.add(mark);
    }
  }
  if (shown.size > 1)
    throw new Error(
      "some of its numbers have a comma before their fraction, others a point: say --decimal point or --decimal comma",
    );
  const [mark] = shown;
  if (mark === undefined && either !== undefined)
    throw new Error(`${either} may be above or below a thousand: say --decimal point or --decimal comma`);
  return mark ?? ".";
}

/**
 * The ticks of a text of lines, block by block, without its header and the repeated headers of files laid end to end.
 *
 * @param start where an earlier run stopped
 * @throws UnreadableError when it holds no ticks
 * @throws Error when the options leave something open that a guess could get wrong
 */
export async function* textTicks(
  source: AsyncIterable<Buffer>,
  options: TextOptions,
  start: Position = START,
): AsyncGenerator<readonly (FileTick | BadLine)[]> {
  const { head: bytes, isWhole, blocks } = await peeked(source, HEAD_BYTES);
  const head = bytes.toString("latin1");
  if (head.length === 0) throw new UnreadableError("the file is empty");
  if (!isWhole && !/[\r\n]/.test(head))
    throw new UnreadableError(`line 1 is longer than ${LINE_LENGTH_MAX} bytes: is this a CSV file?`);
  const look = lookAt(options.path, head, isWhole, options.isHeader);
  if (look.lines.length === 0) throw new UnreadableError("the file has no lines of ticks");
  const { table, headed } = options.tableOf(look);
  const read = await readerOf(look, headed, table, options);
  // What is carried from row to row is carried over those before the start as well.
  const isCarried = table.carries === true && start.line > 0;
  const rows = new Rows(look, headed, isCarried ? START : start);
  const after = isCarried ? start.line : 0;
  let count = 0;
  const ticks = (block: Buffer | undefined) => {
    const all = [...rows.ticks(block, read)];
    count += all.length;
    return after === 0 ? all : all.filter(({ line }) => line > after);
  };
  for await (const block of skipBytes(blocks, isCarried ? 0 : start.offset)) yield ticks(block);
  yield ticks(undefined);
  const { unpriced = 0 } = options.facts;
  if (count === 0 && unpriced > 0) throw new UnreadableError(nothingPriced(table, unpriced));
}

function nothingPriced({ names = [], roles }: Table, unpriced: number): string {
  const sides = roles.filter((role) => role === "bid" || role === "ask" || role === "price").join(" and ");
  const last = names.find((name, index) => roles[index] === undefined && roleOf(name) === "price");
  const hint = last === undefined ? "" : `; if it holds trades, say --columns 'price=${last}'`;
  return `none of its ${unpriced} lines has a ${sides}${hint}`;
}

async function readerOf(look: Look, headed: boolean, table: Table, options: TextOptions): Promise<RowReader> {
  const { choice, facts, again } = options;
  const sample = { ...look, rows: look.rows.slice(headed ? 1 : 0), lines: look.lines.slice(headed ? 1 : 0) };
  const mark = options.mark ?? decimalMark(sample, table);
  // What the table lacks is said before what its times lack.
  rowReader(table, { choice, time: () => 0, mark });
  const texts = timesIn(sample.rows, table);
  const [first] = texts;
  let order: DateOrder | undefined;
  if (needsOrder(first, options, table.times))
    order = orderOf(texts) ?? (await orderFurtherOn(look, headed, table, again));
  const known = settledTimes(table.times, options, order, again !== undefined);
  const isOther = known.zone === undefined && table.times.zone !== undefined;
  const times = timesOf(first, options, known, order);
  Object.assign(
    facts,
    factsOf(isOther ? { ...table, format: "csv" } : table),
    times.said === undefined ? {} : { times: times.said },
  );
  const onUnpriced = () => {
    facts.unpriced = (facts.unpriced ?? 0) + 1;
  };
  return rowReader(table, { choice, time: times.read, mark, onUnpriced });
}
