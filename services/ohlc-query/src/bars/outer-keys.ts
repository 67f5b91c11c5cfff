import type { Transaction } from "@fx-ohlc/database";
import type { Bar, Micros, TickKey } from "@fx-ohlc/schemas";

/** The places of the first and the last tick of some. */
export interface OuterKeys {
  readonly openKey: TickKey;
  readonly closeKey: TickKey;
}

/** The same as they are found; null where there is no such tick. */
export interface KeyRow {
  readonly open_time: Micros | null;
  readonly open_seq: number | null;
  readonly close_time: Micros | null;
  readonly close_seq: number | null;
}

const LAST_SEQ = 1023;

/** Where retention has dropped the ticks, the keys are the first and the last that a tick there could have. */
export function outerKeys({ bucketUs }: Bar, key: KeyRow | undefined, endUs: Micros): OuterKeys {
  return {
    openKey: { timeUs: key?.open_time ?? bucketUs, seq: key?.open_seq ?? 0 },
    closeKey: { timeUs: key?.close_time ?? endUs - 1, seq: key?.close_seq ?? LAST_SEQ },
  };
}

/**
 * The first and last tick of each bar. Every tick from a newest bar's start to the end of the bucket that runs now is that
 * bar's, so two index probes find them.
 *
 * @param ends where the bucket that runs now ends, or the bar's own when it is later, for each bar
 */
export function keysOf(transaction: Transaction, bars: readonly Bar[], ends: readonly Micros[]) {
  const starts = bars.map(({ bucketUs }) => bucketUs);
  const latestUs = Math.max(0, ...ends);
  const earliestUs = Math.min(latestUs, ...starts);
  return transaction<KeyRow[]>`
    select opening.time as open_time, opening.seq as open_seq, closing.time as close_time, closing.seq as close_seq
      from unnest(${bars.map(({ symbol }) => symbol)}::text[], ${starts}::timestamptz[],
                  ${[...ends]}::timestamptz[]) with ordinality as bar(symbol, bucket, until, place)
      left join lateral (select time, seq from ticks
                          where symbol = bar.symbol and time >= bar.bucket and time < bar.until
                            and time >= ${earliestUs} and time < ${latestUs}
                          order by time, seq
                          limit 1) as opening on true
      left join lateral (select time, seq from ticks
                          where symbol = bar.symbol and time >= bar.bucket and time < bar.until
                            and time >= ${earliestUs} and time < ${latestUs}
                          order by time desc, seq desc
                          limit 1) as closing on true
     order by place`;
}
