import { crc32, gunzipSync } from "node:zlib";
import fc from "fast-check";
import { combineCrc } from "./crc-combine.js";
import { deflatedPart, gzipMember } from "./gzip-member.js";

test("the checksum of bytes after others is that of both together", () => {
  const bytes = fc.uint8Array({ maxLength: 300 });
  fc.assert(
    fc.property(bytes, bytes, (before, after) => {
      expect(combineCrc(crc32(before), crc32(after), after.length)).toBe(crc32(Buffer.concat([before, after])));
    }),
  );
  const [before, after] = [Buffer.from("bars"), Buffer.alloc(5_000_011, "more bars, ")];
  expect(combineCrc(crc32(before), crc32(after), after.length)).toBe(crc32(Buffer.concat([before, after])));
});

test("parts that were compressed each by itself are one member, in any order and number", async () => {
  const text = fc.string({ maxLength: 400 }).map((word) => word.repeat(1 + (word.length % 30)));
  await fc.assert(
    fc.asyncProperty(fc.array(text, { maxLength: 8 }), async (texts) => {
      const raws = texts.map((part) => Buffer.from(part));
      const member = Buffer.concat(gzipMember(await Promise.all(raws.map(deflatedPart))));
      expect(gunzipSync(member).equals(Buffer.concat(raws))).toBe(true);
    }),
    { numRuns: 60 },
  );
});

test("a kept part can be in many answers, and takes less than the bytes it stands for", async () => {
  const rows = Buffer.from(Array.from({ length: 2000 }, (_, i) => `{"bucket":${i},"open":1.1${i % 7}}`).join(","));
  const [open, kept, comma, close] = await Promise.all(
    ["[", rows, ",", "]"].map((part) => deflatedPart(Buffer.from(part))),
  );
  if (open === undefined || kept === undefined || comma === undefined || close === undefined)
    throw new Error("no parts");
  const twice = Buffer.concat(gzipMember([open, kept, comma, kept, close]));
  expect(gunzipSync(twice).toString()).toBe(`[${rows},${rows}]`);
  expect(twice.length).toBeLessThan(rows.length / 2);
});
