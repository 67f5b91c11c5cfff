import type { FxClient, RevisionJson } from "@fx-ohlc/client";

/** More than that is a re-import, of which the first ones tell enough. */
const ROWS_MAX = 50_000;
const DONE = { update: "corrected", delete: "deleted", late: "came late" } as const;

export interface RevisionsRange {
  readonly symbol: string;
  /** Of the times of ticks, ms since 1970. */
  readonly fromMs: number;
  /** Only what was done from then on. */
  readonly sinceMs?: number;
}

/** What was done to a symbol's ticks, oldest first. */
export async function readRevisions(
  client: FxClient,
  { symbol, fromMs, sinceMs }: RevisionsRange,
  signal?: AbortSignal,
): Promise<readonly RevisionJson[]> {
  const since = sinceMs === undefined ? undefined : iso(sinceMs);
  const rows: RevisionJson[] = [];
  for await (const row of client.revisions({ symbol, start: iso(fromMs), since, signal })) {
    if (rows.push(row) >= ROWS_MAX) break;
  }
  return rows;
}

/** The newest first, but what came late, which is many rows and little news, after what was corrected. */
export function newsFirst(rows: readonly RevisionJson[]): readonly RevisionJson[] {
  const isLate = ({ kind }: RevisionJson): number => Number(kind === "late");
  return rows.toSorted((a, b) => isLate(a) - isLate(b) || b.at.localeCompare(a.at) || b.id - a.id);
}

function iso(ms: number): string {
  return new Date(ms).toISOString();
}

/** What was done, to how many: `3 ticks deleted`. */
export function doneText({ kind, ticks, undoes }: RevisionJson): string {
  const what = ticks === null ? "ticks" : `${ticks.toLocaleString("en")} tick${ticks === 1 ? "" : "s"}`;
  return `${what} ${DONE[kind]}${undoes === undefined ? "" : ", an undo"}`;
}

/** Of a single tick, what it was and is: `1.1 → 1.2`. */
export function valuesText({ old_price, old_bid, old_ask, new_price, new_bid, new_ask }: RevisionJson): string {
  const before = old_bid === undefined ? old_price : `${old_bid}/${old_ask}`;
  const after = new_bid === undefined ? new_price : `${new_bid}/${new_ask}`;
  if (before === undefined) return "";
  return after === undefined ? `was ${before}` : `${before} → ${after}`;
}
