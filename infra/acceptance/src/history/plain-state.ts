import type postgres from "postgres";
import { BarState, STATE_LEVELS, type StateLevel } from "./bar-state.js";

/** The bars of a symbol as plain SQL shows them now, all levels under one snapshot. */
export async function plainState(sql: postgres.Sql, symbol: string): Promise<BarState> {
  const texts = await sql.begin("isolation level repeatable read read only", async (snapshot) => {
    const levels = STATE_LEVELS.map(async (level) => [level, await barsText(snapshot, level, symbol)] as const);
    return Object.fromEntries(await Promise.all(levels)) as Record<StateLevel, string>; // One entry for each level.
  });
  return new BarState(0, texts);
}

async function barsText(sql: postgres.ISql, level: StateLevel, symbol: string): Promise<string> {
  const [row] = await sql<{ bars: string }[]>`
    select coalesce(json_agg(json_build_array(extract(epoch from bucket)::bigint * 1000, open, high, low, close, tick_count)
                             order by bucket), '[]')::text as bars
      from ${sql(`ohlc_${level}`)}
     where symbol = ${symbol} and bucket >= '1970-01-01 00:00:00+00'`;
  return row?.bars ?? "[]";
}
