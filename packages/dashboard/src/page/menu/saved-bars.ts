import type { FileFormat, FxClient } from "@fx-ohlc/client";
import { takesDayBoundary } from "@fx-ohlc/schemas/interval";
import { API } from "../api.js";
import { bucketEndOf } from "../bars/buckets.js";
import { BOUNDARIES } from "../boundaries.js";
import type { TimeRange, View } from "../view.js";

/** What is in sight, as a question to the API. */
export type Seen = View & { readonly symbol: string; readonly range: TimeRange };

function bounds({ mode, range, interval, boundary }: Seen): { start: string; end: string } {
  const text = (seconds: number) => new Date(seconds * 1_000).toISOString().replace(".000", "");
  const to = mode === "ticks" ? Math.ceil(range.to + 1) : bucketEndOf(range.to, { interval, boundary });
  return { start: text(Math.floor(range.from)), end: text(to) };
}

/** The bytes of a file with the bars, or ticks, in sight. */
export async function seenFile(client: FxClient, seen: Seen, format: FileFormat): Promise<Blob> {
  const { symbol, interval, boundary, side, mode } = seen;
  const { hour, timezone } = BOUNDARIES[boundary];
  const day = takesDayBoundary(interval) ? { dayStartHour: hour, timezone } : {};
  const query = { symbol, format, ...bounds(seen) };
  const bytes =
    mode === "ticks" ? client.ticksFile(query) : client.barsFile({ ...query, interval, price: side, ...day });
  const parts: BlobPart[] = [];
  for await (const part of bytes) parts.push(part.slice());
  return new Blob(parts);
}

/** `EURUSD-1m-2026-11-24.csv`. */
export function fileName({ symbol, interval, mode, range }: Seen, suffix: string): string {
  const date = new Date(range.from * 1_000).toISOString().slice(0, 10);
  return `${symbol.replace(/[^A-Z0-9._-]/g, "_")}-${mode === "ticks" ? "ticks" : interval}-${date}.${suffix}`;
}

/** The same question for a shell; the key is not in it. */
export function curlText(seen: Seen, hasKey: boolean): string {
  const { symbol, interval, boundary, side, mode } = seen;
  const { start, end } = bounds(seen);
  const query = new URLSearchParams({ symbol, ...(mode === "ticks" ? {} : { interval }), start, end, limit: "all" });
  const { hour, timezone } = BOUNDARIES[boundary];
  if (mode !== "ticks" && takesDayBoundary(interval)) {
    query.set("day_start_hour", String(hour));
    query.set("timezone", timezone);
  }
  if (mode !== "ticks" && side !== "mid") query.set("price", side);
  const path = mode === "ticks" ? "/ticks" : "/ohlc";
  const header = hasKey ? ` -H "Authorization: Bearer $FX_TOKEN"` : "";
  return `curl '${API}${path}?${query}'${header}`;
}

export function download(blob: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  // The browser has taken it by then.
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}
