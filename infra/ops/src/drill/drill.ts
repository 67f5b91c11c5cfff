import { setTimeout as sleep } from "node:timers/promises";
import { FxClient } from "@fx-ohlc/client";
import { Listener } from "./listener.js";
import type { DrillOptions } from "./options.js";
import { type Production, produce } from "./producer.js";

/** How long clients may take to catch up with what was acknowledged, ms: a reconnect waits up to some seconds. */
const CATCH_UP_MAX_MS = 30_000;
const LOOK_EVERY_MS = 200;

/** What a drill found. */
export interface DrillReport {
  readonly symbol: string;
  readonly acknowledged: number;
  readonly failedAttempts: Production["failures"];
  readonly longestMs: number;
  readonly stored: number;
  /** Acknowledged and not stored: must be 0. */
  readonly lost: number;
  /** Stored and never acknowledged: must be 0, for every tick was repeated until it was. */
  readonly unasked: number;
  readonly clients: number;
  readonly reconnects: number;
  readonly endings: Readonly<Record<string, number>>;
  readonly declaredRanges: number;
  /** Ticks that a client neither received nor was told it missed: must be 0. */
  readonly untold: number;
  readonly toldTwice: number;
}

/** Whether nothing was lost and nobody was left in the dark. */
export function isClean({ lost, unasked, untold, toldTwice }: DrillReport): boolean {
  return lost + unasked + untold + toldTwice === 0;
}

/** Runs one drill. */
export async function drill({ url, seconds, rate, clients }: DrillOptions, symbol: string): Promise<DrillReport> {
  const client = new FxClient({ url, retry: { attemptsMax: 1 } });
  const patient = new FxClient({ url });
  const listeners = Array.from({ length: clients }, () => new Listener(patient, symbol));
  const listening = Promise.all(listeners.map((listener) => listener.listen()));
  await until(() => listeners.every((listener) => listener.isLive));
  const startedAt = new Date(Date.now() - 60_000).toISOString();
  const production = await produce(client, symbol, rate, Date.now() + seconds * 1000);
  const { acknowledged } = production;
  await until(() => listeners.every((listener) => listener.missing(acknowledged).length === 0));
  for (const listener of listeners) listener.stop();
  await listening;
  const stored = new Set<string>();
  for await (const tick of patient.ticks({ symbol, start: startedAt })) stored.add(tick.time);
  return report(symbol, production, stored, listeners);
}

function report(
  symbol: string,
  { acknowledged, failures, longestMs }: Production,
  stored: ReadonlySet<string>,
  listeners: readonly Listener[],
): DrillReport {
  return {
    symbol,
    acknowledged: acknowledged.size,
    failedAttempts: failures,
    longestMs,
    stored: stored.size,
    lost: [...acknowledged].filter((time) => !stored.has(time)).length,
    unasked: [...stored].filter((time) => !acknowledged.has(time)).length,
    clients: listeners.length,
    reconnects: sum(listeners.map((listener) => listener.reconnects)),
    endings: tally(listeners.flatMap((listener) => listener.endings)),
    declaredRanges: sum(listeners.map((listener) => listener.declared)),
    untold: sum(listeners.map((listener) => listener.missing(acknowledged).length)),
    toldTwice: sum(listeners.map((listener) => listener.repeated)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}

/** Reasons name a delay that differs from client to client. */
function tally(reasons: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const reason of reasons.map((text) => text.replaceAll(/\d{2,}/g, "n")))
    counts[reason] = (counts[reason] ?? 0) + 1;
  return counts;
}

async function until(isDone: () => boolean): Promise<void> {
  const deadlineMs = Date.now() + CATCH_UP_MAX_MS;
  while (!isDone() && Date.now() < deadlineMs) await sleep(LOOK_EVERY_MS);
}
