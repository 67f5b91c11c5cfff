import type postgres from "postgres";
import { BarState, barsQuery, STATE_LEVELS, type StateLevel } from "./bar-state.js";

/** The bars of a symbol as plain SQL shows them now, all levels under one snapshot. */
export async function plainState(sql: postgres.Sql, symbol: string): Promise<BarState> {
  const texts = await sql.begin("isolation level repeatable read read only", async (snapshot) => {
    const levels = STATE_LEVELS.map(async (level) => [level, await barsText(snapshot, level, symbol)] as const);
    return Object.fromEntries(await Promise.all(levels)) as Record<StateLevel, string>; // One entry for each level.
  });
  return new BarState(0, texts);
}

async function barsText(sql: postgres.ISql, level: StateLevel, symbol: string): Promise<string> {
  const [row] = await sql.unsafe<{ bars: string }[]>(barsQuery(level), [symbol]);
  return row?.bars ?? "[]";
}
