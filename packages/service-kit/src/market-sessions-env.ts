import { parseSessionRule, SESSION_RULE, type SessionRule } from "@fx-ohlc/schemas";
import type { EnvReader } from "./env.js";

/** Reads `MARKET_SESSIONS`. Each entry is checked by itself, so that the refusal says which one it is. */
export function readMarketSessions(env: EnvReader): SessionRule[] {
  const entries = env.list("MARKET_SESSIONS", { default: [] });
  const rules = entries.map((entry, i) => {
    const rule = parseSessionRule(entry);
    if (rule === undefined) env.refuse("MARKET_SESSIONS", `entry ${i + 1} ${SESSION_RULE}`);
    return rule;
  });
  const known = rules.filter((rule) => rule !== undefined);
  const repeated = known.findIndex(({ pattern }, i) => known.some((other, j) => j < i && other.pattern === pattern));
  if (repeated >= 0) env.refuse("MARKET_SESSIONS", `entry ${repeated + 1} repeats the symbol of an earlier one`);
  return known;
}
