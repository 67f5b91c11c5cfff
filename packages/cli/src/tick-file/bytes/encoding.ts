import iconv from "iconv-lite";
import { peeked } from "./blocks.js";

/** Marks that begin a text, the longer ones first. */
const MARKS: readonly (readonly [string, string])[] = [
  ["efbbbf", "utf-8"],
  ["fffe0000", "utf-32le"],
  ["0000feff", "utf-32be"],
  ["fffe", "utf-16le"],
  ["feff", "utf-16be"],
];

/** As much as shows whether every other byte is a zero. */
const HEAD_BYTES = 64;

/** Times and numbers in UTF-16 have a zero in each character, on one side; other texts have none at all. */
function withoutMark(head: Buffer): string | undefined {
  const zeros = (parity: number) => head.filter((byte, index) => byte === 0 && index % 2 === parity).length;
  const pairs = Math.floor(head.length / 2);
  if (pairs < 4) return undefined;
  if (zeros(1) >= pairs * 0.9 && zeros(0) === 0) return "utf-16le";
  if (zeros(0) >= pairs * 0.9 && zeros(1) === 0) return "utf-16be";
  return undefined;
}

function encodingOf(head: Buffer): string | undefined {
  const hex = head.subarray(0, 4).toString("hex");
  return MARKS.find(([mark]) => hex.startsWith(mark))?.[1] ?? withoutMark(head);
}

/** Whether a text that begins so is in UTF-16. */
export function isUtf16(head: Buffer): boolean {
  return encodingOf(head.subarray(0, HEAD_BYTES))?.startsWith("utf-16") === true;
}

export function isEncoding(name: string): boolean {
  return iconv.encodingExists(name);
}

/**
 * A text in UTF-8, whatever it was in: what its byte order mark says, else what it is said to be.
 *
 * @param said known to {@link isEncoding}
 */
export async function* utf8Blocks(source: AsyncIterable<Buffer>, said: string | undefined): AsyncGenerator<Buffer> {
  const { head, blocks } = await peeked(source, HEAD_BYTES);
  const encoding = encodingOf(head.subarray(0, HEAD_BYTES)) ?? said ?? "utf-8";
  if (/^(?:utf-?8|ascii|us-ascii)$/i.test(encoding)) {
    yield* blocks;
    return;
  }
  const decoder = iconv.getDecoder(encoding);
  for await (const block of blocks) yield Buffer.from(decoder.write(block));
  const rest = decoder.end();
  if (rest !== undefined && rest !== "") yield Buffer.from(rest);
}
