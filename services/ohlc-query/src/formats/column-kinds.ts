/** What the cells of a column are, for formats that have types. */
export type Kind = "time" | "date" | "text" | "price" | "count" | "flag";

/** What columns hold that are no prices: a name means the same wherever it is. */
const KINDS: Readonly<Record<string, Kind>> = {
  ...{ bucket: "time", time: "time", first_tick: "time", last_tick: "time", last_heard: "time", date: "date" },
  ...{ at: "time", from: "time", to: "time", by: "text", reason: "text", id: "count", ticks: "count", undoes: "count" },
  ...{ symbol: "text", empty: "text", session: "text", kind: "text", description: "text" },
  ...{ tick_count: "count", quote_count: "count", seq: "count", digits: "count", quiet_after_s: "count" },
  ...{ gaps: "count", gap_s: "count", down_s: "count", open_s: "count", longest_silence_s: "count", seconds: "count" },
  ...{ days: "count", bytes: "count", behind_days: "count", dropped_to: "time" },
  ...{
    late_ticks: "count",
    imported_ticks: "count",
    corrections: "count",
    crossed_minutes: "count",
    crossed_quotes: "count",
  },
  ...{ outliers: "count", longest_silence_from: "time", complete: "flag", quotes: "flag" },
};

export function kindOf(name: string): Kind {
  return KINDS[name] ?? "price";
}

/** What each row has. */
const ALWAYS: ReadonlySet<string> = new Set(["bucket", "time", "symbol"]);

/** Whether there may be nulls. */
export function mayBeNull(name: string): boolean {
  return !ALWAYS.has(name);
}
