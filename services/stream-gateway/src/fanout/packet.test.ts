import fc from "fast-check";
import { WebSocket } from "ws";
import { canWriteFrames } from "../connection/frame-writing.js";
import { Bundle, Packet } from "./packet.js";

/** Takes server frames apart again, as a client would. */
function textsOf(frames: Buffer): string[] {
  const texts: string[] = [];
  for (let at = 0; at < frames.length; ) {
    expect(frames[at]).toBe(0x81);
    const short = frames[at + 1] ?? 0;
    const header = short < 126 ? 2 : short === 126 ? 4 : 10;
    const length =
      short < 126 ? short : short === 126 ? frames.readUInt16BE(at + 2) : Number(frames.readBigUInt64BE(at + 2));
    texts.push(frames.toString("utf8", at + header, at + header + length));
    at += header + length;
  }
  return texts;
}

describe("frames", () => {
  test("hold exactly the texts, in order, whatever characters they have", () => {
    fc.assert(
      fc.property(fc.array(fc.string({ unit: "grapheme" })), (texts) => {
        expect(textsOf(new Packet(texts).frames)).toEqual(texts);
      }),
    );
  });

  test.each([0, 125, 126, 65_535, 65_536])("state a length of %i as RFC 6455 wants it", (length) => {
    expect(textsOf(new Packet(["x".repeat(length)]).frames)).toEqual(["x".repeat(length)]);
  });

  test("of several packets lie end to end, and every message is counted", () => {
    const bundle = new Bundle([new Packet(["a", "b"]), new Packet([]), new Packet(["c"])]);
    expect(textsOf(bundle.frames)).toEqual(["a", "b", "c"]);
    expect(bundle.count).toBe(3);
  });

  test("are what ws itself would write, so that both may write to one socket", () => {
    expect(canWriteFrames()).toBe(true);
  });

  test("are not written past a ws that sends later, in parts or otherwise framed", () => {
    class Later extends WebSocket {
      override send(data: string): void {
        setImmediate(() => super.send(data));
      }
    }
    class InParts extends WebSocket {
      override send(data: string): void {
        super.send(data.slice(0, 100), { fin: false });
        super.send(data.slice(100), { fin: true });
      }
    }
    class Binary extends WebSocket {
      override send(data: string): void {
        super.send(data, { binary: true });
      }
    }
    expect([Later, InParts, Binary].map((socketClass) => canWriteFrames(socketClass))).toEqual([false, false, false]);
  });
});
