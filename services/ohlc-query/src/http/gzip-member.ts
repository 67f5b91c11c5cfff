import { promisify } from "node:util";
import { constants, crc32, deflateRaw } from "node:zlib";
import { combineCrc } from "./crc-combine.js";

/** Bytes as deflate blocks that end with a byte and refer to nothing before them, so that any others may come before them. */
export interface DeflatedPart {
  readonly deflated: Buffer;
  /** CRC-32 of the bytes. */
  readonly crc: number;
  /** How many bytes they are when inflated. */
  readonly length: number;
}

/** No name, no time, no extra fields, of an unknown system (RFC 1952 §2.3). */
const HEADER = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255]);
/** An empty last block. */
const LAST_BLOCK = [3, 0];
const TRAILER_LENGTH = LAST_BLOCK.length + 8;
const TWO_TO_32 = 2 ** 32;
/** Fewer bytes are not worth more than five of a header. */
const STORED_MAX = 128;
const FLUSHED = { level: 4, finishFlush: constants.Z_FULL_FLUSH };

const deflateAll = promisify(deflateRaw);

/** Whether bytes are so few that they are not compressed. */
export function isStored(raw: Buffer): boolean {
  return raw.length <= STORED_MAX;
}

/** A block that is not compressed (RFC 1951 §3.2.4). */
function stored(raw: Buffer): Buffer {
  const block = Buffer.alloc(5 + raw.length);
  block.writeUInt16LE(raw.length, 1);
  block.writeUInt16LE(raw.length ^ 0xffff, 3);
  raw.copy(block, 5);
  return block;
}

/** Compresses bytes so that they can be laid beside others; off the main thread where they are worth it. */
export async function deflatedPart(raw: Buffer): Promise<DeflatedPart> {
  const deflated = isStored(raw) ? stored(raw) : await deflateAll(raw, FLUSHED);
  return { deflated, crc: crc32(raw), length: raw.length };
}

/**
 * One gzip member of parts that were compressed each by itself. Of several members curl, wget and Chromium show the first alone.
 *
 * @returns its pieces, in their order
 */
export function gzipMember(parts: readonly DeflatedPart[]): Buffer[] {
  let crc = 0;
  let length = 0;
  for (const part of parts) {
    crc = combineCrc(crc, part.crc, part.length);
    length += part.length;
  }
  const trailer = Buffer.alloc(TRAILER_LENGTH);
  trailer.set(LAST_BLOCK);
  trailer.writeUInt32LE(crc, LAST_BLOCK.length);
  trailer.writeUInt32LE(length % TWO_TO_32, LAST_BLOCK.length + 4);
  return [HEADER, ...parts.map(({ deflated }) => deflated), trailer];
}
