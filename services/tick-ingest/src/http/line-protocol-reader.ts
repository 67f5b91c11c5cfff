import type { Line, Quotes } from "./line-reader.js";

const SPACE = 0x20;
const QUOTE = 0x22;
const HASH = 0x23;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;
const LOWER_I = 0x69;
const LOWER_U = 0x75;

export const TIME = "time";
const NAMES = ["symbol", "price", "bid", "ask", "seq", TIME] as const;
type Name = (typeof NAMES)[number];
const PLACE_OF = Object.fromEntries(NAMES.map((name, place) => [name, place])) as Readonly<Record<Name, number>>; // One for each.
const FIELD_NAMES = ["price", "bid", "ask", "seq"] as const;
const WORDS = NAMES.map((name) => Buffer.from(name));

/** A text of a field may hold line ends: QuestDB's clients write a backslash before them, Telegraf writes them as they are. */
export class LineProtocolQuotes implements Quotes {
  #isOpen = false;
  #isInFields = false;

  goOnAfter(bytes: Uint8Array, from: number, to: number): boolean {
    let at = from;
    if (!this.#isOpen && bytes[from] === HASH) return false;
    for (; at < to; at += 1) {
      const byte = bytes[at];
      if (byte === BACKSLASH) at += 1;
      else if (this.#isOpen) this.#isOpen = byte !== QUOTE;
      else if (!this.#isInFields) this.#isInFields = byte === SPACE;
      else if (byte === QUOTE) this.#isOpen = bytes[at - 1] === EQUALS;
    }
    if (!this.#isOpen) this.#isInFields = false;
    return this.#isOpen;
  }
}

/** Takes a line apart: where in it the values are that a tick has, and which others there are. One is used for line after line. */
export class LineProtocolReader {
  bytes: Buffer = Buffer.alloc(0);
  /** Names of tags and fields that ticks have not. */
  others: string[] = [];
  /** Of each of {@link NAMES} where its value begins and ends; -1 where there is none. */
  readonly #ends = new Int32Array(2 * NAMES.length);
  #at = 0;
  #to = 0;

  static isComment({ bytes, from }: Line): boolean {
    return bytes[from] === HASH;
  }

  has(name: Name): boolean {
    return this.from(name) >= 0;
  }

  from(name: Name): number {
    return this.#ends[2 * PLACE_OF[name]] ?? -1;
  }

  to(name: Name): number {
    return this.#ends[2 * PLACE_OF[name] + 1] ?? -1;
  }

  /** Without the letter after an integer. */
  numberTo(name: Name): number {
    const to = this.to(name);
    const last = this.bytes[to - 1];
    return last === LOWER_I || last === LOWER_U ? to - 1 : to;
  }

  text(name: Name): string | undefined {
    if (!this.has(name)) return undefined;
    return this.bytes.toString("utf8", this.from(name), this.to(name)).replace(/\\([,= ])/g, "$1");
  }

  numberText(name: Name): string | undefined {
    return this.has(name) ? this.bytes.toString("utf8", this.from(name), this.numberTo(name)) : undefined;
  }

  /** @returns what is wrong with the line; undefined where it can be taken apart */
  read(bytes: Buffer, from: number, to: number): string | undefined {
    this.bytes = bytes;
    this.others = [];
    this.#ends.fill(-1);
    this.#to = to;
    this.#at = this.#endOfWord(from);
    if (this.#at === from) return "has no table";
    return this.#readTags() ?? this.#readFields() ?? this.#readTime();
  }

  #readTags(): string | undefined {
    while (this.bytes[this.#at] === COMMA && this.#at < this.#to) {
      const from = this.#at + 1;
      const equals = this.#equalsAfter(from);
      if (equals < 0) return "has a tag without a value";
      this.#at = this.#endOfWord(equals + 1);
      if (!this.#note(from, equals, this.#isTag(from, equals) ? 0 : -1)) return "has a tag twice";
    }
    return undefined;
  }

  #isTag(from: number, to: number): boolean {
    return isWord(WORDS[PLACE_OF.symbol], this.bytes, from, to);
  }

  #readFields(): string | undefined {
    do {
      const from = this.#skipSpace(this.#at) + (this.bytes[this.#at] === COMMA ? 1 : 0);
      const equals = this.#equalsAfter(from);
      if (equals < 0) return "has no fields";
      this.#at = this.bytes[equals + 1] === QUOTE ? this.#endOfText(equals + 2) : this.#endOfWord(equals + 1);
      if (this.#at < 0) return "has a text that does not end";
      const name = FIELD_NAMES.find((field) => isWord(WORDS[PLACE_OF[field]], this.bytes, from, equals));
      if (!this.#note(from, equals, name === undefined ? -1 : PLACE_OF[name])) return "has a field twice";
    } while (this.bytes[this.#at] === COMMA && this.#at < this.#to);
    return undefined;
  }

  #readTime(): string | undefined {
    const from = this.#skipSpace(this.#at);
    if (from >= this.#to) return undefined;
    if (from === this.#at) return "has something after a text";
    this.#ends[2 * PLACE_OF[TIME]] = from;
    this.#ends[2 * PLACE_OF[TIME] + 1] = this.#to;
    return undefined;
  }

  /** @param place of the name; -1 of another one. @returns whether it is there for the first time */
  #note(from: number, equals: number, place: number): boolean {
    if (place < 0) {
      this.others.push(this.bytes.toString("utf8", from, equals));
      return true;
    }
    const isNew = this.#ends[2 * place] === -1;
    this.#ends[2 * place] = equals + 1;
    this.#ends[2 * place + 1] = this.#at;
    return isNew;
  }

  /** Where the name ends that begins here; -1 when no value follows it. */
  #equalsAfter(from: number): number {
    for (let at = from; at < this.#to; at += 1) {
      const byte = this.bytes[at];
      if (byte === BACKSLASH) at += 1;
      else if (byte === EQUALS) return at > from ? at : -1;
      else if (byte === SPACE || byte === COMMA) return -1;
    }
    return -1;
  }

  /** Where a comma or a space is that has no backslash before it. */
  #endOfWord(from: number): number {
    for (let at = from; at < this.#to; at += 1) {
      const byte = this.bytes[at];
      if (byte === BACKSLASH) at += 1;
      else if (byte === COMMA || byte === SPACE) return at;
    }
    return this.#to;
  }

  /** Past the quote that ends a text; -1 when none does. */
  #endOfText(from: number): number {
    for (let at = from; at < this.#to; at += 1) {
      if (this.bytes[at] === BACKSLASH) at += 1;
      else if (this.bytes[at] === QUOTE) return at + 1;
    }
    return -1;
  }

  #skipSpace(from: number): number {
    let at = from;
    while (at < this.#to && this.bytes[at] === SPACE) at += 1;
    return at;
  }
}

function isWord(word: Uint8Array | undefined, bytes: Uint8Array, from: number, to: number): boolean {
  if (word === undefined || word.length !== to - from) return false;
  for (let at = 0; at < word.length; at += 1) if (word[at] !== bytes[from + at]) return false;
  return true;
}
