/** First byte of a whole text message (RFC 6455, 5.2): final fragment, opcode 1. */
const TEXT_MESSAGE = 0x81;
/** A payload up to this length is stated in the second byte itself. */
const SHORT_MAX = 125;
/** One up to this length is stated in the two bytes after it; a longer one in eight. */
const MEDIUM_MAX = 65_535;

function headerLength(payloadLength: number): number {
  if (payloadLength <= SHORT_MAX) return 2;
  return payloadLength <= MEDIUM_MAX ? 4 : 10;
}

function writeHeader(target: Buffer, at: number, payloadLength: number): void {
  target[at] = TEXT_MESSAGE;
  if (payloadLength <= SHORT_MAX) {
    target[at + 1] = payloadLength;
  } else if (payloadLength <= MEDIUM_MAX) {
    target[at + 1] = 126;
    target.writeUInt16BE(payloadLength, at + 2);
  } else {
    target[at + 1] = 127;
    target.writeBigUInt64BE(BigInt(payloadLength), at + 2);
  }
}

/** WebSocket frames, unmasked as a server's are, one a text, laid end to end. */
function framesOf(texts: readonly string[]): Buffer {
  const lengths = texts.map((text) => Buffer.byteLength(text));
  const total = lengths.reduce((sum, length) => sum + length + headerLength(length), 0);
  const frames = Buffer.allocUnsafe(total);
  let at = 0;
  for (const [index, text] of texts.entries()) {
    const length = lengths[index] ?? 0;
    writeHeader(frames, at, length);
    at += headerLength(length);
    at += frames.write(text, at);
  }
  return frames;
}

/** Messages that go out together, framed once for everybody who gets them. */
export class Packet {
  #frames: Buffer | undefined;

  constructor(readonly texts: readonly string[]) {}

  /** Messages in it. */
  get count(): number {
    return this.texts.length;
  }

  /** The same messages as WebSocket frames. */
  get frames(): Buffer {
    this.#frames ??= framesOf(this.texts);
    return this.#frames;
  }
}

/** The packet of one message. */
export function packetOf(message: object): Packet {
  return new Packet([JSON.stringify(message)]);
}

/** Packets that go to many in one write. Receivers share the frames, so nobody may change them. */
export class Bundle {
  readonly frames: Buffer;
  /** Messages in it. */
  readonly count: number;

  constructor(readonly packets: readonly Packet[]) {
    const [first] = packets;
    const isOne = first !== undefined && packets.length === 1;
    this.frames = isOne ? first.frames : Buffer.concat(packets.map((packet) => packet.frames));
    this.count = packets.reduce((sum, packet) => sum + packet.count, 0);
  }
}
