import type { Inhabitant } from "./population.js";
import type { SymbolTruth } from "./symbol-truth.js";

/** What a run was made of. */
export interface Figures {
  readonly clients: number;
  readonly connections: number;
  /** How many connections ended with each close code; 1006 without any. */
  readonly closes: Readonly<Record<number, number>>;
  readonly disturbances: Readonly<Record<string, number>>;
  readonly ticksCommitted: number;
  /** To all clients together. */
  readonly ticksTold: number;
  /** Epochs of all symbols' streams. */
  readonly epochs: number;
  /** Committed ticks that no message told of, which are declared lost. */
  readonly ticksNeverPublished: number;
  readonly gapsDeclared: number;
  readonly conflations: number;
  readonly ticksConflated: number;
  /** Symbols followed on exactly where they were, and anew, over all connections. */
  readonly resumptions: number;
  readonly beginnings: number;
}

function sumOf<T>(items: readonly T[], value: (item: T) => number): number {
  return items.reduce((sum, item) => sum + value(item), 0);
}

function closesOf(inhabitants: readonly Inhabitant[]): Record<number, number> {
  const closes: Record<number, number> = {};
  for (const { client } of inhabitants) {
    for (const [code, times] of client.closes) closes[code] = (closes[code] ?? 0) + times;
  }
  return closes;
}

export function figuresOf(
  inhabitants: readonly Inhabitant[],
  truths: readonly SymbolTruth[],
  disturbances: ReadonlyMap<string, number>,
): Figures {
  const told = inhabitants.flatMap(({ client: { book } }) => book.symbols.flatMap((symbol) => book.of(symbol)));
  const conflated = told.filter((item) => item.kind === "conflated");
  const follows = told.filter((item) => item.kind === "follows");
  return {
    clients: inhabitants.length,
    connections: sumOf(inhabitants, ({ client }) => client.connections),
    closes: closesOf(inhabitants),
    disturbances: Object.fromEntries(disturbances),
    ticksCommitted: sumOf(truths, ({ committed }) => committed.size),
    ticksTold: sumOf(told, (item) => (item.kind === "ticks" ? item.ticks.length : 0)),
    epochs: sumOf(truths, ({ order }) => order.epochs),
    ticksNeverPublished: sumOf(truths, ({ unplaced }) => unplaced.length),
    gapsDeclared: told.filter(({ kind }) => kind === "gap").length,
    conflations: conflated.length,
    ticksConflated: sumOf(conflated, ({ skipped }) => skipped),
    resumptions: follows.filter(({ isResumed }) => isResumed).length,
    beginnings: follows.filter(({ isResumed }) => !isResumed).length,
  };
}
