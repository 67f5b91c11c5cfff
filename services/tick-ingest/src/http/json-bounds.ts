import { randomInt } from "node:crypto";

/** Deeper than anything a route takes. */
const DEPTH_MAX = 20;
/** Names in one object; a tick has 6. */
const KEYS_MAX = 100;
/** Values in a whole body: 50,000 ticks have 300,000. Each takes up to 60 bytes once it is parsed. */
const VALUES_MAX = 1_000_000;
/**
 * Different beginnings of objects: `{"symbol"`, `{"symbol","time"` and so on. The parser makes a class of objects for each, in some 6 µs,
 * where the same names in the same order cost next to nothing; six names in all their orders have 1,956.
 */
const SHAPES_MAX = 2000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** Odd, and nobody's to know: names that are made to be taken for one another would not be counted. */
const SEED = 2 * randomInt(2 ** 20, 2 ** 30) + 1;

/**
 * Tells why JSON texts are not worth parsing, from their bytes: 10 MB of nested brackets, or of names of one object, take 600 MB once
 * they are parsed, and 9 MB of objects that all begin otherwise 5 s. Whether it is JSON at all is left to the parser.
 */
export class JsonBounds {
  /** Names so far in the object at each depth. */
  readonly #keys = new Uint32Array(DEPTH_MAX + 1);
  /** What the names so far in the object at each depth come to, in their order. */
  readonly #shapes = new Int32Array(DEPTH_MAX + 1);
  /** Of all texts together. */
  readonly #seen = new Set<number>();

  /** Of the text [from, to), which is one of a body or the whole of it. */
  excessOf(bytes: Uint8Array, from = 0, to = bytes.length): string | undefined {
    let values = 0;
    let depth = 0;
    /** Where the last text began and ended: a name, when a colon follows. */
    let textFrom = from;
    let textTo = from;
    this.#begin(0);
    for (let at = from; at < to; at += 1) {
      switch (bytes[at]) {
        case QUOTE:
          textFrom = at + 1;
          textTo = endOfText(bytes, textFrom, to);
          at = textTo;
          break;
        case OPEN_ARRAY:
        case OPEN_OBJECT:
          depth += 1;
          values += 1;
          if (depth > DEPTH_MAX) return `is nested more than ${DEPTH_MAX} deep`;
          this.#begin(depth);
          break;
        case CLOSE_ARRAY:
        case CLOSE_OBJECT:
          depth = Math.max(0, depth - 1);
          break;
        case COLON:
          if (this.#name(depth, bytes, textFrom, textTo) > KEYS_MAX)
            return `has an object of more than ${KEYS_MAX} names`;
          if (this.#seen.size > SHAPES_MAX) return "has too many objects of different names";
          break;
        case COMMA:
          values += 1;
      }
      if (values > VALUES_MAX) return `has more than ${VALUES_MAX} values`;
    }
    return undefined;
  }

  #begin(depth: number): void {
    this.#keys[depth] = 0;
    this.#shapes[depth] = SEED;
  }

  /** Notes a name. @returns how many its object has */
  #name(depth: number, bytes: Uint8Array, from: number, to: number): number {
    let shape = this.#shapes[depth] ?? 0;
    for (let at = from; at <= to; at += 1) {
      // The quote after it ends it, so that it is not taken for a longer one.
      shape = Math.imul(shape ^ (bytes[at] ?? 0), SEED);
      shape ^= shape >>> 15;
    }
    this.#shapes[depth] = shape;
    this.#seen.add(shape);
    const keys = (this.#keys[depth] ?? 0) + 1;
    this.#keys[depth] = keys;
    return keys;
  }
}

/** Where the quote is that ends a text. */
function endOfText(bytes: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}
