/** Open, high, low and close. */
export type Ohlc = readonly [open: number, high: number, low: number, close: number];

/** What plain SQL shows of the quotes of a bar; spreads in units of 0.00001, of which all of theirs are whole numbers. */
export interface StateQuotes {
  readonly bid: Ohlc;
  readonly ask: Ohlc;
  readonly min: number;
  readonly max: number;
  readonly sum: number;
  readonly count: number;
}

/** A bar of plain SQL: its start in ms since 1970, open, high, low, close, count of ticks, and its quotes. */
export type StateBar = readonly [
  startMs: number,
  open: number,
  high: number,
  low: number,
  close: number,
  ticks: number,
  quotes: StateQuotes | null,
];

/** The bars of the symbol `$1` in that form, of a level. */
export function barsQuery(level: string): string {
  return `
    select coalesce(json_agg(json_build_array(extract(epoch from bucket)::bigint * 1000, open, high, low, close, tick_count,
                                              quotes.told) order by bucket), '[]')::text as bars
      from ohlc_${level}
      left join (select symbol, bucket,
                        json_build_object('bid', json_build_array(bid_open, bid_high, bid_low, bid_close),
                                          'ask', json_build_array(ask_open, ask_high, ask_low, ask_close),
                                          'min', round(spread_min * 100000), 'max', round(spread_max * 100000),
                                          'sum', round(spread_sum * 100000), 'count', quote_count) as told
                   from quote_${level}
                  where symbol = $1 and bucket >= '1970-01-01 00:00:00+00') quotes using (symbol, bucket)
     where symbol = $1 and bucket >= '1970-01-01 00:00:00+00'`;
}

export const STATE_LEVELS = ["minute", "hour", "day"] as const;
export type StateLevel = (typeof STATE_LEVELS)[number];

/** The bars of one symbol as they are between two commits that change any of them. */
export class BarState {
  readonly #texts: Readonly<Record<StateLevel, string>>;
  readonly #bars = new Map<StateLevel, readonly StateBar[]>();

  /** @param texts the bars of each level as JSON: most states are never asked for all of them */
  constructor(
    readonly number: number,
    texts: Readonly<Record<StateLevel, string>>,
  ) {
    this.#texts = texts;
  }

  bars(level: StateLevel): readonly StateBar[] {
    const known = this.#bars.get(level);
    if (known !== undefined) return known;
    const bars = JSON.parse(this.#texts[level]) as StateBar[]; // As the journal's own SQL builds them.
    this.#bars.set(level, bars);
    return bars;
  }
}

/** Of a symbol that nobody has written. */
export const NO_STATE = new BarState(0, { minute: "[]", hour: "[]", day: "[]" });
