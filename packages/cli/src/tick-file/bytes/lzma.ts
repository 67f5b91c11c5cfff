import LZMA from "js-lzma";
import { UnreadableError } from "../tick.js";

/**
 * The 13 bytes before the data of an LZMA-alone file: one with lc, lp and pb, four with the dictionary's size, eight with
 * the size of what comes out, or all ones when an end marker says where it ends.
 */
const HEADER_BYTES = 13;
const PROPERTIES_BYTES = 5;
const UNKNOWN_SIZE = 0xffff_ffff_ffff_ffffn;
const PROPERTIES_MAX = (4 * 5 + 4) * 9 + 8;

/** Whether it is a dictionary size that encoders write, 2^n or 2^n + 2^(n-1): the format has no other mark to know it by. */
function isDictionarySize(size: number): boolean {
  const power = 2 ** Math.floor(Math.log2(size));
  return size > 0 && (size === power || size === power * 1.5);
}

/** Whether bytes begin as an LZMA-alone file does. */
export function isLzma(head: Buffer): boolean {
  return head.length >= HEADER_BYTES && head.readUInt8(0) <= PROPERTIES_MAX && isDictionarySize(head.readUInt32LE(1));
}

/** Reads bytes one by one, and knows when there are no more, which the decoder itself would not notice. */
class ByteInput {
  #at: number;

  constructor(
    private readonly bytes: Buffer,
    from: number,
  ) {
    this.#at = from;
  }

  readByte(): number {
    const byte = this.bytes[this.#at];
    if (byte === undefined) throw new UnreadableError("the file is cut off: its LZMA data ends too early");
    this.#at += 1;
    return byte;
  }
}

/** Gathers bytes up to a bound. */
class ByteOutput {
  #bytes: Buffer;
  #length = 0;

  constructor(
    bytesExpected: number,
    private readonly bytesMax: number,
  ) {
    this.#bytes = Buffer.alloc(bytesExpected);
  }

  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.#length);
  }

  writeByte(value: number): void {
    if (this.#length === this.#bytes.length) this.#grow();
    this.#bytes[this.#length] = value;
    this.#length += 1;
  }

  #grow(): void {
    if (this.#length >= this.bytesMax) throw new UnreadableError(`the file holds more than ${this.bytesMax} bytes`);
    this.#bytes = Buffer.concat([this.#bytes], Math.min(this.#length * 2, this.bytesMax));
  }
}

/**
 * Decompresses an LZMA-alone file: js-lzma, a port of the LZMA SDK's decoder that takes its bytes through an interface, so
 * that a file that is cut off is noticed at its last byte. LZMA-JS and lzma1 take the end of the data for more data.
 *
 * @param bytesMax of what comes out
 * @throws UnreadableError when the bytes are no LZMA, cut off or damaged, or too much comes out
 */
export function unlzma(bytes: Buffer, bytesMax: number): Buffer {
  if (!isLzma(bytes)) {
    const head = bytes
      .subarray(0, 4)
      .toString("hex")
      .replace(/(..)(?=.)/g, "$1 ");
    throw new UnreadableError(`the file is no LZMA: it begins with the bytes ${head}`);
  }
  const size = bytes.readBigUInt64LE(PROPERTIES_BYTES);
  const known = size !== UNKNOWN_SIZE;
  if (known && size > bytesMax) throw new UnreadableError(`the file holds more than ${bytesMax} bytes`);
  const output = new ByteOutput(known ? Number(size) : Math.min(bytes.length * 8, bytesMax), bytesMax);
  decode(bytes, output, known ? Number(size) : -1);
  return output.bytes;
}

function decode(bytes: Buffer, output: ByteOutput, size: number): void {
  try {
    LZMA.decompress(new ByteInput(bytes, 0), new ByteInput(bytes, HEADER_BYTES), output, size);
  } catch (error) {
    // What the decoder itself throws are bare strings.
    throw error instanceof Error ? error : new UnreadableError("the file is damaged: its LZMA data makes no sense");
  }
}
