import { midOf } from "./quote.js";
import { keptSpellings, normalizeSymbol } from "./symbol.js";
import { DEFAULT_SYMBOL, type NewTick, TICKS_PER_STAMP_MAX, type TickRules, timeWindowProblem } from "./tick.js";
import { type Micros, type TimeUnit, US_PER_SECOND } from "./time.js";

/**
 * Ticks read straight from the bytes of a request, where they are written plainly, as machines write them: some five times as
 * fast as `JSON.parse` and {@link checkTick}, which everything else is left to. What is read here is what those would have read,
 * and nothing that they would refuse (a property test holds them to it); so there is no error here, only "not plain".
 */

const QUOTE = 0x22;
const COMMA = 0x2c;
const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPEN_ARRAY = 0x5b;
const CLOSE_ARRAY = 0x5d;
const OPEN_OBJECT = 0x7b;
const CLOSE_OBJECT = 0x7d;

/** The value of a decimal digit; over 9 for any other byte. */
function digitAt(bytes: Uint8Array, at: number): number {
  return ((bytes[at] ?? 0) - ZERO) >>> 0;
}

/** The number that two digits make; NaN when one of them is none. */
function twoDigits(bytes: Uint8Array, at: number): number {
  const tens = digitAt(bytes, at);
  const ones = digitAt(bytes, at + 1);
  return tens > 9 || ones > 9 ? Number.NaN : tens * 10 + ones;
}

let lastDate = Number.NaN;
let lastDateUs = Number.NaN;

/** Midnight UTC of a date of the calendar; NaN for any other. Ticks come day by day, so the last one is kept. */
function dateUs(year: number, month: number, day: number): Micros {
  const date = year * 10_000 + month * 100 + day;
  if (date === lastDate) return lastDateUs;
  const ms = Date.UTC(year, month - 1, day);
  const exists = year >= 1000 && new Date(ms).getUTCMonth() === month - 1 && month > 0 && day > 0;
  lastDate = date;
  lastDateUs = exists ? ms * 1000 : Number.NaN;
  return lastDateUs;
}

const TIME_LENGTH_MIN = "2025-12-05T10:00:00Z".length;
const FRACTION_AT = "2025-12-05T10:00:00".length;
const FRACTION_DIGITS_MAX = 6;
/** Of nanoseconds six count. */
const WRITTEN_DIGITS_MAX = 9;
const SPACE = 0x20;
const PLUS = 0x2b;
const UPPER_T = 0x54;
const UPPER_Z = 0x5a;
const UTC_OFFSET = "+00:00".length;

/** Where `Z` or `+00:00` begins, with which a time ends; NaN where it ends otherwise. */
function zoneAt(bytes: Uint8Array, to: number): number {
  if (bytes[to - 1] === UPPER_Z) return to - 1;
  const at = to - UTC_OFFSET;
  const isUtc =
    bytes[at] === PLUS && bytes[at + 3] === COLON && twoDigits(bytes, at + 1) + twoDigits(bytes, at + 4) === 0;
  return isUtc ? at : Number.NaN;
}

/**
 * The instant that the bytes [from, to) write as `2025-12-05T10:00:00.123456Z` or `2025-12-05 10:00:00.123456+00:00`, its fraction of
 * another length or absent; else NaN.
 */
export function plainTime(bytes: Uint8Array, from: number, to: number): Micros {
  const end = zoneAt(bytes, to);
  if (to - from < TIME_LENGTH_MIN || !(end >= from + FRACTION_AT)) return Number.NaN;
  if (bytes[from + 10] !== UPPER_T && bytes[from + 10] !== SPACE) return Number.NaN;
  if (bytes[from + 4] !== MINUS || bytes[from + 7] !== MINUS) return Number.NaN;
  if (bytes[from + 13] !== COLON || bytes[from + 16] !== COLON) return Number.NaN;
  const year = twoDigits(bytes, from) * 100 + twoDigits(bytes, from + 2);
  const midnightUs = dateUs(year, twoDigits(bytes, from + 5), twoDigits(bytes, from + 8));
  const hour = twoDigits(bytes, from + 11);
  const minute = twoDigits(bytes, from + 14);
  const second = twoDigits(bytes, from + 17);
  if (!(hour <= 23 && minute <= 59 && second <= 59)) return Number.NaN;
  const clockUs = (hour * 3600 + minute * 60 + second) * US_PER_SECOND;
  return midnightUs + clockUs + fractionUs(bytes, from + FRACTION_AT, end);
}

