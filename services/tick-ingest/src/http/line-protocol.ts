import {
  checkTick,
  type FieldError,
  PlainFields,
  plainDecimal,
  plainEpoch,
  plainSymbol,
  plainTick,
  type TickRules,
  type TimeUnit,
} from "@fx-ohlc/schemas";
import { type LineFormat, type LineResult, NUMBER } from "./line-formats.js";
import { AT, LineProtocolQuotes, LineProtocolReader } from "./line-protocol-reader.js";
import type { Line } from "./line-reader.js";

const FORM = "must be TABLE,symbol=EURUSD price=1.1 1733392800000000000, or bid=1.1,ask=1.2";

const FIELDS = new PlainFields();

/**
 * Influx line protocol, a tick a line: of any table, its symbol a tag, price or bid and ask fields, and seq if there is one. Other
 * tags and fields are counted, or refused where that is asked for; without a time a tick is stamped.
 */
export class LineProtocol implements LineFormat {
  readonly broken = false;
  readonly quotes = new LineProtocolQuotes();
  /** Tags and fields that ticks have not, so far. */
  ignored = 0;
  readonly #reader = new LineProtocolReader();

  /** @param rules those of a moment: what comes without a time is stamped by them */
  constructor(
    private readonly rules: () => TickRules,
    private readonly unit: TimeUnit,
    private readonly isStrict: boolean,
  ) {}

  read(line: Line, limits: TickRules): LineResult {
    const reader = this.#reader;
    if (LineProtocolReader.isComment(line)) return undefined;
    const fault = reader.read(line.bytes, line.from, line.to);
    if (fault !== undefined) return [{ field: `line ${line.number}`, message: `${fault}: it ${FORM}` }];
    this.ignored += reader.others.length;
    if (this.isStrict && reader.others.length > 0) return this.#refusal(line);
    return this.#plain(limits) ?? this.#check(line);
  }

  #refusal({ number }: Line): FieldError[] {
    const message = "is no tag or field of a tick, and strict=1 refuses it";
    return this.#reader.others.map((name) => ({ field: `line ${number}.${name}`, message }));
  }

  /** Where all is written as clients write it. */
  #plain(limits: TickRules) {
    const reader = this.#reader;
    const { bytes } = reader;
    if (!reader.has(AT.symbol)) return undefined;
    const symbol = plainSymbol(bytes, reader.from(AT.symbol), reader.to(AT.symbol));
    FIELDS.timeUs = plainEpoch(bytes, reader.from(AT.time), reader.to(AT.time), this.unit);
    FIELDS.price = this.#decimal(AT.price);
    FIELDS.bid = this.#decimal(AT.bid);
    FIELDS.ask = this.#decimal(AT.ask);
    FIELDS.seq = this.#decimal(AT.seq);
    const isWhole = !reader.has(AT.seq) || Number.isInteger(FIELDS.seq);
    return symbol === undefined || !isWhole ? undefined : plainTick(symbol, FIELDS, limits);
  }

  #decimal(place: (typeof AT)["price" | "bid" | "ask" | "seq"]): number {
    const reader = this.#reader;
    return reader.has(place) ? plainDecimal(reader.bytes, reader.from(place), reader.numberTo(place)) : Number.NaN;
  }

  /** What is not plain, and what is wrong. */
  #check({ number }: Line): LineResult {
    const reader = this.#reader;
    const errors: FieldError[] = [];
    const path = `line ${number}.`;
    const [symbol, time] = [reader.text(AT.symbol), reader.text(AT.time)];
    if (symbol === undefined) errors.push({ field: `${path}symbol`, message: `is no tag of it: a line ${FORM}` });
    const raw: Record<string, unknown> = { symbol, time };
    for (const name of ["price", "bid", "ask", "seq"] as const) {
      const text = reader.numberText(AT[name]);
      if (text !== undefined) raw[name] = NUMBER.test(text) ? Number(text) : text;
    }
    const tick = checkTick(raw, { ...this.rules(), timeUnit: this.unit }, path, errors);
    return tick === undefined || errors.length > 0 ? errors : tick;
  }
}
