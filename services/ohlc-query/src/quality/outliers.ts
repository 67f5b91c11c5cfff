import type { SymbolRange } from "@fx-ohlc/schemas";
import type { Reader } from "../reader.js";

/** What only the ticks themselves tell. */
export interface OddTicks {
  readonly outliers: number;
  readonly crossedQuotes: number;
}

/** So many times the average move from tick to tick: no market moves so far and back again with one tick between. */
const MOVES = 20;

/**
 * A tick is an outlier where it lies beyond both of its neighbours by that much. The average holds the outliers, too, so that among a
 * few dozen ticks none is found.
 */
const READ = `
  select count(*) filter (where least(abs(here), abs(back)) > ${MOVES} * average and sign(here) = sign(back)) as outliers,
         count(*) filter (where is_crossed) as "crossedQuotes"
    from (select here, back, is_crossed, avg(abs(here)) over () as average
            from (select price - lag(price) over in_order as here, price - lead(price) over in_order as back,
                         ask < bid as is_crossed
                    from ticks
                   where symbol = $1 and time >= $2 and time < $3
                  window in_order as (order by time, seq)) moves) ticks`;

export async function readOddTicks(reader: Reader, { symbol, fromUs, toUs }: SymbolRange): Promise<OddTicks> {
  const [row] = await reader.read((sql) => sql.unsafe<OddTicks[]>(READ, [symbol, fromUs, toUs], { prepare: true }));
  return row ?? { outliers: 0, crossedQuotes: 0 };
}