function fractionUs(bytes: Uint8Array, from: number, to: number): Micros {
  if (from === to) return 0;
  const digits = to - from - 1;
  if (bytes[from] !== POINT || digits < 1 || digits > WRITTEN_DIGITS_MAX) return Number.NaN;
  let value = 0;
  for (let at = from + 1; at < to; at += 1) {
    const digit = digitAt(bytes, at);
    if (digit > 9) return Number.NaN;
    if (at <= from + FRACTION_DIGITS_MAX) value = value * 10 + digit;
  }
  for (let missing = digits; missing < FRACTION_DIGITS_MAX; missing += 1) value *= 10;
  return value;
}

/** Nanoseconds have three digits more than a microsecond counts. */
const CUT_DIGITS = 3;
const US_OF = { s: US_PER_SECOND, ms: 1000, us: 1, ns: 1 } as const;

/** The instant that the digits [from, to) count of some unit, what is finer than a microsecond cut; NaN where there is anything else. */
export function plainEpoch(bytes: Uint8Array, from: number, to: number, unit: TimeUnit): Micros {
  const end = unit === "ns" ? to - CUT_DIGITS : to;
  // 16 digits of microseconds are the year 2286, and a double still counts by one.
  if (end <= from || end - from > 16 || (bytes[from] === ZERO && to - from > 1)) return Number.NaN;
  let value = 0;
  for (let at = from; at < to; at += 1) {
    const digit = digitAt(bytes, at);
    if (digit > 9) return Number.NaN;
    if (at < end) value = value * 10 + digit;
  }
  return value * US_OF[unit];
}

/** Up to so many digits make an integer that a double holds exactly, and dividing it by a power of ten rounds once, as parsing does. */
const EXACT_DIGITS_MAX = 15;
const POWERS_OF_TEN = Array.from({ length: EXACT_DIGITS_MAX + 1 }, (_, exponent) => 10 ** exponent);

/** The decimal number that the bytes [from, to) write, without sign and exponent and with 15 digits at most; else NaN. */
export function plainDecimal(bytes: Uint8Array, from: number, to: number): number {
  let value = 0;
  let decimals = -1;
  for (let at = from; at < to; at += 1) {
    const digit = digitAt(bytes, at);
    if (digit <= 9) {
      value = value * 10 + digit;
      if (decimals >= 0) decimals += 1;
    } else {
      if (bytes[at] !== POINT || decimals >= 0 || at === from) return Number.NaN;
      decimals = 0;
    }
  }
  const hasPoint = decimals >= 0;
  const digits = to - from - (hasPoint ? 1 : 0);
  const isPadded = bytes[from] === ZERO && to - from > 1 && bytes[from + 1] !== POINT;
  if (digits < 1 || digits > EXACT_DIGITS_MAX || decimals === 0 || isPadded) return Number.NaN;
  return hasPoint ? value / (POWERS_OF_TEN[decimals] ?? Number.NaN) : value;
}

/** A symbol as it was written, and as it is stored while some spellings are kept. */
interface KnownSymbol {
  readonly written: Uint8Array;
  readonly symbol: string;
  readonly kept: ReadonlySet<string>;
}

/** As many symbols as a feed has at once; those that share a place take turns in it. */
const KNOWN_SYMBOLS = 4096;
const SYMBOL_BYTES_MAX = 64;
const knownSymbols = new Array<KnownSymbol | undefined>(KNOWN_SYMBOLS).fill(undefined);

