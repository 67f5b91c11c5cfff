const OPCODE = { text: 1, close: 8, ping: 9, pong: 10 } as const;
/** Lengths up to this are in the frame's second byte; 126 and 127 say that 2 or 8 more bytes hold it. */
const SHORT_LENGTH_MAX = 125;
const HEAD_BYTES = 2;

/** Where a frame's payload lies in a chunk. */
interface Frame {
  readonly opcode: number;
  readonly start: number;
  readonly length: number;
}

/** The frame that starts at `at`; undefined when its head is not all there. */
function frameAt(chunk: Buffer, at: number): Frame | undefined {
  if (at + HEAD_BYTES > chunk.length) return undefined;
  const opcode = chunk.readUInt8(at) & 0x0f;
  const short = chunk.readUInt8(at + 1) & 0x7f;
  if (short <= SHORT_LENGTH_MAX) return { opcode, start: at + HEAD_BYTES, length: short };
  const start = at + HEAD_BYTES + (short === 126 ? 2 : 8);
  if (start > chunk.length) return undefined;
  const length = short === 126 ? chunk.readUInt16BE(at + 2) : Number(chunk.readBigUInt64BE(at + 2));
  return { opcode, start, length };
}

/** The answer to a ping, masked with zeros, as a client's frames must be masked. */
export function pongFrame(payload: Buffer): Buffer {
  return Buffer.concat([Buffer.from([0x80 | OPCODE.pong, 0x80 | payload.length, 0, 0, 0, 0]), payload]);
}

/** A message, masked with zeros, too; one of up to 64 kB. */
export function textFrame(text: string): Buffer {
  const payload = Buffer.from(text);
  const head = Buffer.from([0x80 | OPCODE.text, 0x80 | 126, 0, 0, 0, 0, 0, 0]);
  head.writeUInt16BE(payload.length, HEAD_BYTES);
  return Buffer.concat([head, payload]);
}

export interface FrameEvents {
  onPing(payload: Buffer): void;
  onClose(code: number): void;
}

/**
 * Counts the text frames of one WebSocket without looking into them. Five hundred clients of a busy feed get half a million
 * frames a second: a whole WebSocket library in each would need more of the machine than the server under test.
 */
export class FrameCounter {
  texts = 0;
  /** Bytes of a text that are still to come. */
  #skip = 0;
  /** The beginning of a frame that was cut before it could be understood. */
  #rest: Buffer | undefined;

  constructor(private readonly events: FrameEvents) {}

  read(bytes: Buffer): void {
    const chunk = this.#rest === undefined ? bytes : Buffer.concat([this.#rest, bytes]);
    this.#rest = undefined;
    let at = Math.min(this.#skip, chunk.length);
    this.#skip -= at;
    while (at < chunk.length) {
      const frame = frameAt(chunk, at);
      const end = frame === undefined ? Number.POSITIVE_INFINITY : frame.start + frame.length;
      if (frame?.opcode === OPCODE.text) {
        this.texts += 1;
        this.#skip = Math.max(0, end - chunk.length);
      } else if (frame === undefined || end > chunk.length) {
        this.#rest = chunk.subarray(at);
        return;
      } else {
        this.#control(frame, chunk.subarray(frame.start, end));
      }
      at = end;
    }
  }

  #control({ opcode }: Frame, payload: Buffer): void {
    if (opcode === OPCODE.ping) this.events.onPing(payload);
    if (opcode === OPCODE.close) this.events.onClose(payload.length >= 2 ? payload.readUInt16BE(0) : 1005);
  }
}
