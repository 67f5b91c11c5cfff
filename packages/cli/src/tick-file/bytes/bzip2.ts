import unbzip2 from "unbzip2-stream";
import { UnreadableError } from "../tick.js";

const DAMAGED = "its bzip2 data is cut off or damaged";

/**
 * What bzip2 has compressed, in one stream or several.
 *
 * @throws UnreadableError when it is cut off or damaged
 */
export async function* bunzipped(blocks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const unpacked: Buffer[] = [];
  let error: unknown;
  // It works at once on what is written to it, and has told of it when the call returns: nothing is to be waited for.
  const stream = unbzip2();
  stream.on("data", (block: Buffer) => unpacked.push(block));
  stream.on("error", (problem: unknown) => {
    error ??= problem;
  });
  const worked = (work: () => void) => {
    try {
      work();
    } catch (problem) {
      error ??= problem;
    }
    if (error !== undefined) throw new UnreadableError(`${DAMAGED}: ${error instanceof Error ? error.message : error}`);
    return unpacked.splice(0);
  };
  for await (const block of blocks) yield* worked(() => stream.write(block));
  yield* worked(() => stream.end());
}