/** The stored form of the symbol that the bytes [from, to) write in ASCII; undefined when they write none. */
export function plainSymbol(bytes: Uint8Array, from: number, to: number): string | undefined {
  if (to - from > SYMBOL_BYTES_MAX) return undefined;
  let hash = 0;
  for (let at = from; at < to; at += 1) hash = (Math.imul(hash, 31) + (bytes[at] ?? 0)) | 0;
  const place = hash & (KNOWN_SYMBOLS - 1);
  const kept = keptSpellings();
  const known = knownSymbols[place];
  if (known?.kept === kept && isWritten(known.written, bytes, from, to)) return known.symbol;
  const written = bytes.slice(from, to);
  const symbol = written.every((byte) => byte < 0x80) ? normalizeSymbol(String.fromCharCode(...written)) : undefined;
  if (symbol !== undefined) knownSymbols[place] = { written, symbol, kept };
  return symbol;
}

function isWritten(word: Uint8Array, bytes: Uint8Array, from: number, to: number): boolean {
  if (word.length !== to - from) return false;
  for (let at = 0; at < word.length; at += 1) if (word[at] !== bytes[from + at]) return false;
  return true;
}

/** What is written of a tick in plain numbers; NaN where there is none. One is filled again and again: that costs no memory. */
export class PlainFields {
  timeUs = Number.NaN;
  price = Number.NaN;
  bid = Number.NaN;
  ask = Number.NaN;
  seq = Number.NaN;

  clear(): void {
    this.timeUs = Number.NaN;
    this.price = Number.NaN;
    this.bid = Number.NaN;
    this.ask = Number.NaN;
    this.seq = Number.NaN;
  }
}

/** What the fields of a row say: a tick, unless one of them says what no tick may. */
export function plainTick(symbol: string, fields: PlainFields, rules: TickRules): NewTick | undefined {
  const { timeUs, price, bid, ask, seq } = fields;
  // Comparisons with NaN are false.
  const isPrice = price > 0 && Number.isNaN(bid) && Number.isNaN(ask);
  const isQuote = bid > 0 && ask > 0 && (Number.isNaN(price) || price === midOf(bid, ask));
  if (!(isPrice || isQuote) || seq >= TICKS_PER_STAMP_MAX) return undefined;
  if (!(timeUs >= 0) || timeWindowProblem(timeUs, rules) !== undefined) return undefined;
  return {
    symbol,
    timeUs,
    seq: Number.isNaN(seq) ? undefined : seq,
    price: isPrice ? price : midOf(bid, ask),
    bid: isPrice ? undefined : bid,
    ask: isPrice ? undefined : ask,
    isStamped: false,
    run: 0,
  };
}

function asciiBytes(text: string): Uint8Array {
  return Uint8Array.from(text, (character) => character.charCodeAt(0));
}

const SYMBOL_KEY = asciiBytes('symbol"');
const TIME_KEY = asciiBytes('time"');
const PRICE_KEY = asciiBytes('price"');
const BID_KEY = asciiBytes('bid"');
const ASK_KEY = asciiBytes('ask"');
const SEQ_KEY = asciiBytes('seq"');

/** Reads JSON from some bytes, forward. */
class PlainJson {
  at: number;
  private readonly fields = new PlainFields();

  constructor(
    readonly bytes: Uint8Array,
    from: number,
    private readonly to: number,
    private readonly rules: TickRules,
  ) {
    this.at = from;
    this.skipSpace();
  }

  /** Goes past a byte and the white space after it, if that byte comes next. */
  take(byte: number): boolean {
    if (this.bytes[this.at] !== byte || this.at >= this.to) return false;
    this.at += 1;
    this.skipSpace();
    return true;
  }

  get isAtEnd(): boolean {
    return this.at === this.to;
  }

  /** @returns undefined where this is no object with the plain fields of a good tick, each once */
  tick(): NewTick | undefined {
    if (!this.take(OPEN_OBJECT)) return undefined;
    let symbol: string | undefined;
    const { fields } = this;
    fields.clear();
    do {
      if (this.bytes[this.at] !== QUOTE) return undefined;
      this.at += 1;
      if (symbol === undefined && this.takeKey(SYMBOL_KEY)) {
        const from = this.at + 1;
        symbol = plainSymbol(this.bytes, from, this.textEnd());
        if (symbol === undefined) return undefined;
      } else if (!this.field(fields)) return undefined;
      this.skipSpace();
    } while (this.take(COMMA));
    return this.take(CLOSE_OBJECT) ? plainTick(symbol ?? DEFAULT_SYMBOL, fields, this.rules) : undefined;
  }

