import { StringDecoder } from "node:string_decoder";

/** A line longer than this cannot be a tick; without a bound a body without line ends would fill the memory. */
const LINE_CHARACTERS_MAX = 16 * 1024;

/** A body that is not made of lines. */
export class LineTooLongError extends Error {
  override readonly name = "LineTooLongError";

  constructor(readonly line: number) {
    super(`line ${line} is longer than ${LINE_CHARACTERS_MAX} characters`);
  }
}

/** One line of a streamed body. */
export interface Line {
  /** 1 is the first. */
  readonly number: number;
  readonly text: string;
}

/**
 * Cuts a byte stream into lines, a group for each chunk that arrives; LF and CRLF both end a line, a byte order mark is
 * dropped, empty lines are numbered and left out. The stream's own back-pressure is kept: nothing is read ahead.
 *
 * @throws LineTooLongError
 */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line[]> {
  const decoder = new StringDecoder("utf8");
  let rest = "";
  let number = 0;
  for await (const chunk of chunks) {
    const texts = (rest + decoder.write(chunk)).split("\n");
    rest = texts.pop() ?? "";
    if (rest.length > LINE_CHARACTERS_MAX) throw new LineTooLongError(number + texts.length + 1);
    yield numbered(texts, number);
    number += texts.length;
  }
  yield numbered([rest + decoder.end()], number);
}

function numbered(texts: readonly string[], before: number): Line[] {
  const lines: Line[] = [];
  texts.forEach((raw, index) => {
    const number = before + index + 1;
    const text = (number === 1 ? raw.replace(/^\uFEFF/, "") : raw).trimEnd();
    if (text.length > LINE_CHARACTERS_MAX) throw new LineTooLongError(number);
    if (text !== "") lines.push({ number, text });
  });
  return lines;
}
