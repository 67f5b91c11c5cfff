/** The texts of rows one after the other, as they are sent, each with its separator in front of it. */
export interface EncodedRows {
  readonly bytes: Buffer;
  /** Where each row begins, and where the last one ends. */
  readonly offsets: Uint32Array;
}

/** What a buffer and an array of offsets take besides what they hold. */
const OVERHEAD_BYTES = 400;

/** @param rowText of the row at a place; all of it is ASCII, for no text of bars is anything else */
export function encodeRows(from: number, to: number, rowText: (place: number) => string): EncodedRows {
  const offsets = new Uint32Array(to - from + 1);
  let text = "";
  for (let place = from; place < to; place += 1) {
    text += rowText(place);
    offsets[place - from + 1] = text.length;
  }
  // Memory of its own: what is cut from Node's pool would keep the whole pool.
  const bytes = Buffer.allocUnsafeSlow(text.length);
  bytes.write(text, "latin1");
  return { bytes, offsets };
}

/** The same bytes in memory of their own: what is cut from a longer piece, such as Node's pool or what zlib writes to, keeps all of that. */
export function inOwnMemory(bytes: Buffer): Buffer {
  if (bytes.buffer.byteLength === bytes.length) return bytes;
  const own = Buffer.allocUnsafeSlow(bytes.length);
  bytes.copy(own);
  return own;
}

/** Rows, and others after them. */
export function appendRows(first: EncodedRows, second: EncodedRows): EncodedRows {
  const bytes = Buffer.allocUnsafeSlow(first.bytes.length + second.bytes.length);
  bytes.set(first.bytes);
  bytes.set(second.bytes, first.bytes.length);
  const offsets = new Uint32Array(first.offsets.length + second.offsets.length - 1);
  offsets.set(first.offsets);
  for (let i = 1; i < second.offsets.length; i += 1) {
    offsets[first.offsets.length - 1 + i] = first.bytes.length + (second.offsets[i] ?? 0);
  }
  return { bytes, offsets };
}

/** The rows at the places [from, to). Nothing is copied. */
export function rowsBetween({ bytes, offsets }: EncodedRows, from: number, to: number): Buffer {
  return bytes.subarray(offsets[from], offsets[to]);
}

export function bytesOf({ bytes, offsets }: EncodedRows): number {
  return bytes.length + offsets.byteLength + OVERHEAD_BYTES;
}
