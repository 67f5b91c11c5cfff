import { FrameCounter, pongFrame } from "./frame-counter.js";

function frame(opcode: number, payload: Buffer): Buffer {
  const { length } = payload;
  if (length <= 125) return Buffer.concat([Buffer.from([0x80 | opcode, length]), payload]);
  if (length < 65_536) return Buffer.concat([Buffer.from([0x80 | opcode, 126, length >> 8, length & 0xff]), payload]);
  const head = Buffer.alloc(10);
  head[0] = 0x80 | opcode;
  head[1] = 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  return Buffer.concat([head, payload]);
}

const TEXTS = [0, 1, 125, 126, 300, 65_535, 65_536, 70_000].map((length) => frame(1, Buffer.alloc(length, 0x81)));

function counter() {
  const pings: string[] = [];
  const closes: number[] = [];
  const counted = new FrameCounter({
    onPing: (payload) => pings.push(payload.toString()),
    onClose: (code) => closes.push(code),
  });
  return { counted, pings, closes };
}

test.each([1, 2, 3, 7, 1000, 1_000_000])("every text is counted once, however it is cut: pieces of %d", (size) => {
  const { counted, pings, closes } = counter();
  const close = frame(8, Buffer.from([0x0f, 0xa8]));
  const bytes = Buffer.concat([...TEXTS, frame(9, Buffer.from("17")), ...TEXTS, frame(9, Buffer.alloc(0)), close]);
  for (let at = 0; at < bytes.length; at += size) counted.read(bytes.subarray(at, at + size));
  expect(counted.texts).toBe(2 * TEXTS.length);
  expect(pings).toEqual(["17", ""]);
  expect(closes).toEqual([4008]);
});

test("a pong is masked and carries what the ping carried", () => {
  expect([...pongFrame(Buffer.from("17"))]).toEqual([0x8a, 0x82, 0, 0, 0, 0, 0x31, 0x37]);
});
