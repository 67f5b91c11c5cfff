/** Smaller pieces are gathered in a buffer of this size at first. */
const CAPACITY_MIN = 4096;

/**
 * The pieces of a body, laid end to end as they come: a piece of a single byte costs some 300, and there can be millions of them. What
 * came in one piece is not copied.
 */
export class GatheredBytes {
  #buffer: Buffer = Buffer.alloc(0);
  #length = 0;

  get length(): number {
    return this.#length;
  }

  add(piece: Buffer): void {
    const length = this.#length + piece.length;
    if (this.#length === 0) {
      this.#buffer = piece;
    } else {
      if (length > this.#buffer.length) this.#grow(Math.max(CAPACITY_MIN, length, 2 * this.#length));
      piece.copy(this.#buffer, this.#length);
    }
    this.#length = length;
  }

  /** Hands out everything; what comes later is gathered anew. */
  take(): Buffer {
    const bytes = this.#buffer.subarray(0, this.#length);
    this.#buffer = Buffer.alloc(0);
    this.#length = 0;
    return bytes;
  }

  #grow(capacity: number): void {
    const buffer = Buffer.allocUnsafeSlow(capacity);
    this.#buffer.copy(buffer, 0, 0, this.#length);
    this.#buffer = buffer;
  }
}
