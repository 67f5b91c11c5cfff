import { setTimeout as sleep } from "node:timers/promises";
import { type FxClient, ProblemError } from "@fx-ohlc/client";
import { formatTime, nowUs } from "@fx-ohlc/schemas";

/** Posts that may be under way at once; when answers take longer than that, the drill slows down. */
const UNDER_WAY_MAX = 64;
/** Before a post is repeated, ms: a producer's own retry. */
const RETRY_AFTER_MS = 100;
const TICK_OF_TIMER_MS = 10;

/** What a producer saw. */
export interface Production {
  /** Times of the ticks that were acknowledged; each tick has one of its own. */
  readonly acknowledged: ReadonlySet<string>;
  /** Attempts that failed, by what the producer saw: `unreachable`, `502`. All of them were repeated. */
  readonly failures: Readonly<Record<string, number>>;
  /** The longest that one tick waited for its acknowledgement, ms. */
  readonly longestMs: number;
}

/**
 * Posts ticks at a steady rate, each with a time of its own and repeated until it is acknowledged.
 *
 * @param acknowledged what is acknowledged so far, for those who look on
 */
export async function produce(
  client: FxClient,
  symbol: string,
  rate: number,
  isOver: () => boolean,
  acknowledged: Set<string> = new Set(),
): Promise<Production> {
  const failures: Record<string, number> = {};
  const underWay = new Set<Promise<void>>();
  let longestMs = 0;
  let lastUs = 0;
  const post = async (): Promise<void> => {
    lastUs = Math.max(lastUs + 1, nowUs());
    const tick = { symbol, time: formatTime(lastUs), price: 1 + (lastUs % 1_000_000) / 1e6 };
    const startedMs = performance.now();
    while (!(await attempt(client, tick, failures))) await sleep(RETRY_AFTER_MS);
    acknowledged.add(tick.time);
    longestMs = Math.max(longestMs, performance.now() - startedMs);
  };
  const startedMs = Date.now();
  for (let sent = 0; !isOver(); ) {
    const due = Math.floor(((Date.now() - startedMs) / 1000) * rate);
    for (; sent < due && underWay.size < UNDER_WAY_MAX; sent += 1) {
      const posting: Promise<void> = post().finally(() => underWay.delete(posting));
      underWay.add(posting);
    }
    await sleep(TICK_OF_TIMER_MS);
  }
  await Promise.all(underWay);
  return { acknowledged, failures, longestMs: Math.round(longestMs) };
}

/** Adds a failure to those of its kind. */
export function count(failures: Record<string, number>, error: unknown): void {
  const kind = error instanceof ProblemError ? String(error.status) : "unreachable";
  failures[kind] = (failures[kind] ?? 0) + 1;
}

async function attempt(
  client: FxClient,
  tick: { symbol: string; time: string; price: number },
  failures: Record<string, number>,
): Promise<boolean> {
  try {
    await client.postTick(tick);
    return true;
  } catch (error) {
    count(failures, error);
    return false;
  }
}
