import type postgres from "postgres";

export interface StoredTick {
  readonly time: string;
  readonly seq: number;
  readonly price: number;
}

/** Every stored tick of a symbol, in order, straight from the table. */
export function storedTicks(sql: postgres.Sql, symbol: string): Promise<StoredTick[]> {
  return sql<StoredTick[]>`
    select to_char(time, 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') as time, seq, price
      from ticks
     where symbol = ${symbol}
     order by ticks.time, seq`;
}
