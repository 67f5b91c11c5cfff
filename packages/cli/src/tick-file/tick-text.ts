import { skipBytes } from "./byte-source.js";
import { lineReader } from "./layout.js";
import { LINE_LENGTH_MAX, type Line, LineSplitter, type Position } from "./line-splitter.js";
import type { PriceChoice, Quote } from "./quote.js";
import { recognizeText, type TextFormat } from "./text-formats.js";
import { type BadLine, type FileTick, UnreadableError } from "./tick.js";

/** A byte order mark in UTF-8, read as the Latin-1 that lines are read as. */
const BYTE_ORDER_MARK = "\u00ef\u00bb\u00bf";

const START: Position = { line: 0, offset: 0 };

function withoutMark(text: string): string {
  return text.startsWith(BYTE_ORDER_MARK) ? text.slice(BYTE_ORDER_MARK.length) : text;
}

/** @returns the first line of a text, and the whole text for whoever reads it next; undefined when it is empty */
async function begin(source: AsyncIterable<Buffer>) {
  const reading = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  for (let next = await reading.next(); ; next = await reading.next()) {
    if (!next.done) head = Buffer.concat([head, next.value]);
    if (next.done || head.includes("\n") || head.length > LINE_LENGTH_MAX) break;
  }
  if (head.length === 0) return undefined;
  const [line = ""] = head.toString("latin1").split("\n", 1);
  const blocks = (async function* () {
    yield head;
    yield* { [Symbol.asyncIterator]: () => reading };
  })();
  return { firstLine: withoutMark(line.replace(/\r$/, "")), blocks };
}

function readLine({ number: line, end }: Line, quote: Quote | string): FileTick | BadLine {
  if (typeof quote === "string") return { line, problem: quote };
  // Field by field: spreading takes three times as long, and every line passes here.
  const { timeUs, symbol, prices } = quote;
  return { line, end, timeUs, symbol, prices };
}

export interface TextOptions {
  readonly choice: PriceChoice | undefined;
  /** Found out from the first line when absent. */
  readonly format?: TextFormat | undefined;
}

/**
 * The lines of a text of ticks, block by block, without empty ones and without its header and the repeated headers of files
 * laid end to end.
 *
 * @param start where an earlier run stopped
 * @throws UnreadableError when its first line does not fit, or there is none
 * @throws Error when it holds one side of quotes and nobody said to take it
 */
export async function* textTicks(
  source: AsyncIterable<Buffer>,
  { choice, format: given }: TextOptions,
  start: Position = START,
): AsyncGenerator<readonly (FileTick | BadLine)[]> {
  const begun = await begin(source);
  if (begun === undefined) throw new UnreadableError("the file is empty");
  const { firstLine, blocks } = begun;
  const format = given ?? recognizeText(firstLine);
  const read = lineReader(format.layout(firstLine), choice);
  const splitter = new LineSplitter(start);
  const ticksOf = (lines: readonly Line[]) => {
    const ticks: (FileTick | BadLine)[] = [];
    for (const line of lines) {
      const text = withoutMark(line.text);
      if (text !== "" && !(format.headed && text === firstLine)) ticks.push(readLine(line, read(text)));
    }
    return ticks;
  };
  for await (const block of skipBytes(blocks, start.offset)) yield ticksOf(splitter.push(block));
  yield ticksOf(splitter.end());
}
