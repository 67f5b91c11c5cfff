import { FIRST_BUCKET_US, type Micros, US_PER_DAY, US_PER_MINUTE } from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";
import { readLastQuoteTick } from "./tick-source.js";

/** The last quote of a minute. */
export interface LastQuote {
  /** The start of the minute. */
  readonly bucketUs: Micros;
  readonly bid: number;
  readonly ask: number;
}

/** Nearly always one is found within the first of these times, weekends and holidays included; the last reaches back to 1970. */
const WITHIN_US = [8 * US_PER_DAY, 400 * US_PER_DAY, Number.POSITIVE_INFINITY];

/**
 * The last quote of a symbol before an instant; undefined when there is none. Where the instant lies within a minute, its ticks are
 * looked through, for what is stored of it holds later ones.
 */
export async function readLastQuote(reader: Reader, symbol: string, beforeUs: Micros): Promise<LastQuote | undefined> {
  const minuteUs = Math.floor(beforeUs / US_PER_MINUTE) * US_PER_MINUTE;
  const range = { symbol, fromUs: minuteUs, toUs: beforeUs };
  const near = minuteUs < beforeUs ? await readLastQuoteTick(reader, range) : undefined;
  return near === undefined ? readLastQuoteOfMinutes(reader, symbol, minuteUs) : { ...near, bucketUs: minuteUs };
}

async function readLastQuoteOfMinutes(
  reader: Reader,
  symbol: string,
  beforeUs: Micros,
): Promise<LastQuote | undefined> {
  for (const withinUs of WITHIN_US) {
    const fromUs = Math.max(FIRST_BUCKET_US, beforeUs - withinUs);
    const [found] = await reader.read(
      (sql) => sql<LastQuote[]>`
        select bucket as "bucketUs", bid_close as bid, ask_close as ask
          from quote_minute
         where symbol = ${symbol} and bucket >= ${fromUs} and bucket < ${beforeUs}
           and (select quotes from symbols where symbol = ${symbol})
         order by bucket desc
         limit 1`,
    );
    if (found !== undefined || fromUs === FIRST_BUCKET_US) return found;
  }
  return undefined;
}
