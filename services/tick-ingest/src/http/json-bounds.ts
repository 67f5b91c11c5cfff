/** Deeper than anything a route takes. */
const DEPTH_MAX = 20;
/** Names in one object; a tick has 6. */
const KEYS_MAX = 100;
/** Values in a whole body: 50,000 ticks have 300,000. Each takes up to 60 bytes once it is parsed. */
const VALUES_MAX = 1_000_000;

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/**
 * Why a JSON text is not worth parsing, seen from its bytes: 10 MB of nested brackets, or of names of one object, take 600 MB once
 * they are parsed. Whether it is JSON at all is left to the parser.
 */
export function jsonExcess(bytes: Uint8Array): string | undefined {
  let values = 0;
  let depth = 0;
  /** Names so far in the object at each depth. */
  const keys = new Uint32Array(DEPTH_MAX + 1);
  for (let at = 0; at < bytes.length; at += 1) {
    switch (bytes[at]) {
      case QUOTE:
        at = endOfText(bytes, at + 1);
        break;
      case OPEN_ARRAY:
      case OPEN_OBJECT:
        depth += 1;
        values += 1;
        if (depth > DEPTH_MAX) return `is nested more than ${DEPTH_MAX} deep`;
        keys[depth] = 0;
        break;
      case CLOSE_ARRAY:
      case CLOSE_OBJECT:
        depth = Math.max(0, depth - 1);
        break;
      case COLON:
        keys[depth] = (keys[depth] ?? 0) + 1;
        if ((keys[depth] ?? 0) > KEYS_MAX) return `has an object of more than ${KEYS_MAX} names`;
        break;
      case COMMA:
        values += 1;
    }
    if (values > VALUES_MAX) return `has more than ${VALUES_MAX} values`;
  }
  return undefined;
}

/** Where the quote is that ends a text. */
function endOfText(bytes: Uint8Array, from: number): number {
  let at = from;
  while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
  return at;
}
