import { FIRST_BUCKET_US, formatBucket, type Micros, US_PER_DAY } from "@fx-ohlc/schemas";

/** The stretches of UTC time that chunks are cut at. */
export type SpanUnit = "day" | "month" | "year";

/** A UTC day, month or year. */
export interface Span {
  readonly fromUs: Micros;
  /** The start of the next one. */
  readonly toUs: Micros;
}

/** The closed bars of one symbol that start within a span: what is as it was as long as the versions of its days are. */
export interface VersionedSpan {
  /** Tells it from all others. */
  readonly key: string;
  readonly symbol: string;
  readonly unit: SpanUnit | "millennium";
  /** Its first day. */
  readonly date: string;
}

/** The span that contains an instant. */
export function spanAt(us: Micros, unit: SpanUnit): Span {
  if (unit === "day") {
    const fromUs = Math.floor(us / US_PER_DAY) * US_PER_DAY;
    return { fromUs, toUs: fromUs + US_PER_DAY };
  }
  const date = new Date(us / 1000);
  const year = date.getUTCFullYear();
  const [month, months] = unit === "month" ? [date.getUTCMonth(), 1] : [0, 12];
  return { fromUs: Date.UTC(year, month) * 1000, toUs: Date.UTC(year, month + months) * 1000 };
}

/** What the version of a symbol's span is asked for by. */
export function versionedSpan(
  symbol: string,
  unit: VersionedSpan["unit"],
  { fromUs }: Pick<Span, "fromUs">,
): VersionedSpan {
  const date = formatBucket(fromUs).slice(0, "YYYY-MM-DD".length);
  return { key: keyOf(symbol, unit, date), symbol, unit, date };
}

function keyOf(symbol: string, unit: VersionedSpan["unit"], date: string): string {
  return `${symbol} ${unit} ${date}`;
}

/** The key of a day's span. */
export function dayKey(symbol: string, date: string): string {
  return keyOf(symbol, "day", date);
}

/** The same of all bars of a symbol. */
export function versionedWhole(symbol: string): VersionedSpan {
  return versionedSpan(symbol, "millennium", { fromUs: FIRST_BUCKET_US });
}
