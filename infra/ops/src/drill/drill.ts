import { setTimeout as sleep } from "node:timers/promises";
import { type BarJson, FxClient, type TickJson } from "@fx-ohlc/client";
import type { Drill } from "./compose-drills.js";
import { Listener } from "./listener.js";
import type { DrillOptions } from "./options.js";
import { type Production, produce } from "./producer.js";
import { type Reading, read } from "./readers.js";
import { type StepOutcome, take } from "./steps.js";
import { wrongBars } from "./wrong-bars.js";

/** How long clients may take to catch up with what was acknowledged, ms: a reconnect waits up to some seconds. */
const CATCH_UP_MAX_MS = 30_000;
const LOOK_EVERY_MS = 200;
/** Ranges begin so long before the drill: clocks differ, and its first minute is read whole. */
const LOOK_BACK_MS = 120_000;

/** What a drill found. */
export interface DrillReport {
  readonly name: string;
  readonly symbol: string;
  readonly steps: readonly StepOutcome[];
  readonly acknowledged: number;
  readonly failedAttempts: Production["failures"];
  readonly longestMs: number;
  readonly stored: number;
  /** Acknowledged and not stored: must be 0. */
  readonly lost: number;
  /** Stored once more: must be 0, for a tick that is repeated is the same tick. */
  readonly doubled: number;
  /** Stored and never acknowledged: must be 0, for every tick was repeated until it was. */
  readonly unasked: number;
  /** Minute bars that are not those of the stored ticks: must be 0. */
  readonly wrongBars: number;
  readonly clients: number;
  readonly reconnects: number;
  readonly endings: Readonly<Record<string, number>>;
  /** Ranges that clients were told they missed, by why. */
  readonly declaredRanges: Readonly<Record<string, number>>;
  /** Ticks that a client neither received nor was told it missed: must be 0. */
  readonly untold: number;
  readonly toldTwice: number;
  readonly reads: number;
  readonly failedReads: Reading["failures"];
  /** Answers that lacked what had been acknowledged: must be 0, but from an asynchronous standby. */
  readonly readsBehind: number;
}

/** Whether nothing was lost and nobody was left in the dark; where nothing was broken, no read failed either. */
export function isClean(report: DrillReport, { isPlanned }: Drill, { mayBeBehind }: DrillOptions): boolean {
  const { lost, doubled, unasked, wrongBars, untold, toldTwice, readsBehind, failedReads } = report;
  const failed = isPlanned ? sum(Object.values(failedReads)) : 0;
  return lost + doubled + unasked + wrongBars + untold + toldTwice + failed + (mayBeBehind ? 0 : readsBehind) === 0;
}

/** Runs one drill. @throws Error when a step could not be taken */
export async function runDrill(drill: Drill, options: DrillOptions, symbol: string): Promise<DrillReport> {
  const { url, token, clients } = options;
  const patient = new FxClient({ url, token });
  const listeners = Array.from({ length: clients }, () => new Listener(patient, symbol));
  const listening = Promise.all(listeners.map((listener) => listener.listen()));
  try {
    await until(() => listeners.every((listener) => listener.isLive));
    return await underLoad(drill, options, { symbol, patient, listeners });
  } finally {
    for (const listener of listeners) listener.stop();
    await listening;
  }
}

interface Watched {
  readonly symbol: string;
  /** Repeats what fails. */
  readonly patient: FxClient;
  readonly listeners: readonly Listener[];
}

async function underLoad(
  { name, steps }: Drill,
  { url, token, seconds, rate, readers }: DrillOptions,
  { symbol, patient, listeners }: Watched,
): Promise<DrillReport> {
  const client = new FxClient({ url, token, retry: { attemptsMax: 1 } });
  const start = new Date(Date.now() - LOOK_BACK_MS).toISOString();
  const endsMs = Date.now() + seconds * 1000;
  let areTaken = false;
  const isOver = () => areTaken && Date.now() >= endsMs;
  const acknowledged = new Set<string>();
  const [outcomes, production, reading] = await Promise.all([
    take(steps).finally(() => {
      areTaken = true;
    }),
    produce(client, symbol, rate, isOver, acknowledged),
    read(client, { symbol, start, readers }, isOver, acknowledged),
  ]);
  await until(() => listeners.every((listener) => listener.missing(acknowledged).length === 0));
  return {
    ...{ name, symbol, steps: outcomes },
    ...{ acknowledged: acknowledged.size, failedAttempts: production.failures, longestMs: production.longestMs },
    ...(await storedOf(patient, symbol, start, acknowledged)),
    ...toldOf(listeners, acknowledged),
    ...{ reads: reading.answered, failedReads: reading.failures, readsBehind: reading.behind },
  };
}

async function storedOf(client: FxClient, symbol: string, start: string, acknowledged: ReadonlySet<string>) {
  const ticks: TickJson[] = [];
  for await (const tick of client.ticks({ symbol, start })) ticks.push(tick);
  const times = new Set(ticks.map(({ time }) => time));
  return {
    stored: ticks.length,
    lost: [...acknowledged].filter((time) => !times.has(time)).length,
    doubled: ticks.length - times.size,
    unasked: [...times].filter((time) => !acknowledged.has(time)).length,
    wrongBars: wrongBars(ticks, await bars(client, symbol, start)),
  };
}

async function bars(client: FxClient, symbol: string, start: string): Promise<BarJson[]> {
  const all: BarJson[] = [];
  for await (const bar of client.bars({ symbol, start, interval: "minute" })) all.push(bar);
  return all;
}

function toldOf(listeners: readonly Listener[], acknowledged: ReadonlySet<string>) {
  return {
    clients: listeners.length,
    reconnects: sum(listeners.map((listener) => listener.reconnects)),
    endings: tally(listeners.flatMap((listener) => listener.endings)),
    declaredRanges: tally(listeners.flatMap((listener) => listener.declaredAs)),
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