  /** Reads a field that is a number, or a time, and was not read yet. @returns whether it is plain */
  private field(fields: PlainFields): boolean {
    if (Number.isNaN(fields.timeUs) && this.takeKey(TIME_KEY)) {
      fields.timeUs = this.time();
      return !Number.isNaN(fields.timeUs);
    }
    if (Number.isNaN(fields.price) && this.takeKey(PRICE_KEY)) {
      fields.price = this.decimal();
      return !Number.isNaN(fields.price);
    }
    if (Number.isNaN(fields.bid) && this.takeKey(BID_KEY)) {
      fields.bid = this.decimal();
      return !Number.isNaN(fields.bid);
    }
    if (Number.isNaN(fields.ask) && this.takeKey(ASK_KEY)) {
      fields.ask = this.decimal();
      return !Number.isNaN(fields.ask);
    }
    if (!Number.isNaN(fields.seq) || !this.takeKey(SEQ_KEY)) return false;
    fields.seq = this.decimal();
    return Number.isInteger(fields.seq);
  }

  private takeKey(key: Uint8Array): boolean {
    if (!isWritten(key, this.bytes, this.at, this.at + key.length)) return false;
    this.at += key.length;
    this.skipSpace();
    return this.take(COLON);
  }

  /** Goes past a text without escapes. @returns where it ends; NaN when there is none */
  private textEnd(): number {
    if (this.bytes[this.at] !== QUOTE) return Number.NaN;
    let end = this.at + 1;
    for (let byte = this.bytes[end]; byte !== QUOTE; byte = this.bytes[end]) {
      if (byte === undefined || byte === BACKSLASH || byte < 0x20 || end >= this.to) return Number.NaN;
      end += 1;
    }
    this.at = end + 1;
    return end;
  }

  private time(): Micros {
    const from = this.at;
    const { timeUnit } = this.rules;
    if (timeUnit === undefined || this.bytes[from] === QUOTE) return plainTime(this.bytes, from + 1, this.textEnd());
    return plainEpoch(this.bytes, from, this.numberEnd(), timeUnit);
  }

  private decimal(): number {
    const from = this.at;
    return plainDecimal(this.bytes, from, this.numberEnd());
  }

  /** Goes past digits and points. @returns where they end */
  private numberEnd(): number {
    let to = this.at;
    while (digitAt(this.bytes, to) <= 9 || this.bytes[to] === POINT) to += 1;
    this.at = to;
    return to;
  }

  private skipSpace(): void {
    for (; this.at < this.to; this.at += 1) {
      const byte = this.bytes[this.at];
      if (byte !== 0x20 && byte !== 0x0a && byte !== 0x0d && byte !== 0x09) return;
    }
  }
}

/**
 * The ticks of a JSON array.
 *
 * @returns undefined when some part of it is not plain, or there are more than `ticksMax`
 */
export function readPlainTicks(body: Uint8Array, rules: TickRules, ticksMax: number): NewTick[] | undefined {
  const json = new PlainJson(body, 0, body.length, rules);
  const ticks: NewTick[] = [];
  if (!json.take(OPEN_ARRAY)) return undefined;
  do {
    const tick = json.tick();
    if (tick === undefined || ticks.length >= ticksMax) return undefined;
    ticks.push(tick);
  } while (json.take(COMMA));
  return json.take(CLOSE_ARRAY) && json.isAtEnd ? ticks : undefined;
}

/** The tick that the bytes [from, to) write as a JSON object; undefined when they do not write it plainly. */
export function readPlainTick(bytes: Uint8Array, from: number, to: number, rules: TickRules): NewTick | undefined {
  const json = new PlainJson(bytes, from, to, rules);
  const tick = json.tick();
  return json.isAtEnd ? tick : undefined;
}
