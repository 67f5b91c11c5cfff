import { type Micros, US_PER_DAY } from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";
import { FIRST_BUCKET_US } from "./span.js";

/** The last quote of a minute. */
export interface LastQuote {
  /** The start of the minute. */
  readonly bucketUs: Micros;
  readonly bid: number;
  readonly ask: number;
}

/** Nearly always one is found within the first of these times, weekends and holidays included; the last reaches back to 1970. */
const WITHIN_US = [8 * US_PER_DAY, 400 * US_PER_DAY, Number.POSITIVE_INFINITY];

/** The last quote of a symbol in the minutes that start before an instant; undefined when there is none. */
export async function readLastQuote(reader: Reader, symbol: string, beforeUs: Micros): Promise<LastQuote | undefined> {
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
