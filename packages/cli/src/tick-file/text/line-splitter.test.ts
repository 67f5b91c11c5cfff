import fc from "fast-check";
import { LINE_LENGTH_MAX, type Line, LineSplitter } from "./line-splitter.js";

function split(blocks: readonly Buffer[], start?: { line: number; offset: number }): Line[] {
  const splitter = new LineSplitter(start);
  return [...blocks.flatMap((block) => splitter.push(block)), ...splitter.end()];
}

describe("LineSplitter", () => {
  it("numbers lines from 1 and knows the byte behind each, with either line end and without a last one", () => {
    expect(split([Buffer.from("a\r\nbc\n\nd")])).toEqual([
      { number: 1, text: "a", end: 3 },
      { number: 2, text: "bc", end: 6 },
      { number: 3, text: "", end: 7 },
      { number: 4, text: "d", end: 8 },
    ]);
  });

  it("gives the same lines however the text is cut into blocks", () => {
    const text = fc.array(fc.constantFrom("a", ",", "é", "\r", "\n", "\n"), { maxLength: 60 });
    fc.assert(
      fc.property(text, fc.array(fc.nat(80), { maxLength: 8 }), (characters, cuts) => {
        const bytes = Buffer.from(characters.join(""));
        const edges = [0, ...cuts.map((cut) => Math.min(cut, bytes.length)), bytes.length].toSorted((a, b) => a - b);
        const blocks = edges.slice(1).map((edge, index) => bytes.subarray(edges[index], edge));
        expect(split(blocks)).toEqual(split([bytes]));
      }),
    );
  });

  it("gives the rest of the lines when it goes on behind any of them", () => {
    const bytes = Buffer.from("time,price\n1,é\r\n2,b\n\n3,c");
    const all = split([bytes]);
    for (const [index, { number, end }] of all.entries()) {
      expect(split([bytes.subarray(end)], { line: number, offset: end })).toEqual(all.slice(index + 1));
    }
  });

  it("refuses a line without an end before it fills the memory", () => {
    const splitter = new LineSplitter();
    splitter.push(Buffer.from("header\n"));
    expect(() => splitter.push(Buffer.alloc(LINE_LENGTH_MAX + 1))).toThrow("line 2 is longer than 65536 bytes");
  });
});
