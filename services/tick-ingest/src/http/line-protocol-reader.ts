import type { Line, Quotes } from "./line-reader.js";

const SPACE = 0x20;
const QUOTE = 0x22;
const HASH = 0x23;
const COMMA = 0x2c;
const EQUALS = 0x3d;
const BACKSLASH = 0x5c;
const LOWER_I = 0x69;
const LOWER_U = 0x75;

/** What a tick has, by its place in {@link LineProtocolReader}. */
export const AT = { symbol: 0, price: 1, bid: 2, ask: 3, seq: 4, time: 5 } as const;
type Place = (typeof AT)[keyof typeof AT];
const PLACES = Object.keys(AT).length;
const NOT_OF_TICKS = -1;

const SYMBOL = Buffer.from("symbol");
const PRICE = Buffer.from("price");
const BID = Buffer.from("bid");
const ASK = Buffer.from("ask");
const SEQ = Buffer.from("seq");

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
  readonly others: string[] = [];
  /** Of each of {@link AT} where its value begins, then where each ends; -1 where there is none. */
  readonly #ends = new Int32Array(2 * PLACES);
  #at = 0;
  #to = 0;

  static isComment({ bytes, from }: Line): boolean {
    return bytes[from] === HASH;
  }

  has(place: Place): boolean {
    return this.from(place) >= 0;
  }

  from(place: Place): number {
    return this.#ends[place] ?? -1;
  }

  to(place: Place): number {
    return this.#ends[PLACES + place] ?? -1;
  }

  /** Without the letter after an integer. */
  numberTo(place: Place): number {
    const to = this.to(place);
    const last = this.bytes[to - 1];
    return last === LOWER_I || last === LOWER_U ? to - 1 : to;
  }

  text(place: Place): string | undefined {
    if (!this.has(place)) return undefined;
    return this.bytes.toString("utf8", this.from(place), this.to(place)).replace(/\\([,= ])/g, "$1");
  }

  numberText(place: Place): string | undefined {
    return this.has(place) ? this.bytes.toString("utf8", this.from(place), this.numberTo(place)) : undefined;
  }

  /** @returns what is wrong with the line; undefined where it can be taken apart */
  read(bytes: Buffer, from: number, to: number): string | undefined {
    this.bytes = bytes;
    this.others.length = 0;
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
      const place = isWord(SYMBOL, this.bytes, from, equals) ? AT.symbol : NOT_OF_TICKS;
      if (!this.#note(from, equals, place)) return "has a tag twice";
    }
    return undefined;
  }

  #readFields(): string | undefined {
    do {
      const from = this.#skipSpace(this.#at) + (this.bytes[this.#at] === COMMA ? 1 : 0);
      const equals = this.#equalsAfter(from);
      if (equals < 0) return "has no fields";
      this.#at = this.bytes[equals + 1] === QUOTE ? this.#endOfText(equals + 2) : this.#endOfWord(equals + 1);
      if (this.#at < 0) return "has a text that does not end";
      if (!this.#note(from, equals, placeOfField(this.bytes, from, equals))) return "has a field twice";
    } while (this.bytes[this.#at] === COMMA && this.#at < this.#to);
    return undefined;
  }

  #readTime(): string | undefined {
    const from = this.#skipSpace(this.#at);
    if (from >= this.#to) return undefined;
    if (from === this.#at) return "has something after a text";
    this.#ends[AT.time] = from;
    this.#ends[PLACES + AT.time] = this.#to;
    return undefined;
  }

  /** @returns whether it is there for the first time */
  #note(from: number, equals: number, place: number): boolean {
    if (place === NOT_OF_TICKS) {
      this.others.push(this.bytes.toString("utf8", from, equals));
      return true;
    }
    const isNew = this.#ends[place] === -1;
    this.#ends[place] = equals + 1;
    this.#ends[PLACES + place] = this.#at;
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

function placeOfField(bytes: Uint8Array, from: number, to: number): Place | typeof NOT_OF_TICKS {
  if (isWord(PRICE, bytes, from, to)) return AT.price;
  if (isWord(BID, bytes, from, to)) return AT.bid;
  if (isWord(ASK, bytes, from, to)) return AT.ask;
  return isWord(SEQ, bytes, from, to) ? AT.seq : NOT_OF_TICKS;
}

function isWord(word: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (word.length !== to - from) return false;
  for (let at = 0; at < word.length; at += 1) if (word[at] !== bytes[from + at]) return false;
  return true;
}
