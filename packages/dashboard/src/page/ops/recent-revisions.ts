import type { FxClient, RevisionJson } from "@fx-ohlc/client";
import { eachOf } from "../pages/each-of.js";
import { newsFirst, readRevisions } from "../revisions/revisions.js";

const DAY_MS = 86_400_000;
/** `/revisions` is asked symbol by symbol: of a system with more it is looked at so many. */
export const SYMBOLS_MAX = 200;
const READERS = 2;

/** The revisions of the last day, the newest first. */
export interface RecentRevisions {
  readonly rows: readonly RevisionJson[];
  readonly symbols: number;
  /** Symbols that were not looked at. */
  readonly left: number;
}

export async function readRecentRevisions(client: FxClient, nowMs: number): Promise<RecentRevisions> {
  const symbols = await client.symbols();
  const looked = symbols.slice(0, SYMBOLS_MAX);
  const rows: RevisionJson[] = [];
  await eachOf(looked, READERS, async ({ symbol, first_tick: first }) => {
    rows.push(
      ...(await readRevisions(client, {
        symbol,
        fromMs: first === null ? 0 : Date.parse(first),
        sinceMs: nowMs - DAY_MS,
      })),
    );
  });
  return { rows: newsFirst(rows), symbols: looked.length, left: symbols.length - looked.length };
}
