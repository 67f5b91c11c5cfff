import { type Micros, parseTime, TIME_RULE } from "@fx-ohlc/schemas";
import { type Layout, trimmedFields } from "./layout.js";
import type { PriceName } from "./quote.js";
import { UnreadableError } from "./tick.js";

/** A kind of text that ticks come in. */
export interface TextFormat {
  /** Whether a text that begins with this line is one. */
  fits(firstLine: string): boolean;
  /** Whether the first line names the columns; its repetitions are no ticks either. */
  readonly headed: boolean;
  /** @throws UnreadableError when the header names no time */
  layout(firstLine: string): Layout;
}

/** How much of a line a message shows. */
const SHOWN_LENGTH = 80;

/** What lacks which column, for the header of a CSV file. */
function noColumn(names: readonly string[], name: string): string {
  return `line 1 is no header with a ${name} column: it says "${names.join(",").slice(0, SHOWN_LENGTH)}"`;
}

function columnOf(names: readonly string[], name: string): number | undefined {
  const index = names.indexOf(name);
  return index === -1 ? undefined : index;
}

function priceColumns(names: readonly string[]): Layout["prices"] {
  const found = (["price", "bid", "ask"] as const).map((name) => [name, columnOf(names, name)] as const);
  return Object.fromEntries(found.filter(([, index]) => index !== undefined));
}

/** `time,price` or `time,bid,ask`, perhaps with `symbol`, in any order; other columns are ignored. */
const csv: TextFormat = {
  fits: () => true,
  headed: true,
  layout: (header) => {
    const names = trimmedFields(header.toLowerCase());
    const timeIndex = columnOf(names, "time");
    if (timeIndex === undefined) throw new UnreadableError(noColumn(names, "time"));
    return {
      ...{ fieldCount: names.length, model: "the header", padded: true },
      time: { index: timeIndex, rule: TIME_RULE, parse: parseTime },
      symbolIndex: columnOf(names, "symbol"),
      prices: priceColumns(names),
      lacks: (name) => noColumn(names, name),
    };
  },
};

/** Formats whose lines all look alike hold quotes, so there is a bid and an ask, and no other price to ask for. */
const noPrice = (name: PriceName) => `the file has no ${name}`;

const HISTDATA_LINE = /^\d{8} \d{9},/;

/** `YYYYMMDD HHMMSSmmm` at UTC-5, all year round: the source says "EST without day light savings adjustments". */
function parseHistDataTime(text: string): Micros | undefined {
  if (text.length !== "20120201 000003660".length || text[8] !== " ") return undefined;
  const date = `${text.slice(0, 4)}-${text.slice(4, 6)}-${text.slice(6, 8)}`;
  const clock = `${text.slice(9, 11)}:${text.slice(11, 13)}:${text.slice(13, 15)}.${text.slice(15)}`;
  return parseTime(`${date}T${clock}-05:00`);
}

/** HistData's "ASCII tick data": `20120201 000003660,1.306600,1.306770,0`: time, bid, ask, a volume that is always 0. */
const histdata: TextFormat = {
  fits: (line) => HISTDATA_LINE.test(line),
  headed: false,
  layout: () => ({
    ...{ fieldCount: 4, model: "a HistData line", padded: false },
    time: { index: 0, rule: "must be YYYYMMDD HHMMSSmmm, in HistData's UTC-5", parse: parseHistDataTime },
    symbolIndex: undefined,
    prices: { bid: 1, ask: 2 },
    lacks: noPrice,
  }),
};

const TRUEFX_LINE = /^[A-Z]{3}\/[A-Z]{3},\d{8} \d{2}:/;
const TRUEFX_TIME = /^(\d{4})(\d{2})(\d{2}) (\d{2}:\d{2}:\d{2}\.\d{3})$/;

function parseTrueFxTime(text: string): Micros | undefined {
  const [, year, month, day, clock] = TRUEFX_TIME.exec(text) ?? [];
  return parseTime(`${year}-${month}-${day}T${clock}Z`);
}

/** TrueFX: `EUR/USD,20211101 19:07:40.498,1.16034,1.16037`: symbol, time in UTC, bid, ask. */
const truefx: TextFormat = {
  fits: (line) => TRUEFX_LINE.test(line),
  headed: false,
  layout: () => ({
    ...{ fieldCount: 4, model: "a TrueFX line", padded: false },
    time: { index: 1, rule: "must be YYYYMMDD HH:MM:SS.mmm in UTC", parse: parseTrueFxTime },
    symbolIndex: 0,
    prices: { bid: 2, ask: 3 },
    lacks: noPrice,
  }),
};

const DUKASCOPY_HEADER = /^"?(?:gmt|local) time"?,/i;
const DUKASCOPY_TIME = /^(\d{2})\.(\d{2})\.(\d{4}) (\d{2}:\d{2}:\d{2}\.\d{3})(?: GMT([+-]\d{2})(\d{2}))?$/;

/** `DD.MM.YYYY HH:MM:SS.mmm`, in UTC or, in a file of local times, with an offset such as GMT+0100. */
function parseDukascopyTime(text: string, local: boolean): Micros | undefined {
  const [, day, month, year, clock, hours, minutes] = DUKASCOPY_TIME.exec(text) ?? [];
  if (local && hours === undefined) return undefined;
  return parseTime(`${year}-${month}-${day}T${clock}${hours === undefined ? "Z" : `${hours}:${minutes}`}`);
}

/** Dukascopy's CSV: `Gmt time,Ask,Bid,AskVolume,BidVolume` or `Local time,…`; the ask comes first. */
const dukascopy: TextFormat = {
  fits: (line) => DUKASCOPY_HEADER.test(line),
  headed: true,
  layout: (header) => {
    const names = trimmedFields(header.toLowerCase());
    const local = names[0] === "local time";
    const rule = `must be DD.MM.YYYY HH:MM:SS.mmm${local ? " with its offset (GMT+0100)" : ""}`;
    return {
      ...{ fieldCount: names.length, model: "the header", padded: true },
      time: { index: 0, rule, parse: (text) => parseDukascopyTime(text, local) },
      symbolIndex: undefined,
      prices: priceColumns(names),
      lacks: (name) => noColumn(names, name),
    };
  },
};

export const TEXT_FORMATS = { csv, histdata, dukascopy, truefx } as const;
export type TextFormatName = keyof typeof TEXT_FORMATS;

/** The format of a text that begins with this line: what is no other one must be CSV with a header. */
export function recognizeText(firstLine: string): TextFormat {
  return [histdata, truefx, dukascopy].find((format) => format.fits(firstLine)) ?? csv;
}
