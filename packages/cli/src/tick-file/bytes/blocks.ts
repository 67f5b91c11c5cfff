import { UnreadableError } from "../tick.js";

/**
 * The beginning of some bytes, of so many or more unless there are fewer, and all of them for whoever reads them next. An error of
 * the source comes from the blocks, where their reader expects it, unless it comes first.
 */
export async function peeked(source: AsyncIterable<Buffer>, bytesMin: number) {
  const reading = source[Symbol.asyncIterator]();
  const taken: Buffer[] = [];
  let bytes = 0;
  let isWhole = false;
  while (bytes < bytesMin && !isWhole) {
    const next = await reading.next();
    if (next.done) isWhole = true;
    else {
      taken.push(next.value);
      bytes += next.value.length;
    }
  }
  const blocks = (async function* () {
    yield* taken;
    yield* { [Symbol.asyncIterator]: () => reading };
  })();
  return { head: Buffer.concat(taken), isWhole, blocks };
}

/** The bytes without the first ones. */
export async function* skipBytes(blocks: AsyncIterable<Buffer>, count: number): AsyncGenerator<Buffer> {
  let left = count;
  for await (const block of blocks) {
    if (left < block.length) yield left === 0 ? block : block.subarray(left);
    left = Math.max(0, left - block.length);
  }
}

/**
 * All bytes at once, of what can be read in no other way.
 *
 * @throws UnreadableError when there are more than `bytesMax`
 */
export async function gathered(blocks: AsyncIterable<Buffer>, bytesMax: number, what: string): Promise<Buffer> {
  const all: Buffer[] = [];
  let bytes = 0;
  for await (const block of blocks) {
    bytes += block.length;
    if (bytes > bytesMax) throw new UnreadableError(`the file is larger than ${bytesMax} bytes: ${what}`);
    all.push(block);
  }
  return Buffer.concat(all);
}
