import { Readable } from "node:stream";
import { gzipSync } from "node:zlib";
import { pipedText, skipBytes } from "./text-source.js";

const { signal } = new AbortController();

async function read(blocks: AsyncIterable<Buffer>): Promise<string> {
  const all: Buffer[] = [];
  for await (const block of blocks) all.push(block);
  return Buffer.concat(all).toString();
}

describe("pipedText", () => {
  it("reads text as it is, and gzip by its first bytes, in several members too", async () => {
    const text = (...blocks: Buffer[]) => read(pipedText(Readable.from(blocks), signal).blocks);
    await expect(text(Buffer.from("a\n"), Buffer.from("b\n"))).resolves.toBe("a\nb\n");
    await expect(text(gzipSync("a\n"))).resolves.toBe("a\n");
    await expect(text(gzipSync("a\n"), gzipSync("b\n"))).resolves.toBe("a\nb\n");
    await expect(text()).resolves.toBe("");
  });

  it("reports a compressed text that breaks off", async () => {
    const whole = gzipSync("time,price\n".repeat(1000));
    const source = pipedText(Readable.from([whole.subarray(0, whole.length - 12)]), signal);
    await expect(read(source.blocks)).rejects.toThrow("unexpected end of file");
  });

  it("ends a read that waits for more when it is interrupted", async () => {
    const aborter = new AbortController();
    const idle = new Readable({ read() {} });
    const reading = read(pipedText(idle, aborter.signal).blocks);
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
