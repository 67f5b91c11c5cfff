import { addAbortSignal, Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { UnreadableError } from "../tick.js";
import { skipBytes } from "./blocks.js";
import { plainBlocks } from "./plain-blocks.js";

async function read(blocks: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const block of blocks) all.push(block);
  return Buffer.concat(all).toString();
}

describe("plainBlocks", () => {
  it("reads text as it is, and gzip by its first bytes, in several members too", async () => {
    const text = (...blocks: Buffer[]) => read(plainBlocks(Readable.from(blocks)));
    await expect(text(Buffer.from("a\n"), Buffer.from("b\n"))).resolves.toBe("a\nb\n");
    await expect(text(gzipSync("a\n"))).resolves.toBe("a\n");
    await expect(text(gzipSync("a\n"), gzipSync("b\n"))).resolves.toBe("a\nb\n");
    await expect(text()).resolves.toBe("");
  });

  it("reports a compressed text that breaks off or is damaged", async () => {
    const whole = gzipSync("time,price\n".repeat(1000));
    const cut = read(plainBlocks(Readable.from([whole.subarray(0, whole.length - 12)])));
    await expect(cut).rejects.toThrow(
      new UnreadableError("its gzip data is cut off or damaged: unexpected end of file"),
    );
    const damaged = Buffer.from(whole);
    damaged.writeUInt8(damaged.readUInt8(damaged.length - 6) ^ 1, damaged.length - 6);
    await expect(read(plainBlocks(Readable.from([damaged])))).rejects.toThrow(
      "cut off or damaged: incorrect data check",
    );
  });

  it("ends a read that waits for more when it is interrupted", async () => {
    const aborter = new AbortController();
    const reading = read(plainBlocks(addAbortSignal(aborter.signal, new Readable({ read() {} }))));
    aborter.abort();
    await expect(reading).rejects.toThrow(/abort/i);
  });
});

describe("skipBytes", () => {
  it("leaves out the first bytes, wherever the blocks end", async () => {
    const blocks = () => Readable.from([Buffer.from("abc"), Buffer.from("def"), Buffer.from("gh")]);
    for (let count = 0; count <= 8; count += 1) {
      await expect(read(skipBytes(blocks(), count))).resolves.toBe("abcdefgh".slice(count));
    }
  });
});
